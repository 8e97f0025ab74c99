"""Short notifications on this machine's desktop: what would be said where nothing is said aloud."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from importlib import import_module
from typing import Any

from daemon.asking.desktop import has_desktop
from daemon.terminal import Terminal
from policies.visible import visible

logger = logging.getLogger("devos.notices")

LONGEST = 400
"""Characters of a notice; desktops cut longer ones off, or cover the screen with them."""


class Notices:
    """Shows texts, and never stands in the way of whoever wants them shown."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str] = os.environ,
        platform: str = sys.platform,
        terminal: Terminal | None = None,
    ) -> None:
        """Remember the event loop that this is called on; nothing is looked for before the first notice."""
        self._terminal = terminal
        self._there = has_desktop(environment, platform)
        self._loop = asyncio.get_running_loop()
        self._notifier: Any = None
        self._why = ""
        self._sending: set[Future[None]] = set()

    def show(self, text: str) -> None:
        """Show a text, from any thread.

        Where nothing here shows notifications, the terminal does that DevOS was started at. Without one, that is
        logged, and never the text: it may hold what somebody said.
        """
        if not self._there:
            self._instead(text, "there is no desktop session")
            return
        sending = asyncio.run_coroutine_threadsafe(self._send(visible(text, lines=False)[:LONGEST]), self._loop)
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def aclose(self) -> None:
        """Leave the session's bus; notices that are shown stay until they are put away."""
        for each in list(self._sending):
            with suppress(Exception):
                await asyncio.wrap_future(each)
        backend, self._notifier = getattr(self._notifier, "_backend", None), None
        if bus := getattr(backend, "bus", None):
            bus.disconnect()
            await bus.wait_for_disconnect()

    async def _send(self, text: str) -> None:
        try:
            if self._notifier is None:
                self._notifier = import_module("desktop_notifier").DesktopNotifier(app_name="DevOS", app_icon=None)
                await self._notifier.get_capabilities()  # sending fails silently where nobody shows it
            await self._notifier.send("DevOS", text)
        except Exception as problem:
            self._notifier = None
            self._instead(text, f"nothing on this desktop shows notifications ({problem})")

    def _instead(self, text: str, why: str) -> None:
        if self._terminal is not None:
            self._terminal.notice(text)
        elif why != self._why:
            logger.info("what DevOS would say is not shown, because %s", why)
        self._why = why
