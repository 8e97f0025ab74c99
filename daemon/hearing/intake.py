"""Where sound comes in: PortAudio's thread puts it down here, and never waits for whoever takes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daemon.portaudio import Stream

KEPT = 64
"""Blocks that wait for a slow reader: 2 seconds."""


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """What a device gave at once."""

    source: Intake
    number: int
    """Counted from 0 for each opening; where a number is missing, a block was lost."""
    samples: NDArray[np.float32]
    """As the device gave it, shape (n, channels)."""
    at: float
    """When it came."""


class Intake:
    """One opening of a device."""

    def __init__(
        self, queue: SimpleQueue[Block | None], clock: Callable[[], float], began: Callable[[], None] | None
    ) -> None:
        """Get ready.

        Args:
            queue: where blocks are put; unbounded, so that putting never waits.
            clock: the time in seconds.
            began: called once, with the first block, on PortAudio's thread.
        """
        self._queue, self._clock, self._began = queue, clock, began
        self.stream: Stream | None = None
        self.blocks = 0
        """How many came, lost ones included."""
        self.overruns = 0
        """How often sound was lost: in PortAudio, or here because nobody took it."""
        self.last = clock()
        """When sound came last."""

    def heard(self, samples: Any, count: int, times: Any, flags: Any) -> None:
        """Take a block, as sounddevice gives it; the oldest one makes room where nobody fetches them."""
        self.last = self._clock()
        if flags.input_overflow:
            self.overruns += 1
            self.blocks += 1
        if self._queue.qsize() >= KEPT:
            with suppress(Empty):  # the reader was quicker
                self.overruns += self._queue.get_nowait() is not None
        self._queue.put(Block(self, self.blocks, samples.copy(), self.last))
        self.blocks += 1
        if self._began is not None:
            self._began()
            self._began = None
