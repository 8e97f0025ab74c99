"""What a room and a microphone make of speech: echo, noise, hum, distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.hearing.frames import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUIETEST, LOUDEST = -26.0, -1.0
"""How loud the loudest sample is, in decibels below full scale."""

CLEANEST, NOISIEST = 45.0, 10.0
"""How far speech lies above the noise, in decibels."""


def recorded(samples: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Clean speech as a microphone would record it in some room, at some distance; shape and rate stay."""
    import numpy as np

    if random.random() < 0.6:
        samples = _echoed(samples, random)
    samples = _coloured(samples, random)
    loudness = float(np.sqrt(np.mean(samples**2))) or 1e-4
    level = loudness * 10 ** (-random.uniform(NOISIEST, CLEANEST) / 20)
    samples = samples + level * noise(len(samples), random)
    peak = float(np.abs(samples).max()) or 1.0
    return (samples * (10 ** (random.uniform(QUIETEST, LOUDEST) / 20) / peak)).astype(np.float32)


def noise(length: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Noise of a mean power of 1: anything between a hiss and a rumble, at times with the mains' hum in it."""
    import numpy as np

    size = _quick(length)
    spectrum = np.fft.rfft(random.standard_normal(size, np.float32))
    frequencies = np.fft.rfftfreq(size, 1 / RATE)
    spectrum *= (np.maximum(frequencies, 40.0) ** -random.uniform(0, 1.0)).astype(np.float32)
    sound = np.fft.irfft(spectrum, size)[:length].astype(np.float32)
    sound /= np.sqrt(np.mean(sound**2)) or np.float32(1)
    if random.random() < 0.3:
        mains = random.choice([50.0, 60.0]) * random.integers(1, 4)
        hum = random.uniform(0.2, 1.5) * np.sin(2 * np.pi * mains * np.arange(length) / RATE)
        sound += hum.astype(np.float32)
    return sound


def _echoed(samples: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """In a small room: the sound itself, then a tail that dies away within a fraction of a second."""
    import numpy as np

    length = int(random.uniform(0.08, 0.45) * RATE)
    tail = random.standard_normal(length, np.float32) * (10 ** (-3 * np.arange(length) / length)).astype(np.float32)
    tail[: int(random.uniform(0.002, 0.012) * RATE)] = 0
    tail *= np.float32(random.uniform(0.1, 0.7)) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    size = _quick(len(samples) + length)
    echoed = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)
    return echoed[: len(samples)].astype(np.float32)


def _coloured(samples: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Through a microphone that likes some frequencies better than others, by a few decibels."""
    import numpy as np

    size = _quick(len(samples))
    spectrum = np.fft.rfft(samples, size)
    decibels = np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, 7), random.uniform(-5, 5, 7))
    coloured = np.fft.irfft(spectrum * (10 ** (decibels / 20)).astype(np.float32), size)
    return coloured[: len(samples)].astype(np.float32)


def _quick(length: int) -> int:
    """The next length whose Fourier transform is quick."""
    return 1 << max(8, (length - 1).bit_length())
