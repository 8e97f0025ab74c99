"""A person's own recordings of a wake word, each cut to the word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from daemon.hearing.frames import FRAME, RATE
from daemon.hearing.recording import NotARecording, read
from daemon.hearing.voice_activity import VoiceDetector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KINDS = frozenset({".wav", ".flac", ".ogg", ".mp3"})

LONGEST = 4.0
"""Seconds that a wake word may take: what is longer holds more than that."""


def recordings(folder: Path) -> tuple[NDArray[np.float32], ...]:
    """Every recording of a folder, one channel at 16 kHz, without the silence around the word.

    Raises:
        NotARecording: there are none, or one cannot be read, holds no speech, or too much of it.
    """
    files = sorted(each for each in folder.glob("*") if each.suffix.lower() in KINDS)
    if not files:
        raise NotARecording(f"There are no recordings in {folder}: WAV, FLAC, Ogg or MP3 files, the word once in each.")
    voice = VoiceDetector()
    return tuple(_trimmed(each, voice) for each in files)


def _trimmed(file: Path, voice: VoiceDetector) -> NDArray[np.float32]:
    """The stretch of a recording in which somebody speaks, and a frame on either side of it."""
    import numpy as np

    samples = read(file).samples
    samples = np.concatenate([samples, np.zeros(-len(samples) % FRAME, np.float32)])
    voice.reset()
    voiced = [at for at in range(0, len(samples), FRAME) if voice.probability(samples[at : at + FRAME]) >= 0.3]
    if not voiced:
        raise NotARecording(f"{file} holds no speech.")
    found = samples[max(0, voiced[0] - FRAME) : voiced[-1] + 2 * FRAME]
    if len(found) > LONGEST * RATE:
        raise NotARecording(
            f"{file} holds {len(found) / RATE:.1f} seconds of speech; it is to hold the word once, and no more."
        )
    return found / max(1e-4, float(np.abs(found).max()))
