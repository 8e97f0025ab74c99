"""The keys that DevOS takes out of the X server's hands, so that the window in front does not get them too.

Each hotkey's first key is grabbed with its modifiers, whatever is locked. With a word's first letter, the whole
keyboard is taken until the modifiers are let go of: neither the word's letters nor one too many reach the window. That
first letter freezes the keyboard until it is taken, so that even the fastest second letter comes after.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.display import connect, leave
from daemon.hotkeys.keyboard import Keyboard

logger = logging.getLogger("devos.hotkeys")

SETTLED = 0.1
"""Seconds after which a keyboard that is being changed has been changed: one command makes a dozen messages."""
AGAIN = 30.0
"""Seconds after which a key that another program had is tried again."""
BOTH = 1.0
"""Seconds within which a key that the listener has heard comes by its grab as well; a thousandth of that is usual."""
GUARD = 1.0
"""Seconds after which a taken keyboard is looked at, should the message that gives it back be lost."""


class Grabs:
    """One connection to the X server, and the thread that holds keys by it.

    Args:
        bindings: the hotkeys.
        changed: told, at the start and whenever it is otherwise, how the keyboard is and which of the hotkeys are ours.
        died: told once when the connection has ended, unless by `close`.
    """

    def __init__(
        self,
        bindings: Sequence[Binding],
        changed: Callable[[Keyboard, Sequence[Binding]], None],
        died: Callable[[], None],
    ) -> None:
        self._bindings, self._changed, self._died = tuple(bindings), changed, died
        self._taken: tuple[Binding, ...] = ()
        self._missing: dict[Binding, list[str]] = {}
        self._words: set[tuple[int, int]] = set()
        self._presses: deque[tuple[int, int]] = deque(maxlen=16)
        self._news = threading.Condition()
        self._held: int | None = None
        self._letters: set[int] = set()
        self._remap_at: float | None = None
        self._again_at = 0.0
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def problem(self) -> str:
        """Which hotkeys are not ours, and why; "" when all are."""
        said = [
            f"Another program already has {each.chord} ({each.name}): give it up there, or set other keys for it in "
            "config.toml."
            for each in self._taken
        ]
        said += [
            f"This keyboard has no key {' and no key '.join(map(repr, lacking))} for {each.chord} ({each.name}): "
            "set other keys in config.toml."
            for each, lacking in self._missing.items()
        ]
        return " ".join(said)

    def start(self) -> None:
        """Take the keys.

        Raises:
            NoHotkeys: there is no X server to take them from.
        """
        self._display = connect()
        self._root = self._display.screen().root
        try:
            self._grab_all(Keyboard.read(self._display))
        except BaseException:
            leave(self._display)
            raise
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="hotkeys-grabs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give the keys back."""
        self._closing.set()
        if self._thread and self._thread is not threading.current_thread():
            with suppress(OSError):
                self._wake.send(b"\0")
            self._thread.join(10)

    def took(self, code: int, at: int) -> bool:
        """Whether a key came to us, rather than to a locked screen or another program that holds the keyboard.

        Args:
            code: its keycode.
            at: the X server's time of its press, in milliseconds.
        """
        with self._news:
            return self._news.wait_for(lambda: (code, at) in self._presses, BOTH)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._display.fileno(), select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        try:
            while not self._closing.is_set():
                while self._display.pending_events():
                    self._handle(self._display.next_event())
                self._look_after()
                if not self._display.pending_events():
                    poll.poll(self._patience())
        except Exception as error:
            if not self._closing.is_set():
                logger.info("the connection to the X server has ended: %s", error)
        leave(self._display)
        self._woken.close()
        self._wake.close()
        if not self._closing.is_set():
            self._died()

    def _patience(self) -> float | None:
        """Milliseconds until something is to be looked at without anybody asking."""
        now = time.monotonic()
        until = [GUARD] if self._held is not None else []
        until += [self._remap_at - now] if self._remap_at is not None else []
        until += [self._again_at - now] if self._taken else []
        return max(0.0, min(until)) * 1000 + 1 if until else None

    def _handle(self, event: Any) -> None:
        from Xlib import X

        if event.type == X.MappingNotify:
            self._remap_at = time.monotonic() + SETTLED
        elif event.type == X.KeyPress:
            with self._news:
                self._presses.append((event.detail, event.time))
                self._news.notify_all()
            if self._held is not None:
                self._letters.add(event.detail)
            elif (event.detail, event.state & self._keyboard.relevant) in self._words:
                self._take_keyboard(event)
        elif event.type == X.KeyRelease and self._held is not None:
            self._give_back_keyboard()

    def _take_keyboard(self, event: Any) -> None:
        from Xlib import X

        taken = self._root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
        if taken != X.GrabSuccess:
            self._display.allow_events(X.AsyncKeyboard, X.CurrentTime)
            self._display.flush()
            return
        self._held, self._letters = event.state & self._keyboard.relevant, {event.detail}
        self._give_back_keyboard()

    def _give_back_keyboard(self) -> None:
        """Give it back if the modifiers are no longer held, and none of the letters: they would repeat themselves."""
        from Xlib import X

        down = _down(self._display.query_keymap())
        held = {self._keyboard.name(code).removesuffix("_l").removesuffix("_r") for code in down}
        wanted = {name for name, mask in self._keyboard.masks.items() if mask & (self._held or 0)}
        if wanted <= held or self._letters & down:
            return
        self._held, self._letters = None, set()
        self._display.ungrab_keyboard(X.CurrentTime)
        self._display.flush()

    def _look_after(self) -> None:
        """What is due without an event."""
        now = time.monotonic()
        if self._held is not None:
            self._give_back_keyboard()
        if self._remap_at is not None and now >= self._remap_at:
            self._remap_at = None
            keyboard = Keyboard.read(self._display)
            if keyboard != self._keyboard:
                self._grab_all(keyboard)
        if self._taken and now >= self._again_at:
            taken = self._grab(self._taken)
            self._again_at = now + AGAIN
            if taken != self._taken:
                self._taken = taken
                self._tell()

    def _grab_all(self, keyboard: Keyboard) -> None:
        from Xlib import X

        self._root.ungrab_key(X.AnyKey, X.AnyModifier)
        self._keyboard = keyboard
        self._words = set()
        self._missing = {each: lacking for each in self._bindings if (lacking := keyboard.lacks(each.chord))}
        self._taken = self._grab([each for each in self._bindings if each not in self._missing])
        self._again_at = time.monotonic() + AGAIN
        self._tell()

    def _tell(self) -> None:
        ours = [each for each in self._bindings if each not in self._taken and each not in self._missing]
        self._changed(self._keyboard, ours)

    def _grab(self, bindings: Iterable[Binding]) -> tuple[Binding, ...]:
        """Grab the hotkeys' first keys.

        Returns:
            Those that another program has.
        """
        from Xlib import X
        from Xlib.error import BadAccess, CatchError

        tried: list[tuple[Binding, int, list[int], Any]] = []
        for each in bindings:
            mask = self._keyboard.mask(each.chord)
            mode = X.GrabModeSync if each.chord.is_word else X.GrabModeAsync
            for code in self._keyboard.codes(each.chord.keys[0]):
                refused, variants = CatchError(BadAccess), self._keyboard.variants(mask)
                for variant in variants:
                    self._root.grab_key(code, variant, False, X.GrabModeAsync, mode, onerror=refused)
                tried.append((each, code, variants, refused))
        self._display.sync()
        taken = {each: None for each, _, _, refused in tried if refused.get_error()}
        for each, code, variants, _ in tried:
            if each in taken:
                for variant in variants:
                    self._root.ungrab_key(code, variant)
            elif each.chord.is_word:
                self._words.add((code, self._keyboard.mask(each.chord)))
        self._display.sync()
        return tuple(taken)


def _down(keymap: Sequence[int]) -> set[int]:
    """The keycodes of the keys that are down."""
    return {byte * 8 + bit for byte, bits in enumerate(keymap) for bit in range(8) if bits >> bit & 1}
