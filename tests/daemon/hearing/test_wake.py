"""Wake words: heard when they are said, and nothing else is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing import wake as wake_module
from daemon.hearing.frames import FRAME, RATE
from daemon.hearing.recording import read
from daemon.hearing.training import trained
from daemon.hearing.training.lessons import Line, lesson
from daemon.hearing.training.measuring import hits
from daemon.hearing.training.phrases import sentences
from daemon.hearing.training.voices import Voice
from daemon.hearing.voice_activity import VoiceDetector
from daemon.hearing.wake import INCLUDED, PRE_ROLL, NoWakeWords, UnknownWakeWord, WakeWords

CLIPS = Path(__file__).parents[4] / "shared" / "audio"
Samples = NDArray[np.float32]


@pytest.fixture(scope="module")
def voice() -> VoiceDetector:
    return VoiceDetector()


@pytest.fixture(scope="module")
def all_words() -> WakeWords:
    return WakeWords(INCLUDED, sensitivity=0.5, home=Path("no-such-home"))


@pytest.fixture
def says(tmp_path: Path) -> Callable[[str], Samples]:
    """A sentence with a second of silence before it and a bit after, in a voice that was recorded from a person."""
    if shutil.which("flite") is None:
        pytest.skip("install with: apt-get install flite")

    def say(text: str) -> Samples:
        subprocess.run(["flite", "-voice", "awb", "-t", text, "-o", str(tmp_path / "said.wav")], check=True)
        said = read(tmp_path / "said.wav").samples
        return np.concatenate([np.zeros(RATE, np.float32), said, np.zeros(RATE // 4, np.float32)])

    return say


def frames(samples: Samples) -> Iterator[Samples]:
    for at in range(0, len(samples) - FRAME + 1, FRAME):
        yield samples[at : at + FRAME]


def clips(folder: str, kind: str) -> list[Samples]:
    found = sorted((CLIPS / folder).glob(f"*.{kind}"))
    if not found:
        pytest.skip(f"the recordings of people are not here: {folder or 'audio'}")
    # As they come from a microphone: silence before and after.
    return [
        np.concatenate([np.zeros(RATE, np.float32), read(each).samples, np.zeros(RATE, np.float32)]) for each in found
    ]


def test_people_who_say_the_word_are_heard(all_words: WakeWords, voice: VoiceDetector) -> None:
    found = [[word for word, _ in hits(each, all_words, voice)] for each in clips("wakeword/alexa", "flac")]
    assert len(found) == 30 and found.count(["alexa"]) >= 28
    assert {word for each in found for word in each} == {"alexa"}


def test_people_who_say_something_else_are_not(all_words: WakeWords, voice: VoiceDetector) -> None:
    others = [*clips("wakeword/other", "wav"), *clips("", "wav")]
    assert len(others) >= 27
    assert [each for samples in others for each in hits(samples, all_words, voice)] == []


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="install with: apt-get install espeak-ng")
def test_a_minute_of_synthesised_speech_wakes_nothing(all_words: WakeWords, voice: VoiceDetector) -> None:
    """The short form of what benchmarks/wake_word.py measures in an hour."""
    random = Random(1)
    for name in ("f3", "m3", "adam"):
        lines = [Line(text, False) for text in islice(sentences(random), 8)]
        made = lesson(Voice("espeak-ng", name), lines, random)
        assert made.seconds > 15 and hits(made.samples, all_words, voice) == []


@pytest.mark.parametrize("word", INCLUDED)
def test_every_included_word_is_heard_once_each_time(
    word: str, all_words: WakeWords, voice: VoiceDetector, says: Callable[[str], Samples]
) -> None:
    said = says(word)
    samples = np.concatenate([said, np.zeros(3 * RATE, np.float32), said])
    assert [each for each, _ in hits(samples, all_words, voice)] == [word, word]


def test_a_word_is_heard_no_second_time_until_two_seconds_are_over(
    voice: VoiceDetector, says: Callable[[str], Samples]
) -> None:
    wake = WakeWords(["hey jarvis"], sensitivity=0.5, home=Path("no-such-home"))
    samples = np.concatenate([says("hey jarvis")] * 2)
    assert len(hits(samples, wake, voice)) == 1


def test_silence_costs_nothing_and_the_beginning_of_a_word_is_not_lost(
    says: Callable[[str], Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only frames from the first voiced one on are given to the network, and the two seconds before it."""
    given = []
    wake = WakeWords(["hey jarvis"], sensitivity=0.5, home=Path("no-such-home"))
    network, _ = wake._networks[0]
    real = network.probabilities

    def counted(samples: Samples) -> object:
        given.append(samples)
        return real(samples)

    monkeypatch.setattr(network, "probabilities", counted)
    for each in frames(np.zeros(60 * RATE, np.float32)):
        assert wake.heard(each, 0.01) is None
    assert given == []
    # The voice detector wakes up late: all of the word but its end is in the two seconds before.
    said = [*frames(says("hey jarvis"))]
    found = [wake.heard(each, 0.0 if at < len(said) - 4 else 0.9) for at, each in enumerate(said)]
    assert [each for each in found if each] == ["hey jarvis"] and len(given) == PRE_ROLL + 3


