"""Telling everybody who waits in this process that something happened, on whichever event loop they wait."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Lock


class Bell:
    """Rung from any thread; heard by whoever listened before it rang."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listening: set[asyncio.Future[None]] = set()

    def listen(self) -> asyncio.Future[None]:
        """A future that is done once the bell rings; cancel it when nobody waits for it any more."""
        heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._listening.add(heard)
        heard.add_done_callback(self._forget)
        return heard

    def ring(self) -> None:
        """Wake everybody who listens now."""
        with self._lock:
            listening, self._listening = self._listening, set()
        for heard in listening:
            with suppress(RuntimeError):  # its loop is closed, so nobody waits any more
                heard.get_loop().call_soon_threadsafe(_wake, heard)

    def _forget(self, heard: asyncio.Future[None]) -> None:
        with self._lock:
            self._listening.discard(heard)


def _wake(heard: asyncio.Future[None]) -> None:
    if not heard.done():
        heard.set_result(None)
