"""Trying the wake word: it is said, and what was heard is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.doctor.check import Check, troubled
from daemon.hearing.frames import Frame
from daemon.hearing.microphone import Microphone

SPEECH = 0.5
"""From this probability of speech on, somebody counts as having spoken."""


@dataclass(frozen=True)
class Heard:
    """What came of it."""

    word: str | None
    """The wake word; None where none was heard."""
    ms: float | None
    """From the end of the frame that completed the word until it was known."""
    spoke: bool
    """Whether anybody spoke at all."""
    problem: str = ""

    def check(self, words: Sequence[str], seconds: float) -> Check:
        """What that says about the wake word."""
        name = "wake word"
        if self.problem:
            return troubled(name, self.problem, "devos doctor microphone")
        if self.word is not None:
            return Check(name, "ok", f"{self.word!r} was heard, and known within {self.ms:.0f} ms.")
        if not self.spoke:
            says = f"Nobody was heard to speak in {seconds:g} seconds."
            return Check(name, "failed", says, "devos doctor microphone")
        says = f"Speech was heard, but none of {', '.join(map(repr, words))}."
        return Check(name, "failed", says, "Say it again, or set sensitivity = 0.8 in section [wake] of config.toml.")


def listened(
    name: str | None,
    words: Sequence[str],
    sensitivity: float,
    home: Path,
    seconds: float,
    begun: Callable[[], object] = lambda: None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Heard:
    """Open the microphone and wait for a wake word.

    Args:
        name: a part of the microphone's name; None for the default one.
        words: which to wait for.
        sensitivity: as in the settings.
        home: DEVOS_HOME, where trained words are kept.
        seconds: how long.
        begun: called once it listens.
        clock: by what frames say when they were taken.

    Raises:
        UnknownWakeWord, NoWakeWords, NoVoiceDetector: it cannot listen for them.
    """
    from daemon.hearing.voice_activity import VoiceDetector
    from daemon.hearing.wake import WakeWords

    detector, wake = VoiceDetector(), WakeWords(words, sensitivity=sensitivity, home=home)
    microphone, spoke = Microphone(name, clock=clock), False
    try:
        microphone.open()
        begun()
        until = clock() + seconds
        while (state := microphone.state).status == "open" and clock() < until:
            frame: Frame | None = microphone.read(0.5)
            if frame is None:
                continue
            voice = detector.probability(frame.samples)
            spoke = spoke or voice > SPEECH
            if (word := wake.heard(frame.samples, voice)) is not None:
                return Heard(word, max(0.0, clock() - frame.at) * 1000, True)
        return Heard(None, None, spoke, state.problem)
    finally:
        microphone.close()
