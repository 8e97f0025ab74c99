from __future__ import annotations

import time

import numpy as np
from computed_rooms import Air, Samples, said

from daemon.hearing.frames import FRAME, RATE
from daemon.speaking.room import Room
from daemon.speaking.timeline import Timeline

TEXT = "The payment service is showing high error rates, and I have told the team."


def cleaned(room: Room, timeline: Timeline, began: float, heard: Samples) -> Samples:
    first = timeline.moment(began)
    frames = heard[: len(heard) // FRAME * FRAME].reshape(-1, FRAME)
    return np.concatenate([room.clean(each, first + (at + 1) * FRAME) for at, each in enumerate(frames)])


def test_lets_nothing_through_until_it_has_found_our_voice_and_then_nearly_nothing_of_it() -> None:
    timeline, now = Timeline(), time.monotonic()
    room = Room(timeline)
    timeline.playing(said(TEXT), now)
    heard = Air(3, seconds=0.25).carry(said(TEXT))
    left = cleaned(room, timeline, now, heard)
    assert not np.any(left[: RATE // 2])
    assert np.mean(left**2) < 1e-3 * np.mean(heard**2)


def test_lets_through_what_is_not_ours_although_its_voice_was_not_found() -> None:
    timeline, now = Timeline(), time.monotonic()
    room = Room(timeline)
    timeline.playing(said(TEXT), now)
    person = said("stop that right now, I said stop", "en-gb")
    left = cleaned(room, timeline, now, person)
    assert not np.any(left[: RATE // 2]), "it might still be ours"
    assert np.array_equal(left[-FRAME:], person[: len(left)][-FRAME:])
