"""mute, unmute: the microphone closed to everything, and opened again."""

from __future__ import annotations

import typer

from daemon.client import ask_once
from daemon.commands.common import AsJson, put, told
from daemon.home import home


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: devos mute")(mute)
    app.command(epilog="Example: devos unmute")(unmute)


def mute(json: AsJson = False) -> None:
    """Close the microphone to everything, the wake word included."""
    _set(True, "The microphone is closed until `devos unmute`, or the mute key.", json)


def unmute(json: AsJson = False) -> None:
    """Let the microphone be opened again."""
    _set(False, "The microphone may be opened again.", json)


def _set(on: bool, says: str, json: bool) -> None:
    with told(json):
        answer = ask_once(home(), "mute", on=on)
    put(answer) if json else print(says)
