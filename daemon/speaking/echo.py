"""Tells our own voice from a person's in what the microphone hears."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daemon.hearing.frames import Frame


class Echo:
    """Knows what was played, and when; thread-safe."""

    def playing(self, samples: NDArray[np.float32], at: float) -> None:
        """Note that these samples, at 16 kHz, are being played, the first of them at the moment `at`."""

    def stopped(self, at: float) -> None:
        """Note that what was being played was cut off at the moment `at`."""

    def clean(self, frame: Frame) -> Frame:
        """The frame without our own output; the same object when nothing was played lately."""
        return frame

    def is_own(self, samples: NDArray[np.float32], began: float, ended: float) -> bool:
        """Whether this sentence is our own output, heard through the microphone at any delay up to 2 s."""
        return False
