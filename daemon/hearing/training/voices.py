"""The voices that say a word while it is learnt: those of espeak-ng, of flite, and of a Mac.

espeak-ng alone has some sixty ways to speak, each with eight accents of English, any speed and any pitch. They sound
little like people, but differ among themselves more than people do, which is what a classifier learns from.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from daemon.hearing.frames import RATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    import numpy as np
    from numpy.typing import NDArray

ACCENTS = ("en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
"""The kinds of English that espeak-ng speaks."""

UNLIKE_PEOPLE = re.compile(r"whisper|demonic|robo|announcer|croak|fast|tweaky|klatt6|unirobot", re.IGNORECASE)
"""Variants of espeak-ng that no person sounds like."""

SOUND, STRESS = "[^\\W_]+\u02d0?", "[\u02c8\u02cc]"
"""Of the phonetic alphabet: a sound, with the mark of a long one; the marks of stress."""

SECONDS = 20
"""What takes longer than this hangs."""


class NoVoices(RuntimeError):
    """There is nothing to speak with; the message is the command that mends it."""


@dataclass(frozen=True)
class Voice:
    """Somebody to speak."""

    engine: Literal["espeak-ng", "flite", "say"]
    name: str
    """What the engine calls it; for espeak-ng the variant, which speaks in every accent."""

    @property
    def natural(self) -> bool:
        """Whether it was recorded from a person, rather than computed."""
        return self.engine != "espeak-ng"

    @property
    def family(self) -> str:
        """What is the same for voices that differ in little: "gene2" is "gene" with another setting."""
        name = self.name.lower()
        return f"{self.engine} {name if re.fullmatch(r'[fm][0-9]', name) else name.rstrip('0123456789')}"


@dataclass(frozen=True)
class Manner:
    """How something is said."""

    accent: str
    """Of espeak-ng; the others have their own."""
    speed: float
    """1 is the engine's usual one."""
    pitch: int
    """Of espeak-ng, 0 to 99."""
    size: float
    """How much larger than usual the speaker is: above 1 everything is lower, as with a longer vocal tract."""

    @classmethod
    def any(cls, random: Random) -> Manner:
        """One of those in which people speak."""
        accent = random.choice(ACCENTS)
        return cls(accent, random.uniform(0.75, 1.35), random.randint(20, 80), random.uniform(0.9, 1.12))


def installed() -> list[Voice]:
    """Every voice of this machine, espeak-ng's first.

    Raises:
        NoVoices: espeak-ng is missing; it also says how words are pronounced, so nothing replaces it.
    """
    if shutil.which("espeak-ng") is None:
        command = "brew install espeak-ng" if sys.platform == "darwin" else "sudo apt-get install espeak-ng flite"
        raise NoVoices(f"A word is learnt from synthesised voices, and espeak-ng is not installed. Run: {command}")
    lines = _run("espeak-ng", "--voices=variant").decode(errors="replace").splitlines()[1:]
    variants = sorted({match[1].strip() for each in lines if (match := re.search(r"!v/(.+?)\s*(?:\(|$)", each))})
    found = [Voice("espeak-ng", each) for each in variants if not UNLIKE_PEOPLE.search(each)]
    if shutil.which("flite"):
        listed = _run("flite", "-lv").decode(errors="replace").partition(":")[2].split()
        found += [Voice("flite", each) for each in listed if each != "awb_time"]  # which can only tell the time
    if sys.platform == "darwin" and shutil.which("say"):
        english = re.findall(r"^(\S.*?)\s+en_\w+\s", _run("say", "-v", "?").decode(errors="replace"), re.MULTILINE)
        found += [Voice("say", each) for each in english]
    return found


def speak(text: str, voice: Voice, manner: Manner) -> NDArray[np.float32]:
    """A sentence in that voice, without the silence around it.

    Returns:
        One channel at 16 kHz, as loud as it gets without distortion, shape (n,); empty where nothing was said.

    Raises:
        NoVoices: the engine failed.
    """
    import numpy as np
    import soxr

    rate, samples = _wave(_said(text, voice, manner))
    # What was said for a larger or smaller person, played as if it had been said by the usual one.
    samples = soxr.resample(samples, rate / manner.size, RATE, quality="MQ")
    loud = np.flatnonzero(np.abs(samples) > 0.02 * max(1e-6, float(np.abs(samples).max(initial=0))))
    if not len(loud):
        return np.zeros(0, np.float32)
    samples = samples[loud[0] : loud[-1] + 1]
    return np.ascontiguousarray(samples / np.abs(samples).max(), np.float32)


def phonemes(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """How espeak-ng pronounces each text in American English, sound by sound, stress left out.

    Raises:
        NoVoices: espeak-ng failed.
    """
    lines = _run("espeak-ng", "-q", "--ipa", "--sep=_", "-v", "en-us", "--stdin", text=".\n".join([*texts, ""]))
    spoken = [each for each in lines.decode().splitlines() if each.strip()]
    if len(spoken) != len(texts):  # a text that is several sentences to espeak-ng: one at a time, then
        spoken = [
            " ".join(_run("espeak-ng", "-q", "--ipa", "--sep=_", "-v", "en-us", each).decode().split())
            for each in texts
        ]
    return [tuple(re.findall(SOUND, re.sub(STRESS, "", each))) for each in spoken]


def _said(text: str, voice: Voice, manner: Manner) -> bytes:
    """A sentence as a WAV file of any rate."""
    if voice.engine == "espeak-ng":
        speed, name = str(round(165 * manner.speed)), f"{manner.accent}+{voice.name}"
        return _run("espeak-ng", "-v", name, "-s", speed, "-p", str(manner.pitch), "--stdout", text)
    with tempfile.TemporaryDirectory(prefix="devos-voice-") as folder:
        file = str(Path(folder) / "said.wav")
        if voice.engine == "flite":
            stretch = f"duration_stretch={1 / manner.speed:.2f}"
            _run("flite", "-voice", voice.name, "--setf", stretch, "-t", text, "-o", file)
        else:
            speed = str(round(180 * manner.speed))
            _run("say", "-v", voice.name, "-r", speed, "--data-format=LEI16@22050", "-o", file, text)
        return Path(file).read_bytes()


def _wave(data: bytes) -> tuple[int, NDArray[np.float32]]:
    """Rate and samples of a 16-bit WAV of one channel; its header may lie about the length, as one in a pipe does."""
    import numpy as np

    body = data.find(b"data") + 8
    samples = np.frombuffer(data[body : body + (len(data) - body) // 2 * 2], np.int16)
    return int.from_bytes(data[24:28], "little"), (samples / 32768).astype(np.float32)


def _run(*words: str, text: str | None = None) -> bytes:
    try:
        given = None if text is None else text.encode()
        return subprocess.run(words, input=given, capture_output=True, check=True, timeout=SECONDS).stdout
    except (OSError, subprocess.SubprocessError) as problem:
        raise NoVoices(f"{words[0]} does not speak: {problem}.") from problem
