"""A screen that is none: an X server without hardware, a keyboard that xdotool types on, a window that notes its keys.

The server is real, and so is whatever listens to it.
"""

from __future__ import annotations

import itertools
import os
import queue
import subprocess
import sys
import threading
from typing import IO, Any

SECONDS = 20.0

_NUMBERS = itertools.cycle(range(1000 + os.getpid() % 5000 * 10, 1010 + os.getpid() % 5000 * 10))
"""This process's own: a number that is given back by a server that was killed must not become another test's."""

WINDOW = """
from Xlib import X, XK, display
screen = display.Display()
window = screen.screen().root.create_window(0, 0, 200, 100, 0, X.CopyFromParent, override_redirect=True,
                                            event_mask=X.KeyPressMask | X.KeyReleaseMask | X.ExposureMask)
window.map()
while True:
    event = screen.next_event()
    if event.type == X.Expose:
        window.set_input_focus(X.RevertToParent, X.CurrentTime)
        screen.sync()
        print("ready", flush=True)
    elif event.type == X.MappingNotify:
        screen.refresh_keyboard_mapping(event)
    elif event.type in (X.KeyPress, X.KeyRelease):
        symbol = screen.keycode_to_keysym(event.detail, 0)
        name = next((each[3:] for each in dir(XK) if each.startswith("XK_") and getattr(XK, each) == symbol), symbol)
        print("down" if event.type == X.KeyPress else "up", name, flush=True)
"""


class VirtualScreen:
    """An X server for whatever is started with `environment`; options are Xvfb's own."""

    def __init__(self, *options: str) -> None:
        self.number = ""
        self._options = options
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process use it."""
        return {"DISPLAY": f":{self.number}"}

    def __enter__(self) -> VirtualScreen:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.terminate()
            self._server.wait(SECONDS)

    def start(self) -> None:
        """Start it, and again under the same number if it was killed."""
        numbers = [self.number] if self.number else [str(next(_NUMBERS)) for _ in range(10)]
        assert any(map(self._started, numbers)), "the X server does not start"

    def _started(self, number: str) -> bool:
        """Whether it could be started under this number."""
        reading, writing = os.pipe()
        # Without -noreset it would forget its layout, and turn people away, whenever its last client leaves.
        words = ["Xvfb", f":{number}", "-displayfd", str(writing), "-screen", "0", "640x480x24"]
        words += ["-nolisten", "tcp", "-noreset", *self._options]
        server = subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as told:
            if told.readline().strip() != number:
                server.wait(SECONDS)
                return False
        self.number, self._server = number, server
        return True

    def kill(self) -> None:
        """End it, as `kill -9` does."""
        assert self._server
        self._server.kill()
        self._server.wait(SECONDS)
        self._server = None

    def layout(self, name: str, *options: str) -> None:
        """Lay another keyboard on."""
        self._run("setxkbmap", name, *options)

    def keys(self, *words: str) -> None:
        """Have xdotool do it: keys("keydown", "ctrl", "key", "k", "keyup", "ctrl")."""
        self._run("xdotool", *words)

    def press(self, chord: str) -> None:
        """Press keys together: "ctrl+alt+k"."""
        self.keys("key", chord)

    def spell(self, word: str, held: tuple[str, ...] = ("ctrl", "alt")) -> None:
        """Press letter after letter while modifiers are held, as fast as it goes."""
        self.keys(
            *(part for each in held for part in ("keydown", each)),
            *("key", "--delay", "0", *word),
            *(part for each in reversed(held) for part in ("keyup", each)),
        )

    def _run(self, *words: str) -> None:
        subprocess.run(words, env=os.environ | self.environment, check=True, timeout=SECONDS)


class Window:
    """A window that has the focus, in a process of its own."""

    def __init__(self, screen: VirtualScreen) -> None:
        self._screen = screen
        self._lines: queue.Queue[str] = queue.Queue()

    def __enter__(self) -> Window:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WINDOW],
            env=os.environ | self._screen.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout
        self._reader = threading.Thread(target=self._read, args=[self._process.stdout], daemon=True)
        self._reader.start()
        assert self._lines.get(timeout=SECONDS) == "ready"
        return self

    def __exit__(self, *_: Any) -> None:
        self._process.kill()
        self._process.wait(SECONDS)
        self._reader.join(SECONDS)
        assert self._process.stdout
        self._process.stdout.close()

    def got(self) -> list[str]:
        """The keys that went down in it since the last time, modifiers left out: ["k", "d", "e"]."""
        self._screen.keys("key", "F12")
        lines = list[str]()
        while not lines or lines[-1] != "up F12":
            lines.append(self._lines.get(timeout=SECONDS))
        down = [line.removeprefix("down ") for line in lines if line.startswith("down ")]
        return [key for key in down if key != "F12" and not key.endswith(("_L", "_R"))]

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            self._lines.put(line.strip())
