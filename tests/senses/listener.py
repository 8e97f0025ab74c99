"""Understands the words that DevOS asks for as surely as a person does: by how DevOS says each of them.

Whisper's smallest model hears a synthetic voice worse than anybody would, and it is not the listener who is tested.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from virtual_sound import RATE

from daemon.confirming.words import SPOKEN, WORDS
from daemon.speaking.voice import Voice

STEP = RATE // 100
BANDS = 24
ALIKE, CLEARER = 0.93, 0.005
"""How much sound has to be like a sentence to be it, and how much more than like any other one."""

Sound = NDArray[np.float32]


@cache
def sentences(rate: int) -> dict[str, Sound]:
    """Every pair of words → the spectrum of the sentence that asks for it, at so many words a minute."""
    voice = Voice(None, rate=rate)
    try:
        found = {}
        for words in (f"{word} {digit}" for word in WORDS for digit in SPOKEN.values()):
            said = voice.render(f"Say: confirm {words}.").heard
            loud = np.flatnonzero(np.abs(said) > 0.01)
            found[words] = _spectrum(said[loud[0] : loud[-1] + 1])
        return found
    finally:
        voice.close()


def words_in(heard: Sound, rate: int) -> str | None:
    """The words that were asked for in it; None where that is not clear."""
    (best, alike), (_, other) = sorted(likeness(heard, rate).items(), key=lambda each: -each[1])[:2]
    return best if alike >= max(ALIKE, other + CLEARER) else None


def likeness(heard: Sound, rate: int) -> dict[str, float]:
    """How much the sound is like each sentence, up to 1, wherever in it that was said."""
    sound = _spectrum(heard)
    size = 1 << (len(sound) + max(map(len, sentences(rate).values()))).bit_length()
    spectrum = np.fft.rfft(sound, size, axis=0)
    power = np.concatenate([[0.0], np.cumsum(np.sum(sound**2, axis=1, dtype=np.float64))])
    return {words: _alike(spectrum, power, said, size) for words, said in sentences(rate).items()}


def _alike(spectrum: NDArray[np.complex128], power: NDArray[np.float64], said: Sound, size: int) -> float:
    places = len(power) - len(said)
    if places <= 0:
        return 0.0
    found = np.fft.irfft(np.sum(spectrum * np.conj(np.fft.rfft(said, size, axis=0)), axis=1), size)[:places]
    there = power[len(said) :] - power[: -len(said)]
    return float(np.max(found / np.sqrt(np.maximum(there, 1e-3) * float(np.sum(said**2)))))


def _spectrum(samples: Sound) -> Sound:
    """How loud it is in each band of up to 5 kHz, every 10 ms, shape (n, bands)."""
    size = 2 * STEP
    count = max(1, (len(samples) - size) // STEP)
    pieces = np.stack([samples[each * STEP : each * STEP + size] for each in range(count)]) * np.hanning(size)
    loud = np.abs(np.fft.rfft(pieces, axis=1))[:, 2 : 2 + 4 * BANDS]
    return np.sqrt(loud.reshape(count, BANDS, 4).sum(axis=2)).astype(np.float32)
