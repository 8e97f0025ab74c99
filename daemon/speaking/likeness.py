"""Compares what was heard with what was played: how late it came, and how much of it that explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.hearing.frames import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOWEST, HIGHEST = 200.0, 5000.0
"""Hertz between which a voice is compared: below is hum, above there is little of it."""
WINDOW, HOP = 1024, 256
"""Samples of the spectra that are compared, and between two of them."""
TAPS = (0, 2, 4)
"""Which earlier spectra belong to the same sound, in hops: a room answers for longer than one window."""


@dataclass(frozen=True)
class Delay:
    """Where in what was played the heard sound is found."""

    offset: int
    """Samples from the beginning of what was played."""
    certainty: float
    """How far the best place stands out of all others, in standard deviations; above 16 there is no doubt."""


def delay(heard: NDArray[np.float32], played: NDArray[np.float32]) -> Delay:
    """Find the heard sound in what was played, by the phases of their spectra alone (GCC-PHAT).

    Args:
        heard: shape (n,), at 16 kHz.
        played: shape (m,), m >= n.
    """
    import numpy as np

    size = 1 << (len(played) + len(heard) - 1).bit_length()
    cross = np.fft.rfft(played, size) * np.conj(np.fft.rfft(heard, size))
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    strength = np.abs(cross)
    cross *= ((hertz > LOWEST) & (hertz < HIGHEST)) / (strength + 1e-9 * strength.max() + 1e-20)
    places = np.abs(np.fft.irfft(cross, size)[: len(played) - len(heard) + 1])
    best = int(places.argmax())
    return Delay(best, float(places[best] / (np.sqrt(np.mean(places**2)) + 1e-20)))


def explained(heard: NDArray[np.float32], played: NDArray[np.float32]) -> float:
    """How much of the heard sound's power what was played explains, 0 to 1, through whatever room and loudspeaker.

    Each frequency is predicted from the same one of what was played, now and shortly before; a voice that says the same
    words is predicted badly, because its phases are its own.

    Args:
        heard: shape (n,), at 16 kHz.
        played: the same stretch, shape (n,).
    """
    import numpy as np

    ours, theirs = _spectra(played), _spectra(heard)
    if len(theirs) <= 2 * len(TAPS):
        return 0.0
    shifted = [np.concatenate([np.zeros((tap, ours.shape[1]), ours.dtype), ours[: len(ours) - tap]]) for tap in TAPS]
    inputs = np.stack(shifted, 2).transpose(1, 0, 2)  # bins, spectra, taps
    wanted = theirs.T[:, :, None]
    turned = inputs.conj().transpose(0, 2, 1)
    powers = turned @ inputs
    floor = 1e-6 * np.trace(powers, axis1=1, axis2=2).real + 1e-9
    weights = np.linalg.solve(powers + floor[:, None, None] * np.eye(len(TAPS)), turned @ wanted)
    rest = (np.abs(wanted - inputs @ weights) ** 2).sum()
    return float(max(0.0, 1 - rest / ((np.abs(wanted) ** 2).sum() + 1e-9)))


def _spectra(samples: NDArray[np.float32]) -> NDArray[np.complex64]:
    """The bins of a voice, shape (spectra, bins)."""
    import numpy as np

    padded = np.pad(samples, (WINDOW // 2, WINDOW // 2))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    first, last = (int(each * WINDOW / RATE) for each in (LOWEST, HIGHEST))
    window = np.hanning(WINDOW).astype(np.float32)
    return np.asarray(np.fft.rfft(windows * window)[:, first:last], np.complex64)
