"""A connection to the X server, made so that nothing is left behind when there is none."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from daemon.hotkeys.way import NoHotkeys

INSTEAD = "`devos press` works without it; docs/hotkeys.md says how your desktop can start it."


def connect(name: str | None = None) -> Any:
    """Connect to an X server.

    Args:
        name: which one, as in $DISPLAY; by default the one that stands there.

    Returns:
        An Xlib.display.Display.

    Raises:
        NoHotkeys: there is none, or it does not answer.
    """
    name = name or os.environ.get("DISPLAY", "")
    if not name:
        raise NoHotkeys(f"There is no screen here ($DISPLAY is not set), so no keys can be listened to. {INSTEAD}")
    if not _answers(name):
        raise NoHotkeys(f"The X server {name!r} does not answer. DevOS goes on trying.")
    try:
        from Xlib import error
        from Xlib.display import Display
    except ImportError as missing:
        raise NoHotkeys(f"Listening to keys needs {missing.name}: pip install python-xlib.", again=False) from missing
    try:
        return Display(name)
    except (error.DisplayError, error.ConnectionClosedError, error.XauthError, OSError) as refused:
        raise NoHotkeys(
            f"The X server {name!r} lets nobody in ({refused}). "
            "Start DevOS from within the session, where $XAUTHORITY is right."
        ) from refused


def leave(display: Any) -> None:
    """Close the connection, whether or not there is still somebody at its other end."""
    from Xlib.error import ConnectionClosedError

    with suppress(ConnectionClosedError, OSError):
        display.close()
    display.display.socket.close()


def _answers(name: str) -> bool:
    """Whether somebody takes connections there; Xlib itself forgets a socket of its own each time nobody does."""
    local = re.fullmatch(r"(?:unix)?/?:(\d+)(?:\.\d+)?", name)
    if not local:
        return True
    path = f"/tmp/.X11-unix/X{local[1]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path if Path(path).exists() else f"\0{path}")
        except OSError:
            return False
    return True
