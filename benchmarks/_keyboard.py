"""A screen without hardware, and a keyboard that is pressed through XTEST: for benchmarks of hotkeys."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

CODES = {"ctrl": 37, "alt": 64, "d": 40, "e": 26, "p": 33, "l": 46, "o": 32, "y": 29, "k": 45, "r": 27, "s": 39}
"""The keys' numbers on a PC's keyboard."""


@contextmanager
def screen() -> Iterator[None]:
    """An X server, as this process's $DISPLAY."""
    if shutil.which("Xvfb") is None:
        raise SystemExit("install with: make system (it wants Xvfb)")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        os.environ["DISPLAY"] = f":{told.readline().strip()}"
    try:
        yield
    finally:
        server.terminate()
        server.wait(10)


class Keyboard:
    """Presses chords on the screen of this process."""

    def __init__(self) -> None:
        from Xlib import X
        from Xlib.display import Display
        from Xlib.ext.xtest import fake_input

        self._display, self._press, self._release, self._fake = Display(), X.KeyPress, X.KeyRelease, fake_input

    def chord(self, text: str) -> float:
        """Press "ctrl+alt+k", or spell a word while the modifiers are held; when the last key went down.

        By time.perf_counter(), in seconds.
        """
        *held, word = text.split("+")
        at = 0.0
        for each in held:
            self._key(each, down=True)
        for letter in word:
            at = self._key(letter, down=True)
            self._key(letter, down=False)
        for each in reversed(held):
            self._key(each, down=False)
        return at

    def settle(self) -> None:
        """Wait until the X server has seen everything."""
        self._display.sync()

    def close(self) -> None:
        """Take the keyboard away."""
        self._display.close()

    def _key(self, name: str, *, down: bool) -> float:
        self._fake(self._display, self._press if down else self._release, CODES[name])
        at = time.perf_counter()
        self._display.flush()
        return at
