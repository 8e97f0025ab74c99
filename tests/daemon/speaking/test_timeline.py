from __future__ import annotations

import time

import numpy as np

from daemon.hearing.frames import RATE
from daemon.speaking.timeline import KEPT, Timeline


def test_gives_what_was_played_and_silence_around_it() -> None:
    timeline, now = Timeline(), time.monotonic()
    timeline.playing(np.ones(100, np.float32), now)
    timeline.playing(np.full(50, 2, np.float32), now + 200 / RATE)
    first = timeline.moment(now)
    found = timeline.stretch(first - 10, 300)
    assert found.dtype == np.float32
    expected = np.concatenate([np.zeros(10), np.ones(100), np.zeros(100), np.full(50, 2), np.zeros(40)])
    assert np.array_equal(found, expected)
    assert timeline.active(first + 99, first + 100)
    assert not timeline.active(first + 100, first + 200)


def test_forgets_what_was_cut_off() -> None:
    timeline, now = Timeline(), time.monotonic()
    timeline.stopped(now)
    timeline.playing(np.ones(RATE, np.float32), now)
    timeline.stopped(now + 0.25)
    first = timeline.moment(now)
    assert timeline.stretch(first, RATE).sum() == RATE / 4
    timeline.stopped(now - 1)
    assert not timeline.active(first, first + RATE)


def test_forgets_what_is_long_over() -> None:
    timeline, now = Timeline(), time.monotonic()
    timeline.playing(np.ones(RATE, np.float32), now)
    timeline.playing(np.ones(RATE, np.float32), now + KEPT + 2)
    first = timeline.moment(now)
    assert not timeline.active(first, first + RATE)
    assert timeline.active(first, first + round((KEPT + 3) * RATE))
