"""Sound as it is passed on while it is heard: short frames with the moment they were taken at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 16_000
"""Samples per second, of everything that is listened to."""

FRAME = 512
"""Samples in one frame: 32 ms, what the voice detector takes at once."""


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """32 ms of sound from a microphone."""

    samples: NDArray[np.float32]
    """One channel at 16 kHz, values from -1 to 1, shape (512,)."""
    at: float
    """When its last sample was taken, by time.monotonic(), in seconds."""
    missed: int = 0
    """How many frames before this one were lost, because nobody fetched them in time."""
