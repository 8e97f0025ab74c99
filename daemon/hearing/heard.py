"""What the ear tells while it listens, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from daemon.hearing.utterance import Utterance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Why: TypeAlias = Literal["wake", "key", "question"]
"""What made it listen: a wake word, a hotkey, or a question of DevOS that is to be answered."""


@dataclass(frozen=True)
class Woken:
    """A wake word was heard; what follows is being listened to."""

    word: str
    at: float
    """By time.monotonic(), as every moment here."""


@dataclass(frozen=True)
class Speaking:
    """Somebody began to speak. While DevOS speaks itself, this is what interrupts it."""

    at: float


@dataclass(frozen=True)
class Sentence:
    """A sentence is over, and this was said."""

    utterance: Utterance
    why: Why
    began: float
    """When its first voiced sample was taken."""
    ended: float
    """When its last voiced sample was taken."""
    samples: NDArray[np.float32] = field(repr=False, compare=False)
    """Its sound, shape (n,); kept in memory only, and only until the sentence was dealt with."""
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds: silence_ms (from the last voiced sample to the end of the sentence), transcribe_ms, wait_ms (from
    the last voiced sample to this event)."""


@dataclass(frozen=True)
class Nothing:
    """Listening ended without a sentence."""

    why: Why
    because: str
    """One sentence for the person; empty where nobody spoke at all."""


@dataclass(frozen=True)
class Trouble:
    """The microphone is gone, or came back; said once each time."""

    text: str
    """One sentence for the person, with what mends it; empty when all is well again."""


Event: TypeAlias = Woken | Speaking | Sentence | Nothing | Trouble
