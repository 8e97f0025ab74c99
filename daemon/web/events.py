"""Event streams: a page that follows one hears that it should be fetched again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import suppress

from starlette.responses import StreamingResponse

from daemon.web.house import House
from daemon.web.sessions import Session, Sessions
from policies.runs import ENDED

TICK = 1.0
"""Seconds between two looks at whether the session lasts, and at what changed."""

QUIET = 15
"""After how many looks without news a sign of life is sent."""


class Streams:
    """Makes event streams; each ends with its session, and all of them with the dashboard."""

    def __init__(
        self, house: House, sessions: Sessions, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._house, self._sessions, self._sleep = house, sessions, sleep
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every stream."""
        self._closing.set()

    def response(self, session: Session, changes: AsyncGenerator[str, None]) -> StreamingResponse:
        """Answer with the changes as they come."""
        return StreamingResponse(self._following(session, changes), media_type="text/event-stream")

    async def everything(self) -> AsyncGenerator[str, None]:
        """Whatever is recorded or frozen, at most once a second: all that a page shows comes from there."""
        before = self._state()
        while True:
            await self._sleep(TICK)
            if (now := self._state()) != before:
                before = now
                yield f"{now[0]}"

    async def run(self, run: str) -> AsyncGenerator[str, None]:
        """One run's changes until it has ended; its first state is news only where that is its end.

        Raises:
            NoSuchRun: there is none.
        """
        first = True
        async for shown in self._house.runs.follow(run):
            if not first or shown["status"] in ENDED:
                yield str(shown["status"])
            first = False

    def _state(self) -> tuple[int, bool]:
        return self._house.log.checkpoint().size, self._house.brake.on

    async def _following(self, session: Session, changes: AsyncGenerator[str, None]) -> AsyncIterator[str]:
        session.streams += 1
        closing = asyncio.ensure_future(self._closing.wait())
        step = asyncio.ensure_future(anext(changes, None))
        quiet = 0
        try:
            yield "retry: 2000\n\n"
            while self._sessions.lasts(session) and not closing.done():
                tick = asyncio.ensure_future(self._sleep(TICK))
                await asyncio.wait({step, tick, closing}, return_when=asyncio.FIRST_COMPLETED)
                tick.cancel()
                quiet += 1
                if step.done():
                    news, quiet = step.result(), 0
                    if news is None:
                        return
                    yield f"event: changed\ndata: {news}\n\n"
                    step = asyncio.ensure_future(anext(changes, None))
                elif quiet >= QUIET:
                    quiet = 0
                    yield ": still here\n\n"
        finally:
            session.streams -= 1
            closing.cancel()
            step.cancel()
            with suppress(asyncio.CancelledError):
                await step
            await changes.aclose()
