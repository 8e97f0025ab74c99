"""Makes frames of 512 samples at 16 kHz of whatever a device gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.hearing.frames import FRAME, RATE, Frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Framer:
    """Turns the blocks of one device, at its own rate and with its own channels, into frames."""

    def __init__(self, rate: float) -> None:
        """Begin; `rate` is the device's, in samples per second."""
        import numpy

        self._numpy = numpy
        self._rate = rate
        self._resampler = self._new_resampler()
        self._kept: NDArray[np.float32] = numpy.zeros(0, numpy.float32)
        self._at = 0.0
        self._missed = 0

    def add(self, samples: NDArray[np.float32], at: float, missed: int = 0) -> None:
        """Take a block.

        Args:
            samples: shape (n, channels); of several channels the mean is taken.
            at: when its last sample was taken.
            missed: how many blocks were lost before it; what they were to be joined with is dropped with them.
        """
        mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=samples.dtype)
        if missed:
            self._missed += missed
            self._resampler = self._new_resampler()
            self._kept = self._kept[:0]
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(mono)
        self._kept = self._numpy.concatenate([self._kept, mono]) if len(self._kept) else mono
        self._at = at

    def next(self) -> Frame | None:
        """The next frame, where one is complete."""
        if len(self._kept) < FRAME:
            return None
        samples, self._kept = self._kept[:FRAME], self._kept[FRAME:]
        missed, self._missed = self._missed, 0
        return Frame(samples, self._at - (len(self._kept) + self._delay()) / RATE, missed)

    def _new_resampler(self) -> Any:
        """What brings it to 16 kHz; None where it is that already."""
        if self._rate == RATE:
            return None
        import soxr

        return soxr.ResampleStream(self._rate, RATE, 1, dtype="float32", quality="HQ")

    def _delay(self) -> float:
        """Samples that the resampler still holds back."""
        return float(self._resampler.delay()) if self._resampler is not None else 0.0
