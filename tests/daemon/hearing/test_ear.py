"""The ear: its modes, its orders, its microphone. Long because all of it stands on the same few scripted parts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from daemon.hearing.ear import MUTED, RING, Ear
from daemon.hearing.frames import FRAME, Frame
from daemon.hearing.heard import Nothing, Sentence, Speaking, Trouble, Woken
from daemon.sense_sections import Hearing

from .scripted import ByVolume, Events, Loudness, Script, ScriptedMicrophone, joined, sound, until

LONG = sound(1.0)
SPOKEN = joined(sound(0.5), sound(0.64, 0.9), LONG)
WORD = joined(sound(0.5), sound(0.64, 0.8, wakes=True))

Make = Callable[..., Ear]


@pytest.fixture
def microphone() -> ScriptedMicrophone:
    return ScriptedMicrophone()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def script() -> Script:
    return Script("Hey Jarvis, scale web-app to ten.")


@pytest.fixture
def make(microphone: ScriptedMicrophone, events: Events, script: Script) -> Iterator[Make]:
    made: list[Ear] = []

    def _make(**more: object) -> Ear:
        parts = {"voice": Loudness, "prompt": lambda: "expected", "wake": ByVolume(), **more}
        ear = Ear(microphone, script, Hearing(), events, **parts)  # type: ignore[arg-type]  # any of its parts
        made.append(ear)
        ear.start()
        return ear

    yield _make
    for each in made:
        each.close()


def test_a_sentence_is_listened_to_and_the_microphone_given_back(
    make: Make, microphone: ScriptedMicrophone, events: Events, script: Script
) -> None:
    ear = make()
    assert ear.status == "off" and not microphone.is_open
    microphone.say(SPOKEN)
    ear.listen("key", prompt="yes or no")
    sentence = events.next(Sentence)
    assert sentence.why == "key" and sentence.utterance.text == "Hey Jarvis, scale web-app to ten."
    assert script.given[0][1] == "yes or no"
    assert [type(each) for each in events.all] == [Speaking, Sentence]
    until(lambda: not microphone.is_open)
    assert ear.status == "off" and microphone.opened == 1


def test_a_wake_word_and_the_sentence_that_follows_it(
    make: Make, microphone: ScriptedMicrophone, events: Events
) -> None:
    ear = make()
    ear.always = True
    until(lambda: microphone.is_open)
    assert ear.status == "waiting for the wake word"
    microphone.say(joined(WORD, sound(0.64, 0.9), LONG))
    woken, sentence = events.next(Woken), events.next(Sentence)
    assert woken.word == "hey jarvis" and sentence.why == "wake"
    assert sentence.utterance.text == "scale web-app to ten."
    assert sentence.began < woken.at < sentence.ended
    until(lambda: ear.status == "waiting for the wake word")
    microphone.say(joined(WORD, sound(0.64, 0.9), LONG))
    assert events.next(Sentence, after=1).utterance == events.next(Sentence).utterance


def test_without_the_wake_word_nothing_is_kept_or_told(
    make: Make, microphone: ScriptedMicrophone, events: Events, script: Script
) -> None:
    ear = make()
    ear.always = True
    for _ in range(3):
        microphone.say(SPOKEN)
    until(microphone.empty.is_set)
    assert [type(each) for each in events.all] == [Speaking] * 3 and not script.given
    # Of five seconds before it, not more than two come along.
    microphone.say(joined(sound(5.0, 0.7), sound(0.1, 0.8, wakes=True), LONG))
    events.next(Sentence)
    assert pytest.approx(2.0, abs=0.02) == RING * 0.032
    assert len(script.given[0][0]) <= (RING + 5) * FRAME


def test_always_listening_is_off_until_it_is_switched_on_and_needs_a_word(
    make: Make, microphone: ScriptedMicrophone, events: Events
) -> None:
    ear = make(wake=None)
    ear.always = True
    assert not ear.always
    microphone.say(WORD)
    ear.listen("key")
    ear.abandon()
    events.next(Nothing)
    assert not events.of(Woken)
    until(lambda: not microphone.is_open)


def test_always_can_be_switched_off_again(make: Make, microphone: ScriptedMicrophone) -> None:
    ear = make()
    ear.always = True
    until(lambda: microphone.is_open)
    ear.always = False
    until(lambda: not microphone.is_open)
    assert ear.status == "off"


def test_a_held_key(make: Make, microphone: ScriptedMicrophone, events: Events) -> None:
    ear = make()
    microphone.say(joined(SPOKEN, sound(3.0), sound(0.64, 0.9), sound(0.5)))
    ear.listen("key", hold=True)
    until(microphone.empty.is_set)
    assert ear.status == "listening" and not events.of(Sentence)
    ear.finish()
    microphone.say(sound(0.2))
    sentence = events.next(Sentence)
    assert sentence.ended - sentence.began > 4


def test_a_tapped_key_listens_on_with_what_was_said(make: Make, microphone: ScriptedMicrophone, events: Events) -> None:
    ear = make()
    ear.listen("key", hold=True)
    microphone.say(sound(0.2, 0.9))
    until(microphone.empty.is_set)
    ear.listen("key")
    microphone.say(joined(sound(0.4, 0.9), LONG))
    sentence = events.next(Sentence)
    assert sentence.ended - sentence.began == pytest.approx(0.6, abs=0.05) and not events.of(Nothing)


def test_a_question_does_not_take_what_was_said_before_it_for_its_answer(
    make: Make, microphone: ScriptedMicrophone, events: Events
) -> None:
    ear = make()
    ear.always = True
    until(lambda: microphone.is_open)
    microphone.say(joined(sound(0.5), sound(0.3, 0.9)))
    until(microphone.empty.is_set)
    asked = microphone.at
    ear.listen("question")
    until(lambda: ear.status == "listening")
    microphone.say(joined(sound(0.5, 0.9), LONG))
    sentence = events.next(Sentence)
    assert sentence.why == "question" and sentence.began >= asked
    assert len(sentence.samples) < 0.8 * 16_000


def test_another_question_ends_the_first_one(make: Make, microphone: ScriptedMicrophone, events: Events) -> None:
    ear = make()
    ear.listen("question")
    ear.listen("key")
    assert events.next(Nothing) == Nothing("question", "")
    microphone.say(SPOKEN)
    assert events.next(Sentence).why == "key"


def test_nobody_speaks(make: Make, microphone: ScriptedMicrophone, events: Events) -> None:
    microphone.say(sound(2.0))
    make().listen("key", patience=1.0)
    assert events.next(Nothing) == Nothing("key", "")
    assert [type(each) for each in events.all] == [Nothing]


def test_abandoning_forgets_what_was_said(make: Make, microphone: ScriptedMicrophone, events: Events) -> None:
    ear = make()
    microphone.say(SPOKEN[: 20 * FRAME])
    ear.listen("question")
    events.next(Speaking)
    ear.abandon()
    assert events.next(Nothing) == Nothing("question", "")
    assert not events.of(Sentence)


def test_muting_ends_listening_and_nothing_is_listened_to_until_it_is_over(
    make: Make, microphone: ScriptedMicrophone, events: Events
) -> None:
    ear = make()
    microphone.say(SPOKEN[: 20 * FRAME])
    ear.listen("key")
    events.next(Speaking)
    ear.mute(True)
    assert events.next(Nothing) == Nothing("key", MUTED) and ear.status == "muted"
    ear.listen("question")
    assert events.next(Nothing, after=1) == Nothing("question", MUTED)
    ear.mute(False)
    microphone.say(SPOKEN)
    ear.listen("question")
    assert events.next(Sentence).why == "question"


def test_a_microphone_that_somebody_else_muted(make: Make, microphone: ScriptedMicrophone, events: Events) -> None:
    ear = make()
    ear.listen("key")
    until(lambda: ear.status == "listening")
    microphone.mute(True)
    assert events.next(Nothing) == Nothing("key", MUTED)


def test_orders_in_any_order_from_any_thread(make: Make, microphone: ScriptedMicrophone, events: Events) -> None:
    ear = make()
    orders: list[Callable[[], object]] = [
        ear.finish,
        ear.abandon,
        lambda: ear.listen("key", hold=True),
        ear.finish,
        lambda: ear.listen("question"),
        ear.abandon,
        ear.abandon,
        lambda: setattr(ear, "always", True),
        ear.finish,
        lambda: setattr(ear, "always", False),
    ]
    threads = [threading.Thread(target=lambda: [each() for each in orders]) for _ in range(8)]
    for thread in threads:
        thread.start()
    microphone.say(SPOKEN)
    for thread in threads:
        thread.join()
    ear.abandon()
    until(lambda: ear.status == "off" and not microphone.is_open)
    before = len(events.of(Sentence))
    microphone.drain()
    ear.listen("key")
    until(lambda: ear.status == "listening")
    microphone.say(SPOKEN)
    assert events.next(Sentence, after=before)


def test_a_microphone_that_gives_nothing_for_long(make: Make, microphone: ScriptedMicrophone, events: Events) -> None:
    ear = make()
    ear.always = True
    until(microphone.empty.is_set)
    ear.listen("key", patience=0.2)
    nothing = events.next(Nothing)
    assert nothing.why == "key"
    microphone.say(joined(WORD, sound(0.64, 0.9), LONG))
    assert events.next(Sentence).why == "wake", "it goes on as soon as sound comes back"


def test_a_slow_machine_is_not_taken_for_a_microphone_that_is_gone(
    make: Make, microphone: ScriptedMicrophone, events: Events
) -> None:
    """Were each of these frames waited for as after a loss, they would take longer than a test may wait."""
    now = [0.0]

    def slow(frame: Frame) -> Frame:
        now[0] += 2
        return frame

    ear = make(clean=slow, clock=lambda: now[0])
    ear.always = True
    microphone.say(joined(WORD, sound(0.64, 0.9), LONG))
    assert events.next(Sentence).why == "wake"


def test_frames_gather_while_nobody_speaks_and_every_one_counts_as_soon_as_somebody_does(
    make: Make, microphone: ScriptedMicrophone, events: Events
) -> None:
    microphone.say(sound(2.0))
    ear = make()
    ear.always = True
    until(lambda: microphone.waits[-1:] == [0.0])
    microphone.say(sound(0.5, 0.9))
    events.next(Speaking)
    until(lambda: microphone.waits[-1] > 0)
    microphone.say(joined(sound(2.0), WORD, sound(0.64, 0.9), LONG))
    assert events.next(Sentence).utterance.text == "scale web-app to ten."


def test_frames_do_not_gather_while_our_own_voice_is_in_them(make: Make, microphone: ScriptedMicrophone) -> None:
    microphone.say(sound(3.0))
    ear = make(clean=replace)  # another frame: something was taken out of it
    ear.always = True
    until(microphone.empty.is_set)
    assert 0.0 not in microphone.waits[:90]


def test_our_own_voice_is_taken_out_before_anybody_listens(
    make: Make, microphone: ScriptedMicrophone, events: Events, script: Script
) -> None:
    silence = sound(0.04)
    ear = make(clean=lambda frame: Frame(silence, frame.at, frame.missed))
    ear.always = True
    microphone.say(joined(WORD, SPOKEN))
    until(microphone.empty.is_set)
    assert not events.all and not script.given


def test_the_model_is_loaded_as_soon_as_somebody_is_listened_to(make: Make, events: Events) -> None:
    loaded = threading.Event()
    ear = make(warm=loaded.set)
    ear.always = True
    until(lambda: ear.status == "waiting for the wake word")
    assert not loaded.is_set(), "and not before: it takes memory"
    ear.listen("key")
    assert loaded.wait(10)


def test_what_cannot_listen_says_so_once_and_can_be_asked_again(
    make: Make, microphone: ScriptedMicrophone, events: Events
) -> None:
    broken = [True]

    def voice() -> Loudness:
        if broken.pop():
            raise RuntimeError("The voice detector is not installed here.")
        return Loudness()

    broken[:] = [False, True]
    ear = make(voice=voice)
    ear.listen("key")
    assert "not installed here" in events.next(Trouble).text and "not installed here" in events.next(Nothing).because
    microphone.say(SPOKEN)
    ear.listen("key")
    assert events.next(Sentence) and len(events.of(Trouble)) == 1


def test_who_does_not_take_an_event_does_not_end_the_listening(
    microphone: ScriptedMicrophone, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    told = Events()

    def tell(event: object) -> None:
        told(event)  # type: ignore[arg-type]  # whatever it is
        raise RuntimeError("closing")

    ear = Ear(microphone, script, Hearing(), tell, voice=Loudness, prompt=lambda: "")
    ear.start()
    microphone.say(SPOKEN)
    ear.listen("key")
    assert told.next(Sentence)
    ear.close()
    assert "was not taken" in caplog.text


def test_closing_gives_everything_back(make: Make, microphone: ScriptedMicrophone, events: Events) -> None:
    before = threading.active_count()
    ear = make()
    ear.always = True
    ear.listen("key")
    until(lambda: ear.status == "listening")
    ear.close()
    ear.close()
    assert not microphone.is_open and ear.status == "off"
    assert events.next(Nothing) == Nothing("key", "")
    until(lambda: threading.active_count() == before)
    ear.start()
    ear.listen("key")
    assert ear.status == "off"
