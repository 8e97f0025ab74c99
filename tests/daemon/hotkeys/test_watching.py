"""Showing presses instead of doing them."""

from __future__ import annotations

import asyncio
import queue
from contextlib import aclosing

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.hotkeys import Hotkeys
from daemon.hotkeys.press import Press
from daemon.hotkeys.watching import watched

TALK = Binding(Chord.parse("ctrl+alt+space"), "talk", "talk")
SCALE = Binding(Chord.parse("ctrl+alt+k"), "scale_deployment", "request")


async def test_presses_are_shown_and_not_done_until_nobody_watches() -> None:
    done: queue.Queue[Press] = queue.Queue()
    hotkeys = Hotkeys((TALK, SCALE), done.put, environment={}, platform="linux")
    hotkeys.start()
    async with asyncio.timeout(20), aclosing(watched(hotkeys)) as presses:
        first = await anext(presses)
        assert first["ready"]["way"] == "" and first["ready"]["status"] == "none" and first["ready"]["problem"]
        hotkeys.press("scale_deployment")
        hotkeys.press("talk")
        second, third = await anext(presses), await anext(presses)
        assert second["press"].keys() == {"name", "keys", "way", "at", "ms"}
        assert (second["press"]["name"], second["press"]["keys"]) == ("scale_deployment", "ctrl+alt+k")
        assert third["press"]["name"] == "talk" and third["press"]["way"] == "command" and third["press"]["ms"] >= 0
    assert done.empty()
    hotkeys.press("scale_deployment")
    assert done.get(timeout=20).binding == SCALE
    hotkeys.close()
