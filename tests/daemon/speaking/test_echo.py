from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from computed_rooms import Air, Samples, Session, mixed, said, silence

from daemon.hearing.endpoint import Onset
from daemon.hearing.frames import FRAME, RATE, Frame
from daemon.hearing.microphone import Microphone
from daemon.hearing.voice_activity import VoiceDetector
from daemon.hearing.wake import WakeWords
from daemon.sense_sections import Speech
from daemon.speaking.echo import Echo
from daemon.speaking.speaker import Speaker

QUESTION = "Scale web app in production from three to ten. Say confirm tango seven, or no."
ANSWER = "Confirm tango seven."
ROOMS = [
    Air(1, gain=0.2, seconds=0.0),
    Air(2, gain=0.8, seconds=0.04, echoes=0.2, noise=0.002),
    Air(3, gain=0.3, seconds=0.12, distorts=True),
    Air(4, gain=0.5, seconds=0.3, echoes=0.12, noise=0.003),
    Air(5, gain=1.0, seconds=0.5, echoes=0.25, distorts=True),
    Air(6, gain=0.6, seconds=0.08, echoes=0.02, distorts=True),
    Air(7, gain=0.2, seconds=0.2, echoes=0.0, noise=0.0005),
]


def voiced(samples: Samples) -> list[tuple[int, int]]:
    """The stretches in which somebody seems to speak: first and last sample."""
    detector, found, last = VoiceDetector(), [], -99
    for index, frame in enumerate(samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)):
        if detector.probability(frame) > 0.5:
            if index - last > 16:
                found.append((index * FRAME, (index + 1) * FRAME))
            found[-1] = (found[-1][0], (index + 1) * FRAME)
            last = index
    return found


def interrupted(samples: Samples) -> float | None:
    """After how many seconds somebody is taken to have begun to speak."""
    detector, onset = VoiceDetector(), Onset()
    for index, frame in enumerate(samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)):
        if onset.hear(detector.probability(frame)):
            return (index + 1) * FRAME / RATE
    return None


def test_leaves_alone_what_is_heard_when_nothing_was_played() -> None:
    echo, frame = Echo(), Frame(np.ones(FRAME, np.float32), time.monotonic())
    assert echo.clean(frame) is frame
    echo.playing(np.ones(RATE, np.float32), frame.at - 4)
    assert echo.clean(frame) is frame, "that was long enough ago"
    echo.playing(np.ones(RATE, np.float32), frame.at - 2)
    assert echo.clean(frame) is not frame


@pytest.mark.parametrize("air", ROOMS, ids=lambda air: f"{air.gain} after {air.seconds} s")
def test_is_not_interrupted_by_its_own_voice(air: Air) -> None:
    played = np.concatenate([said(QUESTION), silence(0.3), said("The rollout takes about five minutes.")])
    session = Session()
    session.play(played)
    heard, left, _ = session.hear(air.carry(played))
    assert interrupted(heard) is not None, "without help it would be"
    assert interrupted(left) is None


@pytest.mark.parametrize("air", ROOMS, ids=lambda air: f"{air.gain} after {air.seconds} s")
@pytest.mark.parametrize("voice", ["en-gb", "en-us+f2"])
def test_is_interrupted_by_a_person_who_speaks_over_it(air: Air, voice: str) -> None:
    person = 0.5 * said("stop, stop that right now please", voice, 170)
    session = Session()
    session.play(said(QUESTION))
    _, left, began = session.hear(mixed(air.carry(said(QUESTION)), person, 2.0))
    at = interrupted(left)
    assert at is not None and 2 < at < 2 + len(person) / RATE
    spoken = left[2 * RATE : 2 * RATE + len(person)]
    assert not session.is_own(spoken, began + 2)


def test_never_takes_its_own_voice_for_a_person() -> None:
    random = np.random.default_rng(7)
    for seed in range(50):
        air = Air(
            seed,
            gain=random.uniform(0.2, 1),
            seconds=random.uniform(0, 0.5),
            echoes=random.uniform(0, 0.25),
            noise=random.uniform(0, 0.003),
            distorts=bool(seed % 3 == 0),
        )
        played = said(QUESTION if seed % 5 == 0 else ANSWER)
        session = Session()
        session.play(played)
        heard, left, began = session.hear(air.carry(played))
        for samples in (heard, left):
            for first, last in voiced(samples):
                assert session.is_own(samples[first:last], began + first / RATE), air


