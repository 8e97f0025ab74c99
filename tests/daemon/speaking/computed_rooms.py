"""Rooms that are computed: what a microphone hears of a loudspeaker, and of people."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from virtual_sound import spoken

from daemon.hearing.frames import FRAME, RATE, Frame
from daemon.speaking.echo import Echo

Samples = NDArray[np.float32]


@cache
def said(text: str, voice: str = "en-us", speed: int = 160) -> Samples:
    """A sentence by espeak-ng, without the silence around it."""
    if not shutil.which("espeak-ng"):
        pytest.skip("install with: make system (it wants espeak-ng, which speaks)")
    samples = spoken(text, voice, speed=speed).astype(np.float32) / 32768
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


@dataclass
class Air:
    """How our voice gets from the loudspeaker into the microphone."""

    seed: int = 0
    gain: float = 0.5
    seconds: float = 0.1
    """How late it comes."""
    echoes: float = 0.06
    """Seconds in which the room answers."""
    noise: float = 0.001
    distorts: bool = False

    def carry(self, played: Samples) -> Samples:
        """What the microphone hears of it, and of nothing else, from the moment it begins to be played."""
        random = np.random.default_rng(self.seed)
        if self.distorts:
            played = np.tanh(1.5 * played) / 1.2
        taps = round(self.echoes * RATE)
        answer = random.standard_normal(taps) * np.exp(-np.arange(taps) / (taps / 5)) if taps else np.zeros(1)
        answer[0] = 3
        heard = np.convolve(played, self.gain * answer / np.linalg.norm(answer))
        heard = np.concatenate([silence(self.seconds), heard, silence(0.5)])
        return (heard + self.noise * random.standard_normal(len(heard))).astype(np.float32)


@dataclass
class Session:
    """Frames that go through an echo, as fast as they can."""

    echo: Echo = field(default_factory=Echo)
    now: float = field(default_factory=time.monotonic)
    """When the next frame begins."""

    def play(self, samples: Samples, after: float = 0.0) -> None:
        self.echo.playing(samples, self.now + after)

    def hear(self, samples: Samples) -> tuple[Samples, Samples, float]:
        """What is heard, what of it is left, and when it began."""
        began, frames = self.now, len(samples) // FRAME
        random, cleaned = np.random.default_rng(0), []
        for each in samples[: frames * FRAME].reshape(-1, FRAME):
            self.now += FRAME / RATE
            trembling = random.uniform(-0.004, 0.004)
            cleaned.append(self.echo.clean(Frame(each, self.now + trembling)).samples)
        return samples[: frames * FRAME], np.concatenate(cleaned), began

    def is_own(self, samples: Samples, began: float) -> bool:
        return self.echo.is_own(samples, began, began + len(samples) / RATE)


def mixed(one: Samples, other: Samples, at: float) -> Samples:
    """Both at once, the second one from `at` seconds on."""
    both = one.copy()
    first = round(at * RATE)
    piece = other[: len(both) - first]
    both[first : first + len(piece)] += piece
    return both
