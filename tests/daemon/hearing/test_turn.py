"""One turn of listening, frame by frame."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from daemon.hearing.decoder import Decoder
from daemon.hearing.endpoint import Pace
from daemon.hearing.frames import Frame
from daemon.hearing.heard import Nothing, Sentence
from daemon.hearing.turn import Asked, Turn, Word, digest
from daemon.hearing.wake_text import without
from daemon.hearing.weights import NoWeights

from .scripted import Script, frames, heard, until

ON, OFF = 0.9, 0.05
SPOKEN = [OFF] * 15 + [ON] * 20 + [OFF] * 16

Make = Callable[..., Turn]


@pytest.fixture
def script() -> Script:
    return Script("scale web-app to ten")


@pytest.fixture
def make(script: Script) -> Iterator[Make]:
    decoder = Decoder(script, lambda: None)

    def _make(
        word: str | None = None, past: Sequence[tuple[Frame, float]] = (), check: bool = True, **asked: object
    ) -> Turn:
        wanted = Asked(**{"why": "key", "prompt": lambda: "expected", **asked})  # type: ignore[arg-type]  # any of them
        spelled = Word(word, without, check) if word else None
        return Turn(wanted, Pace(0.5), decoder, word=spelled, past=past, clock=lambda: 200.0)

    yield _make
    decoder.close()


def say(turn: Turn, probabilities: Sequence[float]) -> None:
    for frame, probability in frames(probabilities):
        turn.hear(frame, probability)


def outcome(turn: Turn) -> Sentence | Nothing:
    """What comes of it, once the text is there."""

    def there() -> bool:
        turn.look()
        return turn.outcome is not None

    until(there)
    assert turn.outcome is not None
    return turn.outcome


def test_a_sentence(make: Make, script: Script) -> None:
    turn = make()
    say(turn, SPOKEN)
    assert turn.transcribing
    sentence = outcome(turn)
    assert isinstance(sentence, Sentence)
    assert sentence.utterance.text == "scale web-app to ten" and sentence.utterance.channel == "voice"
    assert sentence.utterance.confidence == 0.9 and sentence.why == "key"
    assert sentence.began == pytest.approx(100 + 15 * 0.032) and sentence.ended == pytest.approx(100 + 35 * 0.032)
    assert sentence.timings["silence_ms"] == pytest.approx(512) and sentence.timings["transcribe_ms"] > 0
    assert sentence.timings["wait_ms"] == pytest.approx(1000 * (200 - sentence.ended))
    ((sound, prompt),) = script.given
    assert prompt == "expected" and sentence.samples is sound


def test_its_digest_is_that_of_sixteen_bit_samples(make: Make) -> None:
    samples = np.array([0.0, 1.0, -1.0, 3.0], np.float32)
    assert digest(samples) == hashlib.sha256(np.array([0, 32767, -32767, 32767], "<i2").tobytes()).hexdigest()
    turn = make()
    say(turn, SPOKEN)
    sentence = outcome(turn)
    assert isinstance(sentence, Sentence) and sentence.utterance.audio == digest(sentence.samples)


def test_it_is_written_down_before_the_silence_is_over(make: Make, script: Script) -> None:
    turn = make()
    say(turn, [*SPOKEN[:40]])
    until(lambda: script.given)
    assert not turn.transcribing and turn.outcome is None
    for frame, probability in frames([OFF] * 11):
        turn.hear(frame, probability)
    assert outcome(turn) and len(script.given) == 1


def test_what_was_written_down_is_thrown_away_when_speech_goes_on(make: Make, script: Script) -> None:
    script.texts = ["scale web-app", "scale web-app to ten"]
    turn = make()
    say(turn, [ON] * 20 + [OFF] * 6)
    until(lambda: script.given)
    for frame, probability in frames([ON] * 10 + [OFF] * 16):
        turn.hear(frame, probability)
    sentence = outcome(turn)
    assert isinstance(sentence, Sentence) and sentence.utterance.text == "scale web-app to ten"
    assert len(script.given[1][0]) > len(script.given[0][0])


def test_nobody_speaks(make: Make) -> None:
    turn = make(patience=1.0)
    say(turn, [OFF] * 30)
    assert turn.outcome is None
    say(turn, [OFF] * 3)
    assert turn.outcome == Nothing("key", "")


def test_who_begins_in_time_may_take_their_time(make: Make) -> None:
    turn = make(patience=1.0)
    say(turn, [OFF] * 28 + [ON] * 100)
    assert turn.outcome is None


def test_a_key_is_held_longer_than_patience_but_not_for_ever(make: Make) -> None:
    turn = make(hold=True, patience=1.0, longest=3.0)
    say(turn, [OFF] * 60)
    assert turn.outcome is None
    say(turn, [OFF] * 40)
    assert turn.outcome == Nothing("key", "")


def test_a_key_that_is_let_go(make: Make) -> None:
    turn = make(hold=True)
    say(turn, [ON] * 20 + [OFF] * 60 + [ON] * 20)
    assert not turn.transcribing
    turn.finish()
    say(turn, [OFF] * 5)
    assert isinstance(outcome(turn), Sentence)


def test_a_key_that_was_tapped_listens_on(make: Make) -> None:
    turn = make(hold=True, patience=1.0)
    say(turn, [OFF] * 5 + [ON] * 5)
    turn.release(2.0)
    say(turn, [ON] * 15 + [OFF] * 16)
    assert isinstance(outcome(turn), Sentence)


def test_a_key_that_is_let_go_without_a_word(make: Make) -> None:
    turn = make(hold=True)
    say(turn, [OFF] * 5)
    turn.finish()
    say(turn, [OFF] * 10)
    assert turn.outcome == Nothing("key", "")


def test_a_cough_ends_nothing(make: Make, script: Script) -> None:
    turn = make()
    say(turn, [ON] * 3 + [OFF] * 20 + SPOKEN)
    assert isinstance(outcome(turn), Sentence)
    assert len(script.given[-1][0]) > 20 * 512


def test_what_is_no_speech_is_told_as_nothing(make: Make, script: Script) -> None:
    script.texts = [""]
    turn = make(why="question")
    say(turn, SPOKEN)
    assert outcome(turn) == Nothing("question", "There was sound, but no speech.")


def test_what_is_too_uncertain_is_asked_for_again(make: Make, script: Script) -> None:
    script.texts = [heard("scale web-app to ten", 0.25)]
    turn = make()
    say(turn, SPOKEN)
    assert outcome(turn) == Nothing("key", "That could not be made out. Say it again, please.")


@pytest.mark.parametrize(("lost", "kept"), [(3, True), (4, False)])
def test_a_sentence_with_a_hole_in_it_is_refused(make: Make, lost: int, kept: bool) -> None:
    turn = make()
    for number, (frame, probability) in enumerate(frames(SPOKEN)):
        turn.hear(Frame(frame.samples, frame.at, lost if number == 25 else 0), probability)
    assert isinstance(outcome(turn), Sentence) is kept


def test_a_microphone_that_goes_away_within_a_sentence(make: Make) -> None:
    turn = make()
    say(turn, SPOKEN[:25])
    turn.miss(0.1, 0.5)
    assert turn.outcome is None
    turn.miss(0.1, 1.1)
    assert isinstance(turn.outcome, Nothing) and "went away" in turn.outcome.because


def test_a_microphone_that_gives_nothing_at_all(make: Make) -> None:
    turn = make(patience=1.0)
    for number in range(11):
        turn.miss(0.1, 0.1 * number)
    assert turn.outcome == Nothing("key", "No sound comes from the microphone.")


def test_it_can_be_given_up_at_any_time(make: Make) -> None:
    turn = make()
    say(turn, SPOKEN)
    turn.end("Muted.")
    turn.end()
    assert outcome(turn) == Nothing("key", "Muted.")


class TestAfterTheWakeWord:
    WORD = frames([OFF] * 30 + [ON] * 20)

    def test_what_follows_without_a_pause_belongs_to_the_sentence(self, make: Make, script: Script) -> None:
        script.texts = ["Hey Jarvis, scale web-app to ten."]
        turn = make("hey jarvis", self.WORD, why="wake")
        say(turn, [ON] * 30 + [OFF] * 16)
        sentence = outcome(turn)
        assert isinstance(sentence, Sentence) and sentence.utterance.text == "scale web-app to ten."
        ((sound, prompt),) = script.given
        assert len(sound) > 60 * 512, "it was given the wake word as well"
        assert prompt == "expected Hey jarvis, what are you doing?"

    def test_the_word_alone_is_waited_on(self, make: Make, script: Script) -> None:
        script.texts = ["Hey Jarvis.", "Scale web-app to ten."]
        turn = make("hey jarvis", self.WORD, why="wake")
        say(turn, [OFF] * 16)

        def listens_again() -> bool:
            turn.look()
            return not turn.transcribing

        until(listens_again)
        assert turn.outcome is None
        say(turn, [OFF] * 30 + SPOKEN)
        sentence = outcome(turn)
        assert isinstance(sentence, Sentence) and sentence.utterance.text == "Scale web-app to ten."
        assert len(script.given[-1][0]) < 45 * 512, "the word itself is forgotten"
        assert script.given[-1][1] == "expected"

    def test_what_is_said_while_the_word_is_written_down_is_not_lost(self, make: Make, script: Script) -> None:
        script.texts = ["Hey Jarvis.", "Stop."]
        turn = make("hey jarvis", self.WORD, why="wake")
        say(turn, [OFF] * 16 + SPOKEN + [OFF] * 20)
        sentence = outcome(turn)
        assert isinstance(sentence, Sentence) and sentence.utterance.text == "Stop."

    def test_nothing_more_is_said(self, make: Make, script: Script) -> None:
        script.texts = ["Hey Jarvis."]
        turn = make("hey jarvis", self.WORD, why="wake", patience=1.0)
        say(turn, [OFF] * 16)
        until(lambda: turn.look() or not turn.transcribing)
        say(turn, [OFF] * 40)
        assert turn.outcome == Nothing("wake", "")

    @pytest.mark.parametrize("text", ["He drives a nice car.", ""])
    def test_a_word_that_is_not_in_the_text_was_none(self, make: Make, script: Script, text: str) -> None:
        script.texts = [text]
        turn = make("hey jarvis", self.WORD, why="wake")
        say(turn, [ON] * 10 + [OFF] * 16)
        assert outcome(turn) == Nothing("wake", "")

    def test_unless_nobody_checks(self, make: Make, script: Script) -> None:
        script.texts = ["He drives a nice car."]
        turn = make("hey jarvis", self.WORD, check=False, why="wake")
        say(turn, [ON] * 10 + [OFF] * 16)
        sentence = outcome(turn)
        assert isinstance(sentence, Sentence) and sentence.utterance.text == "He drives a nice car."

    def test_a_model_that_is_missing_is_told(self, make: Make, script: Script) -> None:
        script.texts = [NoWeights("There is no model.")]
        turn = make("hey jarvis", self.WORD, why="wake")
        say(turn, [ON] * 10 + [OFF] * 16)
        assert outcome(turn) == Nothing("wake", "There is no model.")
