"""A microphone that reads from a script, as fast as it is listened to, and what goes with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.evidence import NoSpeech
from daemon.hearing.frames import FRAME, Frame
from daemon.hearing.heard import Event
from daemon.hearing.transcription import Heard

Wanted = TypeVar("Wanted")
SECONDS = 30.0


class ScriptedMicrophone:
    """Gives the frames it was told to give, and None afterwards."""

    def __init__(self) -> None:
        self.muted = self.is_open = False
        self.opened = self.at = 0.0
        self._frames: SimpleQueue[Frame] = SimpleQueue()
        self.empty = threading.Event()
        self.waits: list[float] = []
        """For how many seconds each frame might have been waited for."""

    def say(self, samples: NDArray[Any], *, missed: int = 0) -> None:
        """Give sound in frames of 512 samples, after what it gives already; the last one is filled up with silence."""
        sound = np.pad(np.asarray(samples, np.float32), (0, -len(samples) % FRAME))
        self.empty.clear()
        for frame in sound.reshape(-1, FRAME):
            self.at += FRAME / 16_000
            self._frames.put(Frame(frame, self.at, missed))
            missed = 0

    def open(self) -> None:
        self.is_open = True
        self.opened += 1

    def close(self) -> None:
        self.is_open = False

    def mute(self, on: bool) -> None:
        self.muted = on

    def drain(self) -> None:
        while not self._frames.empty():
            self._frames.get_nowait()

    def read(self, timeout: float) -> Frame | None:
        self.waits.append(timeout)
        if self.muted:
            return None
        try:
            return self._frames.get(timeout=min(timeout, 0.02)) if timeout else self._frames.get_nowait()
        except Empty:
            self.empty.set()
            return None


class Loudness:
    """Takes how loud a frame is for how likely it is to hold speech."""

    def probability(self, samples: NDArray[np.float32]) -> float:
        return float(np.abs(samples).max())

    def reset(self) -> None:
        pass


class ByVolume:
    """A wake word is a frame whose first sample is negative; the second stage reads it from the text."""

    def __init__(self, word: str = "hey jarvis") -> None:
        self.word = word

    def heard(self, samples: NDArray[np.float32], voice: float) -> str | None:
        return self.word if samples[0] < 0 else None

    def reset(self) -> None:
        pass


class Events:
    """Collects what an ear tells, and waits for it."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._changed:
            self.all.append(event)
            self._changed.notify_all()

    def next(self, kind: type[Wanted], *, after: int = 0) -> Wanted:
        """The event of a kind, the first one or a later one."""
        found: list[Wanted] = []

        def there() -> bool:
            found[:] = [each for each in self.all if isinstance(each, kind)]
            return len(found) > after

        with self._changed:
            assert self._changed.wait_for(there, SECONDS), f"no {kind.__name__} among {self.all}"
        return found[after]

    def of(self, kind: type[Wanted]) -> list[Wanted]:
        with self._changed:
            return [each for each in self.all if isinstance(each, kind)]


def heard(text: str, confidence: float = 0.9) -> Heard:
    return Heard(text, confidence, 1.0, {}, "scripted")


class Script:
    """Writes down what the script says, one text after the other, and the last one for ever; "" is no speech."""

    def __init__(self, *texts: str | Heard | Exception) -> None:
        self.texts = list(texts)
        self.given: list[tuple[NDArray[np.float32], str]] = []

    def __call__(self, samples: NDArray[np.float32], prompt: str) -> Heard:
        self.given.append((samples, prompt))
        text = self.texts[min(len(self.given), len(self.texts)) - 1]
        if isinstance(text, Exception):
            raise text
        if text == "":
            raise NoSpeech("There was sound, but no speech.")
        return text if isinstance(text, Heard) else heard(text)


def sound(seconds: float, loud: float = 0.0, *, wakes: bool = False) -> NDArray[np.float32]:
    """A stretch of sound, all of it as loud; with the wake word at its end."""
    samples = np.full(round(seconds / 0.032) * FRAME, loud, np.float32)
    if wakes:
        samples[-FRAME] = -loud
    return samples


def joined(*parts: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate(parts)


def until(condition: Callable[[], object]) -> None:
    """Wait for something that has no event of its own."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.002)


def frames(probabilities: Sequence[float]) -> list[tuple[Frame, float]]:
    """Frames 32 ms apart, with their probabilities of speech; each frame holds its number."""
    return [
        (Frame(np.full(FRAME, number, np.float32), 100 + 0.032 * (number + 1)), each)
        for number, each in enumerate(probabilities)
    ]
