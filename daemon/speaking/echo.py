"""Tells our own voice from a person's in what the microphone hears."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from daemon.hearing.frames import FRAME, RATE
from daemon.speaking.likeness import delay, explained
from daemon.speaking.room import EARLY, LATEST, RINGS, Room
from daemon.speaking.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daemon.hearing.frames import Frame

LATELY = LATEST + RATE // 5
"""Samples after our last one in which our voice can still arrive."""
GAP = RATE // 5
"""Samples by which frames may come early or late before they count as torn apart: a busy machine hands them over in
heaps."""
KEPT = 1200
"""Frames about which is remembered how much of them was ours: 38 seconds."""
OURS = 0.6
"""Share of a sentence's power that our output explains from which on it is ours: other voices stay below 0.4, however
much they speak alike, and ours is above 0.8 in any room."""
TAKEN = 0.9
"""Share of a sentence's power that had to be taken out of it from which on it is ours."""
BEFORE = RATE // 2
"""Samples that a sentence may hold before its first voiced one."""
AROUND = BEFORE + LATELY + EARLY
"""Samples of what was played among which a sentence is looked for, besides its own length."""
PIECE = 5 * RATE // 2
"""Samples that are compared at once: over longer ones, clocks drift apart."""
SHORT = RATE // 5
"""Samples below which too little is there to tell voices apart, so that it is ours while we speak."""


class Echo:
    """Knows what was played, and when; thread-safe."""

    def __init__(self) -> None:
        self._played = Timeline()
        self._room = Room(self._played)
        self._lock = threading.Lock()
        self._until: int | None = None
        self._shares: deque[tuple[float, float, float]] = deque(maxlen=KEPT)
        """Of each frame: its moment, its power, and what of that was left."""

    def opened(self) -> None:
        """Note that the loudspeaker was opened: how late it plays is another question now."""
        with self._lock:
            self._room.begin()

    def playing(self, samples: NDArray[np.float32], at: float) -> None:
        """Note that these samples, at 16 kHz, are being played, the first of them at the moment `at`."""
        self._played.playing(samples, at)

    def stopped(self, at: float) -> None:
        """Note that what was being played was cut off at the moment `at`."""
        self._played.stopped(at)

    def clean(self, frame: Frame) -> Frame:
        """The frame without our own output; the same object when nothing was played lately."""
        import numpy as np

        moment = self._played.moment(frame.at)
        with self._lock:
            if not self._played.active(moment - LATELY, moment + EARLY):
                self._until = None
                return frame
            if self._until is None:
                self._room.begin()
                self._until = moment
            else:
                # Counted, not taken from the clock, whose trembling would be a moving loudspeaker.
                self._until += FRAME * (1 + frame.missed)
                if abs(self._until - moment) > GAP:
                    self._until = moment
                    self._room.begin()
            samples = self._room.clean(frame.samples, self._until)
            self._shares.append((frame.at, float(np.sum(frame.samples**2)), float(np.sum(samples**2))))
        return replace(frame, samples=samples)

    def is_own(self, samples: NDArray[np.float32], began: float, ended: float) -> bool:
        """Whether this sentence is our own output, heard through the microphone at any delay up to 2 s.

        Args:
            samples: the sentence at 16 kHz, cleaned or not, shape (n,), and up to half a second before its first word.
            began: the moment of its first voiced sample.
            ended: the moment of its last one.
        """
        first, last = self._played.moment(began), self._played.moment(ended)
        if not self._played.active(first - LATELY, last + EARLY):
            return False
        if len(samples) < SHORT:
            return self._played.active(first - RINGS, last + EARLY)
        if self._was_taken(began, ended):
            return True
        first -= BEFORE + LATELY
        return self._explained(samples, self._played.stretch(first, len(samples) + AROUND)) >= OURS

    def _was_taken(self, began: float, ended: float) -> bool:
        """Whether hardly anything was left of these frames when our voice was taken out of them."""
        with self._lock:
            frames = [(heard, left) for at, heard, left in self._shares if began <= at <= ended]
        heard, left = (sum(each) for each in zip(*frames, strict=True)) if frames else (0.0, 0.0)
        return heard > 0 and left <= (1 - TAKEN) * heard

    def _explained(self, samples: NDArray[np.float32], played: NDArray[np.float32]) -> float:
        """The share of the sentence's power that what was played explains, piece by piece."""
        import numpy as np

        pieces = max(1, round(len(samples) / PIECE))
        found = total = 0.0
        for piece, at in zip(np.array_split(samples, pieces), _starts(len(samples), pieces), strict=True):
            around = played[at : at + len(piece) + AROUND]
            offset = delay(piece, around).offset
            power = float(np.sum(piece**2))
            found += power * explained(piece, around[offset : offset + len(piece)])
            total += power
        return found / (total + 1e-12)


def _starts(size: int, pieces: int) -> list[int]:
    """Where each piece begins that numpy's array_split makes."""
    whole, more = divmod(size, pieces)
    return [each * whole + min(each, more) for each in range(pieces)]
