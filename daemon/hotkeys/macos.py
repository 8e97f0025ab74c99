"""Hotkeys on macOS: pynput hears every key, and what belongs to a hotkey goes no further.

Written against pynput 1.8 and tested against a stand-in for it; it has not run on a Mac yet.

A key is named by what it writes alone in the person's layout, not by what it writes while Option is held. macOS lets a
program hear keys only where the person allows it, and ends that silently: when a callback is slow, or the permission is
taken away. Both count as the death of this way.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import CHARACTERS, KEYS
from daemon.hotkeys.matcher import HELD, Matcher
from daemon.hotkeys.press import Press
from daemon.hotkeys.way import NoHotkeys

PATIENCE = 10.0
"""Seconds in which listening has to have begun, or ended."""

KEY_DOWN, KEY_UP = 10, 11
"""kCGEventKeyDown and kCGEventKeyUp of Quartz."""
SWITCHED_OFF = (0xFFFFFFFE, 0xFFFFFFFF)
"""What Quartz sends instead of a key when it has ended the listening: kCGEventTapDisabledByTimeout, …ByUserInput."""

ALLOW = (
    f"macOS does not let DevOS hear keys. Open System Settings → Privacy & Security → Accessibility, and allow "
    f"{sys.executable} (or the terminal that DevOS was started from) there and under Input Monitoring; then restart "
    "DevOS. Until then, `devos press KEYS` does the same as the keys."
)


class MacOS:
    """The way on macOS; see `daemon.hotkeys.way.Way`."""

    name = "macOS"
    problem = ""

    def __init__(
        self,
        bindings: Sequence[Binding],
        deliver: Callable[[Press], None],
        died: Callable[[str], None],
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deliver, self._died = deliver, died
        self._matcher = Matcher(bindings, self.name, seconds=seconds, clock=clock)
        self._characters: Mapping[int, str] = {}
        self._swallowed: set[str] = set()
        self._swallow = False
        self._lock = threading.Lock()
        self._listening = self._over = False
        self._listener: Any = None
        self._watcher: threading.Thread | None = None
        self._begun = threading.Event()

    def start(self) -> None:
        """Begin to listen.

        Raises:
            NoHotkeys: pynput cannot be loaded, the permission is missing, or listening does not begin.
        """
        try:
            keyboard: Any = import_module("pynput.keyboard")
            layout: Any = import_module("pynput._util.darwin")
            trusted = import_module("HIServices").AXIsProcessTrusted()
        except ImportError as problem:
            raise NoHotkeys(f"Keys cannot be heard here: {problem}. Install DevOS again.", again=False) from None
        if not trusted:
            raise NoHotkeys(ALLOW)
        written = layout.get_unicode_to_keycode_map()
        self._characters = {code: character for character, code in written.items() if character in CHARACTERS}
        self._listener = keyboard.Listener(
            on_press=self._pressed, on_release=self._released, darwin_intercept=self._intercept
        )
        self._listener.start()
        self._watcher = threading.Thread(target=self._watch, name="hotkeys watcher", daemon=True)
        self._watcher.start()
        # pynput's own wait has no end when the listener dies before it has begun.
        threading.Thread(target=self._wait, name="hotkeys wait", daemon=True).start()
        self._begun.wait(PATIENCE)
        with self._lock:
            self._listening = self._begun.is_set() and not self._over and self._listener.is_alive()
        if not self._listening:
            self.close()
            raise NoHotkeys(ALLOW)

    def close(self) -> None:
        """Stop listening; safe to call twice, from any thread, and before `start`."""
        with self._lock:
            self._over = True
        if self._listener is not None:
            self._listener.stop()
        watcher = self._watcher
        if watcher and threading.current_thread() not in (watcher, self._listener):
            watcher.join(PATIENCE)

    def _wait(self) -> None:
        self._listener.wait()
        self._begun.set()

    def _watch(self) -> None:
        """Wait for the listener's end, and tell of it unless it was meant."""
        try:
            self._listener.join()
            why = "macOS ended the listening for keys."
        except Exception as problem:
            why = f"Listening for keys failed ({type(problem).__name__})."
        self._begun.set()
        self._end(why)

    def _end(self, why: str) -> None:
        with self._lock:
            over, self._over = self._over, True
        if self._listening and not over:
            for press in self._matcher.reset():
                self._deliver(press)
            self._died(why)

    def _pressed(self, key: Any) -> None:
        """A key went down, or repeats itself; what it was is asked for at once, by `_intercept`."""
        name = self._name(key)
        if name in HELD:
            self._swallow = False
            self._tell(self._matcher.pressed(name))
            return
        spelling = self._matcher.spelling
        presses = self._matcher.pressed(name)
        ours = bool(presses) or self._matcher.spelling != spelling
        if ours:
            self._swallowed.add(name)
        self._swallow = name in self._swallowed
        self._tell(presses)

    def _released(self, key: Any) -> None:
        name = self._name(key)
        self._swallow = name in self._swallowed
        self._swallowed.discard(name)
        self._tell(self._matcher.released(name))

    def _intercept(self, kind: int, event: Any) -> Any:
        """Whether the key that was just told of goes on to the window in front: the event, or None to keep it."""
        if kind in SWITCHED_OFF:
            self._end("macOS switched the listening for keys off.")
            self._listener.stop()
            return event
        return None if self._swallow and kind in (KEY_DOWN, KEY_UP) else event

    def _tell(self, presses: Sequence[Press]) -> None:
        for each in presses:
            if not self._over:
                self._deliver(each)

    def _name(self, key: Any) -> str:
        """The key's name, as the matcher knows it; any other for a key that no hotkey has."""
        if special := getattr(key, "name", None):  # a member of pynput's enumeration
            side = str(special).replace("cmd", "super")
            return side if side in HELD else KEYS.get(side, f"#{side}")
        code = getattr(key, "vk", None)
        return self._characters.get(code, f"#{code}") if code is not None else "#"
