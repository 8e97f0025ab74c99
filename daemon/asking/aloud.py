"""One question while it is asked aloud: what is said to it, and how it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from math import inf
from typing import TypeAlias

from daemon.confirming.replies import Reply
from daemon.confirming.words import Challenge
from daemon.hearing.heard import Sentence
from policies.approval import Approval


class Next(Enum):
    """How a question goes on."""

    OVER = auto()
    """Answered, or left to the other ways without a word."""
    LEFT = auto()
    """Left to the other ways, which is said."""
    AGAIN = auto()
    """Read out once more, because somebody wants to hear it."""
    UNHEARD = auto()
    """Read out once more, because something interrupted it."""
    DETAILS = auto()
    WAIT = auto()
    WRONG = auto()
    EARLY = auto()
    NOT_ENOUGH = auto()


Said: TypeAlias = tuple[Sentence, Reply]


@dataclass(eq=False)
class AskedAloud:
    """The question that is being asked."""

    approval: Approval
    began: float
    """When DevOS began to ask it."""
    opens: float = inf
    """From when on what is said counts as an answer; never, while it is being read out."""
    closes: float = inf
    waits: bool = False
    """Whether it is put off for a while."""
    challenge: Challenge | None = field(default=None, repr=False)
    replies: asyncio.Queue[Said | Next] = field(default_factory=asyncio.Queue, repr=False)
    """What was said, or what happened instead."""

    async def next(self, seconds: float, sleep: Callable[[float], Awaitable[None]]) -> Said | Next:
        """What is said or happens within so many seconds; LEFT where nothing does."""
        comes = asyncio.ensure_future(self.replies.get())
        ticks = asyncio.ensure_future(sleep(max(0.0, seconds)))
        try:
            await asyncio.wait({comes, ticks}, return_when=asyncio.FIRST_COMPLETED)
            return comes.result() if comes.done() else Next.LEFT
        finally:
            comes.cancel()
            ticks.cancel()
