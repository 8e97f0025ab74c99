"""Showing what is pressed to who proves the hotkeys, while nothing of it is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from policies.action import Json

if TYPE_CHECKING:
    from daemon.hotkeys.hotkeys import Hotkeys
    from daemon.hotkeys.press import Press


async def watched(hotkeys: Hotkeys) -> AsyncGenerator[Json, None]:
    """Tell of each press as JSON, until the iterator is closed; meanwhile none is acted on.

    Yields:
        First {"ready": {"way", "status", "problem"}}, once presses are shown and no longer acted on; then
        {"press": {"name", "keys", "way", "at", "ms"}} for each: `at` by time.monotonic(), which all processes of a
        machine share, and `ms` from then until it was told of here.
    """
    loop = asyncio.get_running_loop()
    presses: asyncio.Queue[Press] = asyncio.Queue()
    stop = hotkeys.watch(lambda press: loop.call_soon_threadsafe(presses.put_nowait, press))
    try:
        state = hotkeys.state
        yield {"ready": {"way": state.way, "status": state.status, "problem": state.problem}}
        while True:
            press = await presses.get()
            if press.down:
                yield {"press": shown(press)}
    finally:
        stop()


def shown(press: Press) -> dict[str, Json]:
    """A press in JSON."""
    return {
        "name": press.binding.name,
        "keys": press.binding.chord.text,
        "way": press.way,
        "at": press.at,
        "ms": round((time.monotonic() - press.at) * 1000, 2),
    }
