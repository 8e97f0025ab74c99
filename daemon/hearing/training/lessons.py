"""Minutes of speech in which the word is said now and then, and where its ends are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.hearing.frames import RATE
from daemon.hearing.training.room import recorded
from daemon.hearing.training.voices import Manner, speak

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    import numpy as np
    from numpy.typing import NDArray

    from daemon.hearing.training.voices import Voice

LEAD = 2.2
"""Seconds of nothing but noise before the first sentence: as much as a classifier looks back."""


@dataclass(frozen=True)
class Line:
    """Something to say."""

    text: str
    word: bool
    """Whether it is the wake word."""


@dataclass(frozen=True)
class Said:
    """Something that was said."""

    line: Line
    begin: int
    """Its first sample."""
    end: int
    """The one after its last."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """One voice in one room."""

    samples: NDArray[np.float32]
    """Shape (n,), 16 kHz."""
    said: tuple[Said, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / RATE


def lesson(
    voice: Voice, lines: Sequence[Line], random: Random, *, own: Sequence[NDArray[np.float32]] = (), apart: float = 0.0
) -> Lesson:
    """Have a voice say some lines in a room.

    Args:
        voice: who speaks.
        lines: what is said, in this order.
        random: what decides how it is said, and how the room is.
        own: recordings of the wake word, from which one is taken each time instead of the voice; none by default.
        apart: seconds of silence that there are at least before and after the wake word.
    """
    import numpy as np

    manner = Manner.any(random)
    pieces: list[NDArray[np.float32]] = [np.zeros(int(LEAD * RATE), np.float32)]
    spoken: list[Said] = []
    length = len(pieces[0])
    for line in lines:
        if random.random() < 0.4:
            manner = Manner.any(random)
        said = random.choice(own) if own and line.word else speak(line.text, voice, manner)
        if not len(said):
            continue
        # Words follow one another at once at times, and at times after a pause.
        pause = random.uniform(0.02, 0.25) if random.random() < 0.5 else random.uniform(0.25, 1.6)
        if line.word or (spoken and spoken[-1].line.word):
            pause += apart
        pieces += [np.zeros(int(pause * RATE), np.float32), said * np.float32(random.uniform(0.5, 1.0))]
        length += len(pieces[-2]) + len(said)
        spoken.append(Said(line, length - len(said), length))
    pieces.append(np.zeros(int((0.7 + apart) * RATE), np.float32))
    generator = np.random.default_rng(random.getrandbits(64))
    return Lesson(recorded(np.concatenate(pieces), generator), tuple(spoken))


def script(
    word: Sequence[str],
    others: Sequence[Iterator[str]],
    random: Random,
    *,
    words: int,
    lines: int,
) -> list[Line]:
    """Lines in any order.

    Args:
        word: the wake word's pronunciations.
        others: kinds of what is not the wake word, each as often as the others.
        random: what decides.
        words: how often the wake word is said.
        lines: how many other lines there are.
    """
    found = [Line(random.choice(word), True) for _ in range(words)]
    found += [Line(next(random.choice(others)), False) for _ in range(lines if others else 0)]
    random.shuffle(found)
    return found


def any_of(texts: Sequence[str], random: Random) -> Iterator[str]:
    """One of the texts, again and again."""
    while texts:
        yield random.choice(texts)
