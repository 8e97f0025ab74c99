"""What was played when, as a microphone in front of the loudspeaker could have heard it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from daemon.hearing.frames import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEPT = 45.0
"""Seconds after which what was played is forgotten: the longest sentence, and the longest way through the air."""


class Timeline:
    """Our own output of the last 45 seconds, on one clock; thread-safe.

    A moment is a number of samples at 16 kHz since this was made, so that neighbouring stretches fit exactly.
    """

    def __init__(self) -> None:
        self._zero = time.monotonic()
        self._lock = threading.Lock()
        self._pieces: list[tuple[int, NDArray[np.float32]]] = []

    def moment(self, at: float) -> int:
        """The sample that belongs to a moment of time.monotonic()."""
        return round((at - self._zero) * RATE)

    def playing(self, samples: NDArray[np.float32], at: float) -> None:
        """Note that these samples are being played, the first one at `at`."""
        first = self.moment(at)
        with self._lock:
            self._pieces = [each for each in self._pieces if each[0] + len(each[1]) > first - KEPT * RATE]
            self._pieces.append((first, samples))

    def stopped(self, at: float) -> None:
        """Note that what was being played ended at `at`, before its end."""
        end = self.moment(at)
        with self._lock:
            if self._pieces:
                first, samples = self._pieces[-1]
                self._pieces[-1] = (first, samples[: max(0, end - first)])

    def active(self, first: int, last: int) -> bool:
        """Whether anything was played between two moments."""
        with self._lock:
            return any(start < last and start + len(each) > first for start, each in self._pieces)

    def stretch(self, first: int, count: int) -> NDArray[np.float32]:
        """What was played from a moment on, shape (count,); zero where nothing was."""
        import numpy as np

        found = np.zeros(count, np.float32)
        with self._lock:
            for start, each in self._pieces:
                begin, end = max(first, start), min(first + count, start + len(each))
                if begin < end:
                    found[begin - first : end - first] = each[begin - start : end - start]
        return found