@pytest.mark.parametrize("late", [0.7, 1.3, 1.9])
def test_knows_its_own_voice_up_to_two_seconds_later(late: float) -> None:
    session = Session()
    session.play(said(ANSWER))
    heard = Air(3, seconds=late).carry(said(ANSWER))[round(late * RATE) :]
    assert session.is_own(heard, session.now + late)


@pytest.mark.parametrize(
    ("voice", "speed"), [("en-gb", 160), ("en-us+m3", 160), ("en-us+f4", 150), ("en-gb-scotland", 170)]
)
@pytest.mark.parametrize("pause", [0.1, 0.6, 1.5])
def test_takes_a_person_who_repeats_its_words_for_a_person(voice: str, speed: int, pause: float) -> None:
    session = Session()
    session.play(said(QUESTION))
    end = len(said(QUESTION)) / RATE + pause
    person = Air(9, seconds=0, gain=0.5).carry(said(ANSWER, voice, speed))
    assert not session.is_own(person, session.now + end)


@pytest.mark.parametrize("word", ["yes", "no", "stop", "wait", "three"])
@pytest.mark.parametrize("voice", ["en-gb", "en-us+f4", "en-gb-scotland"])
@pytest.mark.parametrize("pause", [0.1, 0.8])
def test_takes_a_short_answer_for_a_persons(word: str, voice: str, pause: float) -> None:
    session = Session()
    session.play(said(QUESTION))
    answer = np.concatenate([silence(0.4), said(word, voice), silence(0.3)])
    answer += 0.001 * np.random.default_rng(1).standard_normal(len(answer)).astype(np.float32)
    began = session.now + len(said(QUESTION)) / RATE + pause
    assert not session.echo.is_own(answer, began, began + len(said(word, voice)) / RATE)


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("pause", [0.5, 1.0])
def test_lets_an_answer_through_whole_that_comes_after_the_question(pause: float, learned: bool) -> None:
    """Also where the microphone was opened only then, and the room is not known."""
    session, answer = Session(), said("Confirm tango seven", "en-gb")
    session.play(said(QUESTION))
    if learned:
        session.hear(Air(2).carry(said(QUESTION))[: len(said(QUESTION))])
    else:
        session.now += len(said(QUESTION)) / RATE
    _, left, began = session.hear(np.concatenate([silence(pause), answer, silence(0.5)]))
    first, last = round(pause * RATE), round(pause * RATE) + len(answer)
    assert np.mean(left[first:last] ** 2) > 0.8 * np.mean(answer**2)
    onset = left[first : first + RATE // 5]
    assert np.mean(onset**2) > 0.5 * np.mean(answer[: RATE // 5] ** 2), "its beginning as well"
    assert not session.is_own(left[first:last], began + pause)


def test_takes_everybody_for_a_person_when_nothing_was_played() -> None:
    session = Session()
    assert not session.is_own(said(ANSWER), session.now)
    session.play(said(ANSWER))
    assert not session.is_own(said(ANSWER), session.now + len(said(ANSWER)) / RATE + 2.5), "its own voice, too late"
    assert not session.is_own(said(ANSWER), session.now - 5), "or before it spoke"


def test_takes_a_person_for_one_who_answers_while_it_still_rings() -> None:
    """The end of a question and an answer, heard as one sentence."""
    session = Session()
    session.play(said(QUESTION))
    heard = Air(4, seconds=0.2).carry(said(QUESTION))
    answer = np.concatenate([heard[-RATE:], said("Yes, go ahead and do that please.", "en-gb")])
    assert not session.is_own(answer, session.now + len(heard) / RATE - 1)


def test_takes_for_its_own_what_is_too_short_to_tell_while_it_speaks() -> None:
    session = Session()
    session.play(said(QUESTION))
    click = said("no", "en-gb")[: RATE // 8]
    assert session.is_own(click, session.now + 1)
    assert not session.is_own(click, session.now + len(said(QUESTION)) / RATE + 1)


def test_hears_a_person_where_its_voice_is_not_heard_at_all() -> None:
    """Headphones: what is heard cannot be its own voice."""
    session = Session()
    session.play(np.concatenate([said(QUESTION), said(QUESTION)]))
    noise = 0.0005 * np.random.default_rng(1).standard_normal(9 * RATE).astype(np.float32)
    person = 0.3 * said("stop, stop that right now please, I mean it", "en-gb")
    _, left, began = session.hear(mixed(noise, person, 1.0))
    at = interrupted(left)
    assert at is not None and 1 < at < 1 + len(person) / RATE
    assert not session.is_own(person, began + 1)


def test_learns_a_device_anew_that_was_opened_again() -> None:
    session = Session()
    for late in (0.05, 0.21, 0.06):
        session.echo.opened()
        session.play(said(QUESTION))
        _, left, _ = session.hear(Air(2, seconds=late).carry(said(QUESTION)))
        assert interrupted(left) is None, late


def test_finds_its_voice_again_after_a_gap() -> None:
    """A busy machine has played nothing for a moment, and the rest comes later."""
    session = Session()
    session.play(np.concatenate([said(QUESTION), said(QUESTION)]))
    first, second = Air(2, seconds=0.1, noise=0).carry(said(QUESTION)), Air(2, seconds=0.03).carry(said(QUESTION))
    heard = np.concatenate([first[: round(0.1 * RATE) + len(said(QUESTION))], second])
    gap = round(0.1 * RATE) + len(said(QUESTION))
    _, left, began = session.hear(heard)
    assert interrupted(left[:gap]) is None
    assert interrupted(left[gap + RATE :]) is None
    for first, last in voiced(left):
        assert session.is_own(left[first:last], began + first / RATE), "what slips through meanwhile is still known"


def test_forgets_what_was_cut_off() -> None:
    session = Session()
    session.play(said(QUESTION))
    session.echo.stopped(session.now + 1)
    later = said(QUESTION)[3 * RATE :]
    assert not session.is_own(later, session.now + 3.5)


def test_answers_every_thread() -> None:
    session, problems = Session(), []

    def ask() -> None:
        try:
            for _ in range(5):
                session.is_own(said(ANSWER), session.now)
                session.play(said(ANSWER))
                session.echo.opened()
        except Exception as problem:
            problems.append(problem)

    said(ANSWER)
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for each in threads:
        each.start()
    session.hear(Air().carry(said(ANSWER)))
    for each in threads:
        each.join(20)
    assert not problems


@pytest.mark.live
async def test_does_not_wake_itself_where_the_microphone_hears_the_loudspeaker(sound: Any, tmp_path: Path) -> None:
    """Everything real but the air: the voice, the sound server, the microphone, the wake word."""
    speaker, microphone = Speaker(Speech()), Microphone(None)
    wake = WakeWords(["alexa", "hey jarvis"], sensitivity=0.5, home=tmp_path)
    detector, ends = VoiceDetector(), threading.Event()
    frames: list[Frame] = []
    left: list[Samples] = []
    woken: list[str] = []

    def listen() -> None:
        while not ends.is_set():
            frame = microphone.read(0.1)
            if frame is not None:
                cleaned = speaker.echo.clean(frame).samples
                frames.append(frame)
                left.append(cleaned)
                if word := wake.heard(cleaned, detector.probability(cleaned)):
                    woken.append(word)

    sound.looped = True
    microphone.open()
    listener = threading.Thread(target=listen)
    listener.start()
    assert await speaker.say("Alexa. Hey Jarvis, scale web-app to 10. Say confirm tango seven, or no. Alexa!")
    await asyncio.sleep(0.5)  # what is still in the air
    ends.set()
    await asyncio.to_thread(listener.join)
    microphone.close()
    heard = np.concatenate([each.samples for each in frames])
    began = frames[0].at - FRAME / RATE
    assert voiced(heard), "the microphone has heard it"
    assert not woken
    for samples in (heard, np.concatenate(left)):
        for first, last in voiced(samples):
            assert speaker.echo.is_own(samples[first:last], began + first / RATE, began + last / RATE)
    await asyncio.to_thread(speaker.close)
