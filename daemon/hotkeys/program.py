"""Which program a desktop is to start for DevOS, and the file by which it knows DevOS at all."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

APP = "dev.devos.DevOS"
"""How desktops know DevOS; `APP.desktop` describes it to them."""


def program(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The command that is DevOS, by its full path: a desktop's own PATH may lead elsewhere.

    A DEVOS_HOME that is set here is carried along, since the desktop's own environment would not name it.
    """
    beside = Path(sys.executable).with_name("devos")
    found = str(beside) if beside.is_file() else shutil.which("devos", path=environment.get("PATH"))
    command = (found,) if found else (sys.executable, "-m", "daemon.cli")
    if home := environment.get("DEVOS_HOME"):
        return ("env", f"DEVOS_HOME={Path(home).expanduser().absolute()}", *command)
    return command


def entry_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the file lies that describes DevOS to this person's desktop."""
    data = environment.get("XDG_DATA_HOME") or Path(environment.get("HOME") or Path.home(), ".local/share")
    return Path(data, "applications", f"{APP}.desktop")


def introduce(environment: Mapping[str, str] = os.environ) -> None:
    """Set the desktop's description of DevOS, without which a portal takes its app id for an invented one.

    Where nothing can be written there, nothing is: the portal may know DevOS from somewhere else.
    """
    file, text = entry_file(environment), _entry(program(environment))
    with suppress(OSError):
        if not file.is_file() or file.read_text("utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")


def _entry(command: tuple[str, ...]) -> str:
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        "Name=DevOS",
        "Comment=Opens the dashboard; the hotkeys of DevOS carry this name",
        f"Exec={in_entry((*command, 'open'))}",
        "NoDisplay=true",
        "StartupNotify=false",
    ]
    return "\n".join(lines) + "\n"


def in_entry(words: tuple[str, ...]) -> str:
    """A command as the Exec line of a desktop entry, where quotes and percent signs have rules of their own."""
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """One argument: in double quotes, reserved characters behind a backslash, which the file's own rules double."""
    inner = word.replace("\\", "\\\\\\\\").replace('"', '\\\\"').replace("`", "\\\\`").replace("$", "\\\\$")
    return f'"{inner}"'.replace("%", "%%")
