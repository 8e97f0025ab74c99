"""The way of our voice from the loudspeaker through the room into the microphone, learned while we speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.hearing.frames import FRAME, RATE
from daemon.speaking.canceller import BLOCK, Canceller
from daemon.speaking.likeness import delay

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daemon.speaking.timeline import Timeline

LATEST = 2 * RATE
"""Samples that our voice may need from the loudspeaker to the microphone: through the air and two sound servers."""
EARLY = RATE // 10
"""Samples that it may come before the moment it was said to be played at: what devices tell about that is a guess."""
LOOKS = RATE
"""Samples of what was heard that are looked for in what was played."""
ENOUGH = 8
"""Frames of these in which something must be heard: a syllable fits anywhere."""
OFTEN = 6
"""Frames between two looks."""
SURE, LIKELY = 16.0, 9.0
"""How far a delay must stand out to be believed at once, or when it is found twice."""
SAME = RATE // 250
"""Samples by which two delays that are the same may differ."""
MARGIN = 24 * RATE // 1000
"""Samples that the filter begins before the delay: the strongest sound is not always the first one."""
LOUD = 0.003
"""Root mean square above which something is heard at all."""
ALONE = 25
"""Frames in which something is heard that we do not say, until it counts as a person: headphones have no echo."""
OPENS, CLOSES = 0.08, 0.02
"""Share of the power that we do not explain at which a person is let through, and at which no more."""


class Room:
    """Learns the delay and the filter, and takes our voice out of one frame after the other."""

    def __init__(self, played: Timeline) -> None:
        self._played = played
        self._canceller = Canceller()
        self._delay: int | None = None
        self._maybe: int | None = None
        self._no_echo = False
        self._heard: NDArray[np.float32] | None = None
        self._until = 0
        self._frames = self._alone = 0
        self._share = 0.0
        self._open = False

    def begin(self) -> None:
        """We begin to speak again: the devices may have been opened anew, and with another delay."""
        self._heard = None
        self._frames = self._alone = 0
        self._share, self._open = 0.0, False
        self._canceller.doubt()

    def clean(self, samples: NDArray[np.float32], until: int) -> NDArray[np.float32]:
        """The frame without our voice.

        Args:
            samples: shape (512,).
            until: the moment after its last sample, on the clock of what was played.
        """
        import numpy as np

        heard = np.zeros(LOOKS, np.float32) if self._heard is None else self._heard
        self._heard = np.concatenate([heard[FRAME:], samples])
        self._until = until
        self._frames += 1
        if self._frames % OFTEN == 0:
            self._look()
        if self._delay is None:
            return samples if self._unexplained(samples) else np.zeros_like(samples)
        return self._without(samples, self._delay)

    def _look(self) -> None:
        """Look for the delay in the last second."""
        import numpy as np

        first = self._until - LOOKS - LATEST
        heard = self._heard
        if heard is None or not self._played.active(first, self._until):
            return
        frames = heard[len(heard) % FRAME :].reshape(-1, FRAME)
        if np.count_nonzero(np.mean(frames**2, axis=1) > LOUD**2) < ENOUGH:
            return
        played = self._played.stretch(first, LOOKS + LATEST + EARLY)
        found = delay(heard, played)
        samples = LATEST - found.offset
        if found.certainty >= SURE or (found.certainty >= LIKELY and _same(samples, self._maybe)):
            self._believe(samples)
        self._maybe = samples if found.certainty >= LIKELY else None

    def _believe(self, samples: int) -> None:
        self._no_echo = False
        if self._delay is None or not -MARGIN // 2 <= samples - self._delay <= 2 * MARGIN:
            self._delay = samples
            self._canceller = Canceller()
            self._catch_up(samples)

    def _catch_up(self, late: int) -> None:
        """Learn from the last second, so that what comes next is taken out rightly from its first word on."""
        if self._heard is not None:
            count = len(self._heard) // BLOCK * BLOCK
            played = self._played.stretch(self._until - count - late + MARGIN, count)
            for at in range(0, count, BLOCK):
                self._canceller.block(played[at : at + BLOCK], self._heard[-count:][at : at + BLOCK])

    def _unexplained(self, samples: NDArray[np.float32]) -> bool:
        """While no delay is known: whether what is heard cannot be us, because it would have been recognised."""
        import numpy as np

        if self._played.active(self._until - LATEST // 2, self._until) and np.sqrt(np.mean(samples**2)) > LOUD:
            self._alone += 1
            self._no_echo = self._no_echo or self._alone > ALONE
        return self._no_echo

    def _without(self, samples: NDArray[np.float32], late: int) -> NDArray[np.float32]:
        import numpy as np

        first = self._until - FRAME - late + MARGIN
        played = self._played.stretch(first, FRAME)
        cleaned = np.empty_like(samples)
        for at in range(0, FRAME, BLOCK):
            block = slice(at, at + BLOCK)
            cleaned[block], share = self._canceller.block(played[block], samples[block])
            self._share = 0.75 * self._share + 0.25 * share
            self._open = self._share > (CLOSES if self._open else OPENS)
            if not self._open:
                cleaned[block] = 0
        return cleaned


def _same(one: int, other: int | None) -> bool:
    return other is not None and abs(one - other) <= SAME
