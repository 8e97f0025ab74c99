"""What this machine has to hear and to be heard with, as far as it can be found out without the daemon.

Whatever is missing is a sentence, never an error: first steps go on without it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

LISTENING = 4.0
"""Seconds for which the level is shown."""

FAINT, LOUD = 0.03, 0.98
"""Highest samples below which hardly anything is heard, and from which on it is distorted."""


@dataclass(frozen=True)
class Found:
    """Names of what is there, or why nothing is known of it."""

    names: tuple[str, ...]
    problem: str = ""
    """One sentence with what mends it."""


def microphones() -> Found:
    """The microphones, by the names that people know them by."""
    from daemon.portaudio import NoSound, devices
    from daemon.sound_server import server_devices

    try:
        listed = devices("input")
    except NoSound as problem:
        return Found((), str(problem))
    names = [each.description or each.name for each in server_devices("input")] or [each.name for each in listed]
    return Found(tuple(dict.fromkeys(names)), "" if names else "No microphone is there: connect one.")


def level(name: str | None, show: Callable[[float], None], *, seconds: float = LISTENING) -> tuple[float | None, str]:
    """Listen for some seconds; the loudest sample from 0 to 1, or None and why nothing was heard.

    Args:
        name: a part of the microphone's name; None for the default one.
        show: told the level some times a second.
        seconds: how long.
    """
    from daemon.hearing.microphone import Microphone

    microphone, loudest, heard = Microphone(name), 0.0, 0
    microphone.open()
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end and microphone.state.status == "open":
            if microphone.read(0.5) is None:
                continue
            loudest, heard = max(loudest, microphone.level), heard + 1
            if heard % 4 == 0:
                show(microphone.level)
        problem = microphone.state.problem
    finally:
        microphone.close()
    return (loudest, "") if heard else (None, problem or "Nothing came from the microphone.")


def verdict(loudest: float) -> str:
    """What the loudest sample says about a microphone that was spoken into."""
    if loudest < FAINT:
        return "Hardly anything was heard: is it muted, or the wrong one? Its volume is in the system's settings."
    if loudest >= LOUD:
        return "That was too loud for it: turn its volume down in the system's settings."
    return "That was heard well."


def models(home: Path, environment: Mapping[str, str] = os.environ) -> Found:
    """The speech models that are there, the one that would be taken first."""
    from daemon.hearing.weights import NoWeights, Places, survey

    try:
        found = [each for each in survey(None, Places.of(home, environment)) if each.found]
    except NoWeights as problem:
        return Found((), str(problem))
    ordered = sorted(found, key=lambda each: not each.chosen)
    names = tuple(dict.fromkeys(each.name for each in ordered))
    return Found(names, "" if names else "No speech model is there: `devos models` says where one can lie.")


def screen(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """By which way keys arrive here, in one sentence."""
    if platform == "darwin":
        return "macOS asks once whether DevOS may watch the keys (Privacy & Security, Accessibility)."
    if environment.get("WAYLAND_DISPLAY"):
        return "This is Wayland: your desktop asks once whether DevOS may have these keys, or binds them itself."
    if environment.get("DISPLAY"):
        return "This is X11: DevOS takes the keys itself."
    return "There is no screen here, so no keys arrive; `devos press` works without."


def wake_words(home: Path) -> tuple[str, ...]:
    """The words that can wake it without training, and the trained ones."""
    from daemon.hearing.training import trained
    from daemon.hearing.wake import INCLUDED

    return (*INCLUDED, *(each for each in trained.words(home) if each not in INCLUDED))
