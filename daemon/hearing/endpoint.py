"""Finds where a sentence begins and ends, frame by frame, from how likely each frame is to hold speech."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

from daemon.hearing.frames import FRAME, RATE, Frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SECONDS = FRAME / RATE
"""How long a frame lasts."""

VOICED = 0.5
"""From this probability of speech on, a frame begins speech."""

STILL_VOICED = 0.35
"""Down to this probability, a frame goes on with speech that has begun: voices fade."""

ONSET = 3
"""Voiced frames in a row that begin speech: 96 ms. Clicks and knocks are shorter."""

PRE_ROLL = 12
"""Frames before speech that belong to the sentence, 0.4 s: an f or an s begins before a voice is heard."""

PAUSE = 5
"""Silent frames, 160 ms, after which a sentence may be over: from here on, it is worth writing down."""

SHORTEST = 4
"""Voiced frames, 128 ms, that a sentence has at least; "no" has twice as many."""

GAP = 9
"""Silent frames, 0.3 s, that part a wake word from what was said before it."""

Mark: TypeAlias = Literal["began", "paused", "resumed", "over", "dropped"]
"""What a frame means for the sentence: speech began; a pause, after which the sentence may be over; it was none;
the sentence is over; what began was too short to be a word."""


class Pace:
    """How long somebody is silent within a sentence: it grows for who speaks with pauses, and comes back slowly."""

    LONGEST = 1.2
    """Seconds of silence that end every sentence."""

    def __init__(self, silence: float) -> None:
        """Begin with what is set, in seconds; it never becomes shorter than that."""
        self._least = silence
        self._most = max(silence, min(self.LONGEST, 2.5 * silence))
        self.seconds = silence

    def resumed(self, pause: float) -> None:
        """Somebody went on after a pause, in seconds; one that nearly ended the sentence makes the next one longer."""
        if pause > 0.7 * self.seconds:
            self.seconds = min(self._most, max(self.seconds, 1.5 * pause))

    def finished(self) -> None:
        """A sentence is over: a fifth of what was added is taken back, so that one long thought does not slow a day."""
        self.seconds -= 0.2 * (self.seconds - self._least)


class Onset:
    """Tells, as early as it is sure, that somebody began to speak."""

    def __init__(self) -> None:
        self._voiced = 0
        self._silent = PAUSE
        self.speaking = False

    def hear(self, probability: float) -> bool:
        """Whether speech begins with this frame, the third voiced one in a row after a pause."""
        if probability >= (STILL_VOICED if self.speaking else VOICED):
            self._voiced, self._silent = self._voiced + 1, 0
        else:
            self._voiced, self._silent = 0, self._silent + 1
            self.speaking = self.speaking and self._silent < GAP
        begins = not self.speaking and self._voiced >= ONSET
        self.speaking = self.speaking or begins
        return begins


class Endpointer:
    """Collects one sentence: from just before its first word to the silence that ends it."""

    def __init__(self, pace: Pace, *, longest: float, hold: bool = False) -> None:
        """Wait for speech.

        Args:
            pace: whose silence ends the sentence.
            longest: seconds after which it is over, whatever is heard.
            hold: whether silence does not end it, because a key that is held down does.
        """
        self._pace, self._longest, self.hold = pace, longest, hold
        self._grace: int | None = None
        self._forget()

    def _forget(self) -> None:
        self._frames: list[Frame] = []
        self._before: deque[Frame] = deque(maxlen=PRE_ROLL + ONSET)
        self._first = self._last = 0
        self._row = self._voiced = 0
        self.spoken = False
        self.paused = False

    @property
    def began(self) -> float:
        """When the first voiced sample was taken, by time.monotonic()."""
        return self._frames[self._first].at - SECONDS

    @property
    def ended(self) -> float:
        """When the last voiced sample so far was taken."""
        return self._frames[self._last].at

    @property
    def missed(self) -> int:
        """How many frames of the sentence were lost on the way here."""
        return sum(frame.missed for frame in self._frames[self._first + 1 : self._last + 1])

    @property
    def enough(self) -> bool:
        """Whether what was said is long enough to be a word."""
        return self._voiced >= SHORTEST

    def sound(self) -> NDArray[np.float32]:
        """The sentence so far: a little before its first word to 160 ms after its last, shape (n,)."""
        import numpy as np

        return np.concatenate([frame.samples for frame in self._frames[: self._last + 1 + PAUSE]])

    def hear(self, frame: Frame, probability: float) -> Mark | None:
        """Take the next frame, and tell what it means for the sentence, if anything."""
        self._row = self._row + 1 if probability >= VOICED else 0
        if not self.spoken:
            return self._wait(frame)
        self._frames.append(frame)
        # A pause ends with two voiced frames: one alone is a click, and would throw away what was written down.
        goes_on = self._row >= 2 if self.paused else probability >= STILL_VOICED
        if goes_on:
            return self._go_on()
        return self._be_silent()

    def take_up(self, past: Sequence[tuple[Frame, float]]) -> None:
        """Begin within what was heard already, frames with their probabilities: with the last words in it.

        Where no voice stands out in it, all of it belongs to the sentence.
        """
        self._forget()
        probabilities = [probability for _, probability in past]
        voiced = [index for index, each in enumerate(probabilities) if each >= STILL_VOICED]
        first, last = (voiced[0], voiced[-1]) if voiced else (0, len(past) - 1)
        for earlier, later in pairwise(voiced):
            if later - earlier > GAP:
                first = later
        start = max(0, first - PRE_ROLL)
        self._frames = [frame for frame, _ in past[start:]]
        self._first, self._last = first - start, last - start
        self._voiced = max(SHORTEST, sum(first <= index for index in voiced))
        self.spoken, self.paused = True, self._silent >= PAUSE

    def finish(self) -> None:
        """The speaker says that this is the end; the last word may be on its way, so a moment more is listened to."""
        if self._grace is None:
            self._grace = round(0.3 / SECONDS)

    def release(self) -> None:
        """Let silence end the sentence from here on, and no key."""
        self.hold, self._grace = False, None

    @property
    def finished(self) -> bool:
        """Whether the moment after `finish` is over."""
        return self._grace is not None and self._grace <= 0

    @property
    def _silent(self) -> int:
        """Frames since the last voiced one."""
        return len(self._frames) - 1 - self._last

    def _wait(self, frame: Frame) -> Mark | None:
        """No speech yet."""
        self._pass_grace()
        self._before.append(frame)
        if self._row < ONSET:
            return None
        self._frames = [*self._before]
        self._before.clear()
        self._first, self._last = len(self._frames) - ONSET, len(self._frames) - 1
        self.spoken, self._voiced = True, ONSET
        return "began"

    def _go_on(self) -> Mark | None:
        """A voiced frame."""
        was_paused, silent = self.paused, self._silent
        self._voiced += 1
        self._last, self.paused = len(self._frames) - 1, False
        if was_paused:
            self._pace.resumed((silent - 2) * SECONDS)
        self._pass_grace()
        if self._too_long or self.finished:
            return "over"
        return "resumed" if was_paused else None

    def _be_silent(self) -> Mark | None:
        """A frame without voice."""
        self._pass_grace()
        silent = self._silent
        if silent >= PAUSE and self._grace is not None:
            return "over"
        if self._too_long or self.finished:
            return "over"
        if not self.hold and self.paused and silent * SECONDS >= self._pace.seconds:
            if not self.enough:
                self._forget()
                return "dropped"
            self._pace.finished()
            return "over"
        if silent == PAUSE and not self.paused:
            self.paused = True
            return "paused"
        return None

    def _pass_grace(self) -> None:
        if self._grace is not None:
            self._grace -= 1

    @property
    def _too_long(self) -> bool:
        return (len(self._frames) - self._first) * SECONDS >= self._longest
