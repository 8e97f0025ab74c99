"""Takes a known sound out of what a microphone heard: an adaptive filter, and a spectral gate for what it leaves.

The filter is a partitioned frequency-domain Kalman filter (G. Enzner and P. Vary, "Frequency-domain adaptive Kalman
filter for acoustic echo control in hands-free telephones", 2006): its step follows from how uncertain it is about each
bin and from how much else is heard there, so that it goes on adapting rightly while a person speaks at the same time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 256
"""Samples that are worked on at once, at 16 kHz: 16 ms."""
PARTITIONS = 12
"""Blocks of echo that the filter covers: 192 ms."""
REMEMBERS = 0.9995
"""How much of what it has learned holds a block later: people move, and clocks drift."""
UNCERTAIN = 8.0
"""How far what the filter may still get wrong is overestimated."""
LEFT = 0.4
"""Share of the echo that counts as left over after the filter: reverberation, and what a small loudspeaker distorts."""
DECAYS = 0.8
"""How much of that share is still in the room a block later."""
WORSE = 2.0
"""How far a bin is blamed on the echo that became louder by taking the echo out: the filter is wrong there."""
CHANGES = 0.2
"""How much the block at hand counts in what else is heard."""
CALMS, PAUSE = 0.97, 0.1
"""How fast the loudest block is forgotten, and what share of its power is a pause, in which the noise of the room is
all that is not explained."""
FAINTEST = 1e-4
"""Power of a bin below which there is nothing but noise."""


class Canceller:
    """One microphone, one loudspeaker; fed block by block, without gaps."""

    def __init__(self) -> None:
        import numpy as np

        bins = BLOCK + 1
        self._window = np.hanning(2 * BLOCK + 1)[:-1].astype(np.float32)
        """Two of them that overlap by half add up to one."""
        smear = np.hanning(11)[1:-1]
        self._smear = (smear / smear.sum()).astype(np.float32)
        self._filter = np.zeros((PARTITIONS, bins), np.complex64)
        self._spectra = np.zeros((PARTITIONS, bins), np.complex64)
        self._unsure = np.zeros((PARTITIONS, bins), np.float32)
        self._other = np.full(bins, FAINTEST, np.float32)
        """Power of what is heard and is not the echo, per bin."""
        self._left = np.zeros(bins, np.float32)
        self._played, self._heard, self._rest = (np.zeros(2 * BLOCK, np.float32) for _ in range(3))
        self._tail = np.zeros(BLOCK, np.float32)
        self._loudest = 0.0
        self.doubt()

    def doubt(self) -> None:
        """Adapt fast again: the way from the loudspeaker to the microphone may be another one now."""
        import numpy as np

        start = 0.3 * np.exp(-np.arange(PARTITIONS, dtype=np.float32) / 4)
        self._unsure[:] = np.maximum(self._unsure, start[:, None])

    def block(self, played: NDArray[np.float32], heard: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
        """Take what is played out of what is heard.

        Args:
            played: shape (256,); as early as `heard`, or up to the filter's length earlier.
            heard: shape (256,).

        Returns:
            The block before this one without the echo, shape (256,), and how much of this block's power is not the
            echo, 0 to 1; in a pause, of the power of what was heard shortly before.
        """
        import numpy as np

        self._played = np.concatenate([self._played[BLOCK:], played])
        self._spectra = np.roll(self._spectra, 1, 0)
        self._spectra[0] = np.fft.rfft(self._played)
        powers = np.square(self._spectra.real) + np.square(self._spectra.imag)
        echo = np.fft.irfft((self._filter * self._spectra).sum(0))[BLOCK:].astype(np.float32)
        rest = heard - echo
        unsure = (self._unsure * powers).sum(0)
        self._adapt(rest, powers, unsure)
        self._heard = np.concatenate([self._heard[BLOCK:], heard])
        self._rest = np.concatenate([self._rest[BLOCK:], rest])
        return self._gated(unsure)

    def _adapt(self, rest: NDArray[np.float32], powers: NDArray[np.float32], unsure: NDArray[np.float32]) -> None:
        import numpy as np

        error = np.fft.rfft(np.concatenate([np.zeros(BLOCK, np.float32), rest]))
        self._other = ((1 - CHANGES) * self._other + CHANGES * np.abs(error) ** 2).astype(np.float32)
        # Half of a block of two is silence, hence the halves.
        step = self._unsure / (0.5 * unsure + self._other + 1e-6)
        change = np.fft.irfft(step * np.conj(self._spectra) * error, axis=1)
        change[:, BLOCK:] = 0  # a filter of one block's length, not one that wraps round
        self._filter = (self._filter + np.fft.rfft(change, axis=1)).astype(np.complex64)
        kept = REMEMBERS**2
        learned = kept * (1 - 0.5 * step * powers) * self._unsure + (1 - kept) * np.abs(self._filter) ** 2
        self._unsure = np.maximum(learned, 1e-8).astype(np.float32)

    def _gated(self, unsure: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
        """What the filter left, without the bins in which the echo explains it."""
        import numpy as np

        spectrum = np.fft.rfft(self._rest * self._window)
        echo = np.abs(np.fft.rfft((self._heard - self._rest) * self._window)) ** 2
        echo = np.convolve(echo, self._smear, "same") + 0.01 * echo.mean()
        self._left = np.maximum(DECAYS * self._left, echo).astype(np.float32)
        explained = UNCERTAIN * 0.375 * unsure + LEFT * self._left  # 0.375: the mean of the window's square
        power = np.abs(spectrum) ** 2
        heard = np.abs(np.fft.rfft(self._heard * self._window)) ** 2
        explained += WORSE * np.maximum(0, power - heard)
        gain = np.maximum(0, 1 - explained / (power + 1e-9))
        total = float(heard.sum())
        sound = np.fft.irfft(spectrum * gain).astype(np.float32)
        done, self._tail = self._tail + sound[:BLOCK], sound[BLOCK:]
        self._loudest = max(total, CALMS * self._loudest)
        return done, float((gain * power).sum() / (max(total, PAUSE * self._loudest) + 1e-9))
