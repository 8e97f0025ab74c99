"""Somebody who speaks, for benchmarks: synthesised sentences, and a microphone that gives them at a clock's pace."""

import shutil
import subprocess
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.endpoint import SECONDS
from daemon.hearing.frames import FRAME, RATE, Frame
from daemon.hearing.recording import read

Samples = NDArray[np.float32]

VOICES = (("espeak-ng", "en-us"), ("flite", "slt"), ("espeak-ng", "en-gb"), ("flite", "rms"))
FADED = 0.03
"""Of the loudest sample: what stays below it at the end of a sentence is its fading away."""
HUM = 0.0005
"""How loud a quiet room is."""


def needs(*programs: str) -> None:
    """End here, in a sentence, where one of these programs is not installed."""
    missing = [each for each in programs if shutil.which(each) is None]
    if missing:
        raise SystemExit(f"install with: make system (it wants {', '.join(missing)})")


def said(text: str, program: str, voice: str) -> Samples:
    """A sentence as one voice says it, from its first sound to its last voiced sample."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        options = ["-w", str(file), text] if program == "espeak-ng" else ["-t", text, "-o", str(file)]
        name = "-v" if program == "espeak-ng" else "-voice"
        subprocess.run([program, name, voice, *options], check=True)
        samples = read(file).samples
    loud = np.flatnonzero(np.abs(samples) > FADED * np.abs(samples).max())
    return samples[loud[0] : loud[-1] + 1]


def in_turn(sentences: list[str]) -> list[Samples]:
    """Each sentence by the next one of the voices."""
    needs("espeak-ng", "flite")
    return [said(text, *who) for text, who in zip(sentences, islice(cycle(VOICES), len(sentences)), strict=True)]


class Room:
    """A microphone in a quiet room: a frame every 32 ms, each as soon as its last sample would have been taken."""

    muted = False

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)
        self._taken, self._begun, self._waiting = 0, 0.0, np.zeros(0, np.float32)
        self.over = 0.0
        """When the last sample of what was said was taken, by time.monotonic()."""

    def say(self, samples: Samples) -> None:
        """Speak from now on; over when `waiting` is false."""
        self._waiting = samples

    @property
    def waiting(self) -> bool:
        """Whether some of it is still to be said."""
        return bool(len(self._waiting))

    def open(self) -> None:
        self._taken, self._begun = 0, time.monotonic()

    def close(self) -> None:
        self._begun = 0.0

    def mute(self, on: bool) -> None:
        raise NotImplementedError("nobody mutes a benchmark")

    def drain(self) -> None:
        self._taken = int((time.monotonic() - self._begun) / SECONDS)

    def read(self, timeout: float) -> Frame | None:
        due = self._begun + (self._taken + 1) * SECONDS
        wait = due - time.monotonic()
        time.sleep(max(0.0, min(wait, timeout)))
        if wait > timeout:
            return None
        self._taken += 1
        samples = self._random.normal(0, HUM, FRAME).astype(np.float32)
        now, self._waiting = self._waiting[:FRAME], self._waiting[FRAME:]
        samples[: len(now)] += now
        if len(now):
            self.over = due - (FRAME - len(now)) / RATE
        return Frame(samples, due)
