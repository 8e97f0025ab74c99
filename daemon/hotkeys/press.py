"""What a hotkey tells once it was pressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.hotkeys.bindings import Binding


@dataclass(frozen=True)
class Press:
    """A hotkey was pressed, or the talk key let go of."""

    binding: Binding
    """What the keys stand for."""
    down: bool
    """True when pressed; False when the talk key is let go of. All other keys tell their press only, once."""
    at: float
    """When it came in, by time.monotonic(), in seconds."""
    way: str
    """Which way it came: "X11", "portal", "macOS", or "command" for `devos press`."""
    asked_from: tuple[str, ...] = ()
    """The programs that pressed it by `devos press`, the outermost one first; none where it was a keyboard."""
