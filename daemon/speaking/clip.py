"""A piece of sound that is ready to be played."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from daemon.hearing.frames import RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Clip:
    """A sentence, or a short tone."""

    samples: NDArray[np.float32]
    """One channel, values from -1 to 1, shape (n,)."""
    rate: int
    """Samples per second."""
    speech: bool = True
    """Whether it is our voice, which has to be told from a person's; while a tone sounds, a person may well begin."""

    @property
    def seconds(self) -> float:
        """How long it takes to be played."""
        return len(self.samples) / self.rate

    @cached_property
    def heard(self) -> NDArray[np.float32]:
        """The same as a microphone takes it: at 16 kHz, shape (m,)."""
        if self.rate == RATE:
            return self.samples
        import numpy as np
        import soxr

        return np.asarray(soxr.resample(self.samples, self.rate, RATE), np.float32)
