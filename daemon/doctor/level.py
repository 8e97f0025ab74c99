"""How loud the microphone hears: measured, and shown live as a bar."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from daemon.doctor.check import Check, troubled

QUIET = 0.02
"""The highest sample of somebody who speaks is above this; of a room, mostly below."""
COLUMNS = 40
FLOOR = -60.0
"""Decibels below the loudest that can be, where the bar begins."""

ALLOW = "Allow it in System Settings, Privacy & Security, Microphone."
UNMUTE = "pactl set-source-mute @DEFAULT_SOURCE@ 0; pactl set-source-volume @DEFAULT_SOURCE@ 80%"


@dataclass(frozen=True)
class Level:
    """What a microphone gave in some seconds."""

    device: str | None
    rate: int | None
    peak: float
    """The highest sample, from 0 to 1."""
    overruns: int
    problem: str
    """Why it gave nothing; empty where it did."""

    def check(self, platform: str, *, spoken: bool = False) -> Check:
        """What that says about the microphone.

        Args:
            platform: as sys.platform.
            spoken: whether somebody was asked to speak, so that silence says something, too.
        """
        name = "microphone"
        if self.problem:
            return troubled(name, self.problem, ALLOW if platform == "darwin" else "pactl list short sources")
        where = f"{self.device!r} at {self.rate} samples a second"
        mend = ALLOW if platform == "darwin" else UNMUTE
        if self.peak == 0:
            return Check(name, "warning", f"{where} gives digital silence only: it is muted in the system.", mend)
        heard = f"{where}, at most {decibels(self.peak):.0f} dB"
        if spoken and self.peak < QUIET:
            return Check(name, "warning", f"{heard}: that is hardly loud enough for speech.", mend)
        return Check(name, "ok", f"{heard}.")


def measured(
    name: str | None,
    seconds: float,
    show: Callable[[str], None] = lambda line: None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Level:
    """Open a microphone and listen.

    Args:
        name: a part of the device's name; None for the default one.
        seconds: for how long.
        show: given a line with a bar for each frame.
        clock: seconds, from any beginning.
    """
    from daemon.hearing.microphone import Microphone

    microphone = Microphone(name, clock=clock)
    peak, began = 0.0, clock()
    try:
        microphone.open()
        while (state := microphone.state).status == "open":
            if microphone.read(0.5) is not None:
                peak = max(peak, microphone.level)
                show(bar(microphone.level, peak))
            if clock() - began >= seconds:
                return Level(state.device, state.rate, peak, state.overruns, "")
        return Level(None, None, peak, state.overruns, state.problem)
    finally:
        microphone.close()


def decibels(level: float) -> float:
    """How far below the loudest that can be; never below FLOOR."""
    return max(FLOOR, 20 * math.log10(level)) if level > 0 else FLOOR


def bar(level: float, peak: float) -> str:
    """The loudness of a moment as a bar, with a mark at the loudest so far."""
    filled, mark = (round(COLUMNS * (1 - decibels(each) / FLOOR)) for each in (level, peak))
    cells = ["#" if at < filled else "|" if at == mark - 1 else "." for at in range(COLUMNS)]
    return f"[{''.join(cells)}] {decibels(level):4.0f} dB"
