"""Hotkeys on X11: pynput listens to the keyboard, and grabs keep the keys from the window in front.

pynput hears every key, by the X server's recording extension, also while a word is spelled over a taken keyboard; what
is no hotkey's is forgotten at once (matcher.py). Its own names for keys are not used: they depend on what else is held
(keyboard.py). A key that opens the microphone counts only when it came by its grab, too: one that another program has,
or that is pressed at a locked screen, is not ours.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.display import INSTEAD
from daemon.hotkeys.grabs import Grabs
from daemon.hotkeys.keyboard import Keyboard
from daemon.hotkeys.matcher import Matcher
from daemon.hotkeys.press import Press
from daemon.hotkeys.way import NoHotkeys

if TYPE_CHECKING:
    from daemon.hotkeys.listener import KeyListener

logger = logging.getLogger("devos.hotkeys")

_OPENING = ("talk", "request")
"""What opens the microphone, and so must not be had at a locked screen; the other keys only put an end to things."""

GONE = "The X server has gone; DevOS waits for it to come back."


class X11:
    """The way by an X server; see `daemon.hotkeys.way.Way`."""

    name = "X11"

    def __init__(
        self,
        bindings: Sequence[Binding],
        deliver: Callable[[Press], None],
        died: Callable[[str], None],
        *,
        seconds: float,
    ) -> None:
        self._deliver, self._died, self._seconds = deliver, died, seconds
        self._lock = threading.Lock()
        self._over = False
        self._keyboard: Keyboard | None = None
        self._matcher = Matcher((), self.name, seconds=seconds)
        self._grabs = Grabs(bindings, self._changed, self._gone)
        self._listener: KeyListener | None = None

    @property
    def problem(self) -> str:
        """Which hotkeys are not ours, and why; "" when all are."""
        return self._grabs.problem

    def start(self) -> None:
        """Take the keys, and begin to listen.

        Raises:
            NoHotkeys: there is no X server, or none that lets its keyboard be listened to.
        """
        self._grabs.start()
        try:
            from daemon.hotkeys.listener import KeyListener

            self._listener = KeyListener(self._key, self._gone)
            self._listener.begin()
        except ImportError as missing:
            self.close()
            raise NoHotkeys(f"pynput cannot listen to keys here: {missing}. {INSTEAD}") from missing
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop listening, and give the keys back."""
        self._end()
        if self._listener:
            self._listener.end()
        self._grabs.close()

    def _key(self, code: int, down: bool, at: int) -> None:
        """A key went down or up; on the listener's thread."""
        with self._lock:
            if self._over or self._keyboard is None:
                return
            name = self._keyboard.name(code)
            presses = self._matcher.pressed(name) if down else self._matcher.released(name)
        if any(press.down and press.binding.kind in _OPENING for press in presses) and not self._grabs.took(code, at):
            with self._lock:
                self._matcher.reset()
            return
        self._tell(presses)

    def _changed(self, keyboard: Keyboard, ours: Sequence[Binding]) -> None:
        """The keyboard is another one, or the hotkeys that are ours are others."""
        with self._lock:
            presses = self._matcher.reset()
            self._keyboard, self._matcher = keyboard, Matcher(ours, self.name, seconds=self._seconds)
        self._tell(presses)

    def _gone(self) -> None:
        """The X server, or the listener, has ended."""
        if self._end():
            self._died(GONE)

    def _end(self) -> bool:
        """Listen no more, and let go of the talk key; whether that is news."""
        with self._lock:
            news, self._over = not self._over, True
            presses = self._matcher.reset()
        self._tell(presses)
        return news

    def _tell(self, presses: Sequence[Press]) -> None:
        for press in presses:
            self._deliver(press)
