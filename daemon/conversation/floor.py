"""Who has the floor: one voice at a time, and news waits while somebody speaks or is asked something."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from daemon.conversation.house import Earcon, Mouth
from policies.visible import visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST = 45.0
"""Seconds after which somebody who took the floor and was not heard of any more has left it."""


class Floor:
    """Speaks for everybody in DevOS who has something to say."""

    def __init__(
        self,
        mouth: Mouth,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._mouth, self._clock, self._sleep = mouth, clock, sleep
        self._turn = asyncio.Lock()
        self._held: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._hushed = 0
        self.last = ""
        """What was said last, for whoever asks for it again; never words that are secret."""

    @property
    def aloud(self) -> bool:
        """Whether what is said now would be heard."""
        return self._mouth.aloud

    @property
    def speaking(self) -> bool:
        """Whether something is being said."""
        return self._mouth.speaking

    def hold(self, who: str) -> None:
        """Somebody speaks, or is expected to: news has to wait."""
        self._held[who] = self._clock() + LONGEST

    def release(self, who: str) -> None:
        """They have finished."""
        self._held.pop(who, None)
        self._changed.set()

    @property
    def free(self) -> bool:
        """Whether nobody has the floor."""
        now = self._clock()
        return not any(until > now for until in self._held.values())

    async def until_free(self) -> None:
        """Wait until nobody has the floor."""
        while not self.free:
            self._changed.clear()
            waits = asyncio.ensure_future(self._changed.wait())
            ticks = asyncio.ensure_future(self._sleep(max(self._held.values()) - self._clock()))
            try:
                await asyncio.wait({waits, ticks}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waits.cancel()
                ticks.cancel()

    async def say(self, text: str, *, secret: bool = False) -> bool:
        """Say something as an answer, after what is being said; whether it was heard to its end.

        What is hushed before its turn comes is not said at all.
        """
        hushed = self._hushed
        async with self._turn:
            if self._hushed != hushed:
                return False
            return await self._say(text, secret)

    async def news(self, text: str, earcon: Earcon | None = None, *, still: Callable[[], bool] = lambda: True) -> bool:
        """Say something that nobody asked for just now, once nobody has the floor.

        Args:
            text: what to say; empty for the short sound alone.
            earcon: the short sound before it.
            still: whether it is still so by then; otherwise nothing is said.
        """
        while True:
            await self.until_free()
            async with self._turn:
                if not still():
                    return False
                if self.free:
                    if earcon is not None:
                        self._mouth.sound(earcon)
                    return await self._say(text, secret=False) if text else True

    async def _say(self, text: str, secret: bool) -> bool:
        text = visible(text, lines=False)
        if not secret:
            self.last = text
        return await self._mouth.say(text, secret=secret)

    def hush(self) -> None:
        """Fall silent at once."""
        self._hushed += 1
        self._mouth.hush()

    def sound(self, name: Earcon) -> None:
        """Play a short sound."""
        self._mouth.sound(name)

    def is_own(self, samples: NDArray[np.float32], began: float, ended: float) -> bool:
        """Whether this sound is DevOS's own output."""
        return self._mouth.is_own(samples, began, ended)
