"""pynput's keyboard listener, with what it leaves out: when it has really begun, and that it has died.

Importing this module connects to the X server, as importing pynput does.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pynput.keyboard import Listener
from Xlib import X
from Xlib.error import ConnectionClosedError
from Xlib.ext.record import StartOfData

from daemon.hotkeys.display import connect, leave
from daemon.hotkeys.way import NoHotkeys

logger = logging.getLogger("devos.hotkeys")

PATIENCE = 10.0
"""Seconds in which listening has to have begun, or ended."""


class KeyListener(Listener):  # type: ignore[misc]  # pynput has no types
    """Tells of each key by its keycode, for which pynput has no public door but being derived from.

    Args:
        key: told of each key that goes down (True) or up (False), and of the X server's time in milliseconds, on this
            thread; what it raises is logged.
        died: told when listening has ended after it had begun, unless by `end`.
    """

    def __init__(self, key: Callable[[int, bool, int], None], died: Callable[[], None]) -> None:
        super().__init__()
        self._key, self._died = key, died
        self._heard = threading.Event()
        self._ended = self._over = False
        self.name = "hotkeys-listener"

    def begin(self) -> None:
        """Start, and return when keys are heard.

        Raises:
            NoHotkeys: they are not; the X server may lack the extension.
        """
        self.start()
        if not self._heard.wait(PATIENCE) or self._over:
            self._ended = True
            raise NoHotkeys("The X server does not let its keyboard be listened to: it lacks the extension RECORD.")

    def end(self) -> None:
        """Stop, and return when it has; pynput's own `stop` would only mean it at the next key."""
        first, self._ended = not self._ended, True
        if first and self.is_alive() and self._heard.is_set():  # what was ended already, the X server would not know
            with suppress(NoHotkeys, ConnectionClosedError, OSError):
                # By a connection of its own: those that pynput has are closed by its thread meanwhile.
                stop = connect(self._display_record.get_display_name())
                stop.record_disable_context(self._context)
                stop.sync()
                leave(stop)
        if self.is_alive() and threading.current_thread() is not self:
            threading.Thread.join(self, PATIENCE)

    def run(self) -> None:
        """Listen until told to stop, or until it dies; pynput itself would die without a word."""
        try:
            super().run()
        except Exception as error:
            if not self._ended:
                logger.info("the keyboard's listener has ended: %s", error)
        for each in ("_display_stop", "_display_record"):
            if connection := getattr(self, each, None):
                connection.display.socket.close()
        died, self._over = self._heard.is_set() and not self._ended, True
        self._heard.set()
        if died:
            self._died()

    def _handler(self, events: Any) -> None:
        """Take what the X server has recorded; its first message says that recording has begun."""
        if events.category == StartOfData:
            self._heard.set()
        super()._handler(events)

    def _handle_message(self, display: Any, event: Any, *injected: bool) -> None:
        """Tell of one key; pynput's own way would name it, and die of what the callback raises."""
        try:
            self._key(event.detail, event.type == X.KeyPress, event.time)
        except Exception:
            logger.exception("a hotkey could not be obeyed")
