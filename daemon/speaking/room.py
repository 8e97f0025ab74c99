"""The way of our voice from the loudspeaker through the room into the microphone, learned while we speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.hearing.frames import FRAME, RATE
from daemon.speaking.canceller import BLOCK, Canceller
from daemon.speaking.likeness import Delay, delay, explained

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
GLANCES = RATE // 2
"""Samples that are looked for when a person seems to speak, and how far from where they should be."""
SURE, LIKELY = 16.0, 9.0
"""How far a delay must stand out to be believed at once, or when it is found twice."""
SAME = RATE // 250
"""Samples by which two delays that are the same may differ."""
MARGIN = 24 * RATE // 1000
"""Samples that the filter begins before the delay: the strongest sound is not always the first one."""
RINGS = 3 * RATE // 10
"""Samples after our last one in which nothing is let through while our voice was not found: after them somebody
answers, and what comes of ours as late as that is known by its whole sentence."""
LOUD = 0.003
"""Root mean square above which something is heard at all."""
ALONE = 25
"""Frames in which something is heard that we do not say, until it counts as a person: headphones have no echo."""
MOSTLY, OURS = 0.5, 0.85
"""Share of what was heard that our voice explains from which on it is in there, and nobody else is."""
OPENS, CLOSES = 0.08, 0.02
"""Share of the power that we do not explain at which a person is let through, and at which no more."""


class Room:
    """Learns the delay and the filter, and takes our voice out of one frame after the other.

    Until it has found our voice in what is heard it lets nothing through while we speak: that is the first half second
    after a device was opened.
    """

    def __init__(self, played: Timeline) -> None:
        self._played = played
        self._canceller = Canceller()
        self._delay: int | None = None
        self._strongest: int | None = None
        """Where within the filter our voice is the loudest."""
        self._maybe: int | None = None
        self._found = False
        """Whether the delay holds since the device was opened."""
        self._no_echo = False
        self._heard: NDArray[np.float32] | None = None
        self._until = 0
        self._frames = self._alone = 0
        self._share = 0.0
        self._open = False

    def begin(self) -> None:
        """A device was opened anew, and now has another delay; or frames are missing."""
        self._heard = self._maybe = None
        self._frames = self._alone = 0
        self._share, self._open, self._found = 0.0, False, False
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
        if self._delay is not None and (self._found or not self._speaks()):
            return self._without(samples, self._delay)
        return samples if self._unexplained(samples) else np.zeros_like(samples)

    def _speaks(self) -> bool:
        """Whether we speak, or have just stopped: what is heard may well be us."""
        return self._played.active(self._until - FRAME - RINGS, self._until + EARLY)

    def _look(self) -> None:
        """Look for our voice in the last second."""
        found = self._find(LOOKS, LATEST, EARLY)
        if found is None:
            return
        late = LATEST - found.offset
        likely = found.certainty >= SURE or (found.certainty >= LIKELY and _same(late, self._maybe))
        if likely and (self._found or self._explains(LOOKS, late, MOSTLY)):
            self._believe(late)
        self._maybe = late if found.certainty >= LIKELY else None

    def _glance(self) -> bool:
        """Whether what seems to be a person is our voice: moved, because a gap was played, or not well learned yet."""
        late = self._delay or 0
        latest = late + GLANCES
        found = self._find(GLANCES, latest, GLANCES - late)
        if found is None or found.certainty < SURE:
            return False
        late = latest - found.offset
        if not _same(late, self._strongest):
            self._adopt(late)
            return True
        if not self._explains(GLANCES, late, OURS):
            return False
        self._canceller.doubt()
        return True

    def _explains(self, count: int, late: int, share: float) -> bool:
        """Whether our voice, that late, explains such a share of the last `count` samples."""
        played = self._played.stretch(self._until - count - late, count)
        return self._heard is not None and explained(self._heard[-count:], played) >= share

    def _find(self, count: int, latest: int, early: int) -> Delay | None:
        """Where in what was played the last `count` samples are, if enough was heard in them."""
        import numpy as np

        first = self._until - count - latest
        if self._heard is None or not self._played.active(first, self._until + early):
            return None
        heard = self._heard[-count:]
        frames = heard[count % FRAME :].reshape(-1, FRAME)
        if np.count_nonzero(np.mean(frames**2, axis=1) > LOUD**2) < ENOUGH:
            return None
        return delay(heard, self._played.stretch(first, count + latest + early))

    def _believe(self, late: int) -> None:
        if self._delay is None or not -MARGIN // 2 <= late - self._delay <= 2 * MARGIN:
            self._adopt(late)
        elif not self._found:
            self._strongest = late
            self._catch_up(self._delay)
        elif not _same(late, self._strongest) and _same(late, self._maybe):
            self._strongest = late
            self._canceller.doubt()
        self._found, self._no_echo = True, False

    def _adopt(self, late: int) -> None:
        """Take another delay, with a filter that knows nothing yet but the last second."""
        self._delay = self._strongest = late
        self._canceller = Canceller()
        self._catch_up(late)

    def _catch_up(self, late: int) -> None:
        """Learn from the last half second, so that what comes next is taken out rightly from its first word on.

        What was learned may be wrong, as what came before was not heard or came later: so it is doubted at once.
        """
        import numpy as np

        if self._heard is None:
            return
        heard = self._heard[-GLANCES // BLOCK * BLOCK :]
        loud = np.flatnonzero(np.abs(heard) > LOUD)
        begin = int(loud[0]) // BLOCK * BLOCK if len(loud) else len(heard)
        played = self._played.stretch(self._until - len(heard) - late + MARGIN, len(heard))
        for at in range(begin, len(heard), BLOCK):
            self._canceller.block(played[at : at + BLOCK], heard[at : at + BLOCK])
        self._canceller.doubt()

    def _unexplained(self, samples: NDArray[np.float32]) -> bool:
        """While our voice is not found: whether what is heard cannot be us, because it would have been."""
        import numpy as np

        if not self._speaks():
            return True
        if np.sqrt(np.mean(samples**2)) > LOUD:
            self._alone += 1
            self._no_echo = self._no_echo or self._alone > ALONE
        return self._no_echo

    def _without(self, samples: NDArray[np.float32], late: int) -> NDArray[np.float32]:
        import numpy as np

        played = self._played.stretch(self._until - FRAME - late + MARGIN, FRAME)
        cleaned = np.empty_like(samples)
        was_open = self._open
        for at in range(0, FRAME, BLOCK):
            block = slice(at, at + BLOCK)
            cleaned[block], share = self._canceller.block(played[block], samples[block])
            self._share = 0.75 * self._share + 0.25 * share
            self._open = self._share > (CLOSES if self._open else OPENS)
            if not self._open:
                cleaned[block] = 0
        if self._open and (not was_open or self._frames % 3 == 0) and self._glance():
            self._share, self._open = 0.0, False
            cleaned[:] = 0
        return cleaned


def _same(one: int, other: int | None) -> bool:
    return other is not None and abs(one - other) <= SAME