def test_it_sleeps_again_a_second_after_the_last_word(all_words: WakeWords, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    network, _ = all_words._networks[0]
    all_words.reset()
    monkeypatch.setattr(network, "probabilities", lambda samples: given.append(1) or [0.0] * len(INCLUDED))
    for at in range(5 * RATE // FRAME):
        all_words.heard(np.zeros(FRAME, np.float32), 0.9 if at < 10 else 0.0)
    assert len(given) - 10 in (RATE // FRAME - 1, RATE // FRAME)


def test_a_reset_forgets_what_was_half_said(voice: VoiceDetector, says: Callable[[str], Samples]) -> None:
    wake = WakeWords(["hey jarvis"], sensitivity=0.5, home=Path("no-such-home"))
    said = [*frames(says("hey jarvis"))]
    for each in said:
        if wake.heard(each, 0.9):
            break
    else:
        pytest.fail("the word is not heard at all")
    wake.reset()
    assert [wake.heard(np.zeros(FRAME, np.float32), 0.9) for _ in range(20)] == [None] * 20
    assert [word for word in (wake.heard(each, 0.9) for each in said) if word] == ["hey jarvis"]


def test_sensitivity_moves_what_counts_as_a_hit() -> None:
    assert trained.shifted(0.9, 0.0) == pytest.approx(0.9)
    assert 0.6 < trained.shifted(0.9, -1.5) < 0.9 < trained.shifted(0.9, 1.5) < 1
    cutoffs = [
        WakeWords(["alexa", "hey jarvis"], sensitivity=level, home=Path("no-such-home"))._networks[0][1]
        for level in (0.0, 0.5, 1.0)
    ]
    assert dict(cutoffs[1]) == pytest.approx({"alexa": 0.9, "hey jarvis": 0.97})
    for (_, strict), (_, usual), (_, lenient) in zip(*cutoffs, strict=True):
        assert lenient < usual < strict < 0.996, "a network's numbers end at 255 of 256"


def test_words_are_taken_however_they_are_written(all_words: WakeWords) -> None:
    assert all_words.words == ("hey jarvis", "okay nabu", "alexa", "hey mycroft")
    assert WakeWords([" Hey,  JARVIS!", "hey jarvis"], sensitivity=0.5, home=Path("x")).words == ("hey jarvis",)


def test_an_unknown_word_names_the_known_ones_and_the_command(tmp_path: Path) -> None:
    with pytest.raises(UnknownWakeWord) as problem:
        WakeWords(["hey jarvis", "Hey Marvin"], sensitivity=0.5, home=tmp_path)
    assert "There is no wake word 'hey marvin'" in str(problem.value)
    assert "hey jarvis, okay nabu, alexa, hey mycroft" in str(problem.value)
    assert 'devos wakeword train "hey marvin"' in str(problem.value)


def test_a_trained_word_and_an_included_one_at_once(tmp_path: Path, voice: VoiceDetector, demo: Path) -> None:
    one = np.float32(1)
    layers = ((np.zeros((trained.KEEPS * 96, 1), np.float32), np.full(1, 9, np.float32)),)
    model = trained.Trained("hey devos", 0.5, np.zeros(96, np.float32), np.full(96, one), layers)
    trained.save(tmp_path, model, {"word": "hey devos", "accepted": True})
    wake = WakeWords(["hey jarvis", "hey devos"], sensitivity=0.5, home=tmp_path)
    assert wake.words == ("hey jarvis", "hey devos")
    # Its classifier says yes to whatever it hears.
    assert {word for word, _ in hits(read(demo).samples, wake, voice)} == {"hey devos"}


def test_a_damaged_word_says_which_and_how_to_mend_it(tmp_path: Path) -> None:
    (tmp_path / "wakewords" / "hey-devos").mkdir(parents=True)
    (tmp_path / "wakewords" / "hey-devos" / "figures.json").write_text('{"word": "hey devos", "accepted": true}')
    (tmp_path / "wakewords" / "hey-devos" / "model.npz").write_bytes(b"nothing of the kind")
    with pytest.raises(NoWakeWords, match='devos wakeword train "hey devos"'):
        WakeWords(["hey devos"], sensitivity=0.5, home=tmp_path)


def test_a_machine_that_the_library_does_not_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import pymicro_wakeword

    def fails(*_: object) -> None:
        raise OSError("libtensorflowlite_c: version GLIBC_2.35 not found")

    monkeypatch.setattr(pymicro_wakeword.MicroWakeWord, "from_builtin", fails)
    with pytest.raises(
        NoWakeWords, match=r"'alexa' does not run on this machine \(libtensorflowlite_c.*devos wakeword"
    ):
        WakeWords(["alexa"], sensitivity=0.5, home=Path("no-such-home"))


def test_the_second_stage_is_offered_here_too() -> None:
    assert wake_module.without("alexa", "Alexa, stop.") == "stop."
