"""From a key of the keyboard to who is told of the hotkey: a chord, and a word's last letter. Aim: p95 below 50 ms.

An X server without hardware, started for this alone, and its XTEST keyboard; both clocks are this process's.
"""

import os
import queue
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from _machine import line, percentile, rounds

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.hotkeys import Hotkeys
from daemon.hotkeys.press import Press

CHORDS = ("ctrl+alt+k", "ctrl+alt+deploy")
CODES = {"ctrl": 37, "alt": 64, "d": 40, "e": 26, "p": 33, "l": 46, "o": 32, "y": 29, "k": 45}
"""The keys' numbers on a PC's keyboard."""


@contextmanager
def screen() -> Iterator[None]:
    """An X server, as this process's $DISPLAY."""
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


number = rounds(300)
with screen():
    from Xlib import X
    from Xlib.display import Display
    from Xlib.ext.xtest import fake_input

    told: queue.Queue[float] = queue.Queue()
    ready: queue.Queue[str] = queue.Queue()

    def deliver(press: Press) -> None:
        told.put(time.perf_counter())

    hotkeys = Hotkeys(
        [Binding(Chord.parse(text), text, "request") for text in CHORDS],
        deliver,
        environment={"DISPLAY": os.environ["DISPLAY"]},
        changed=lambda state: ready.put(state.status),
    )
    hotkeys.start()
    while ready.get(timeout=10) != "ready":
        pass
    keyboard = Display()

    def key(name: str, down: bool) -> float:
        """Press or release; when it was done."""
        fake_input(keyboard, X.KeyPress if down else X.KeyRelease, CODES[name])
        at = time.perf_counter()
        keyboard.flush()
        return at

    for text in CHORDS:
        milliseconds = []
        for _ in range(number):
            for held in ("ctrl", "alt"):
                key(held, True)
            for letter in text.rpartition("+")[2]:
                at = key(letter, True)
                key(letter, False)
            milliseconds.append((told.get(timeout=10) - at) * 1000)
            for held in ("alt", "ctrl"):
                key(held, False)
            keyboard.sync()
            time.sleep(0.02)  # nobody presses the next one sooner
        line(
            f"key to hotkey told, {text}",
            percentile(milliseconds, 50),
            "ms",
            aim=50.0,
            p95=round(percentile(milliseconds, 95), 3),
            n=number,
        )
    keyboard.close()
    hotkeys.close()
