"""From a key of the keyboard to who is told of the hotkey: a chord, and a word's last letter. Aim: p95 below 50 ms.

An X server without hardware, started for this alone, and its XTEST keyboard; both clocks are this process's.
"""

import os
import queue
import time

from _keyboard import Keyboard, screen
from _machine import line, percentile, rounds

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.hotkeys import Hotkeys
from daemon.hotkeys.press import Press

CHORDS = ("ctrl+alt+k", "ctrl+alt+deploy")

number = rounds(300)
with screen():
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
    keyboard = Keyboard()
    for text in CHORDS:
        milliseconds = []
        for _ in range(number):
            at = keyboard.chord(text)
            milliseconds.append((told.get(timeout=10) - at) * 1000)
            keyboard.settle()
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
