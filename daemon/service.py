"""DevOS as a service of the person's own: what is the same on every system."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

Confine = Literal["namespaces", "filters", "none"]
"""How far the service is shut in, strongest first: by namespaces and filters, by filters, not at all."""

LEVELS: tuple[Confine, ...] = get_args(Confine)

PATIENCE = 240.0
"""Seconds that a service manager's answer may take: ending and starting DevOS takes its time."""


class NoService(RuntimeError):
    """The service cannot be installed or started; the message says why, and what to do instead."""


@dataclass(frozen=True)
class Program:
    """What the service is to start."""

    command: tuple[str, ...]
    """The full path of this devos, and its arguments."""
    home: Path
    path: str
    """Where the programs that DevOS calls are found: the PATH of whoever installs it."""


@dataclass(frozen=True)
class Installed:
    """What came of an installation."""

    file: Path
    confine: Confine | None
    """None where the system has no such thing."""
    changed: bool
    """Whether the file is new, or another than before."""
    note: str = ""
    """What the person should know besides."""


class Service(Protocol):
    """One system's way of running services."""

    kind: str
    """What it is called: "systemd user unit"."""

    @property
    def file(self) -> Path:
        """Where its description lies, or is to lie."""

    def problem(self) -> str | None:
        """Why nothing can be installed on this machine, as it is now; None where it can."""

    def text(self, program: Program, confine: Confine) -> str:
        """The description, as it would be written."""

    def main_process(self) -> int | None:
        """The process that the service is, while it runs."""

    def install(self, program: Program, confine: Confine | None) -> Installed:
        """Write the description, and start the service, or start it again.

        Args:
            program: what to start.
            confine: how far it is shut in; by default as far as this machine can.

        Raises:
            NoService: it was written and does not start.
        """

    def uninstall(self) -> list[Path]:
        """End the service, and take away what was written; the paths that are gone."""


def service_of(platform: str = sys.platform) -> Service:
    """This system's way."""
    if platform == "darwin":
        from daemon.launchd import Launchd

        return Launchd()
    from daemon.systemd import Systemd

    return Systemd()


def program_of(home: Path, *, sandbox: bool) -> Program:
    """This very devos, for a DEVOS_HOME."""
    devos = Path(sys.executable).with_name("devos")
    command = (str(devos),) if os.access(devos, os.X_OK) else (sys.executable, "-m", "daemon.cli")
    return Program((*command, "run", *(["--sandbox"] if sandbox else [])), home, os.environ.get("PATH", os.defpath))


def template(name: str) -> str:
    """A file of the top-level folders systemd/ and launchd/, in a clone or as the wheel brings it: "systemd/NAME"."""
    here = Path(__file__).parent
    found = next(each for each in (here / "files" / name, here.parent / name) if each.is_file())
    return found.read_text(encoding="utf-8")


def ran(command: Sequence[str], *, patience: float = PATIENCE) -> subprocess.CompletedProcess[str]:
    """Run one of the system's own programs; one that is not there, or does not end, has failed."""
    program = shutil.which(command[0])
    if program is None:
        return subprocess.CompletedProcess(command, 127, "", f"there is no program {command[0]}")
    try:
        return subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"{command[0]} did not end within {patience:g} s")


def write(file: Path, text: str) -> bool:
    """Put a text in place of a file, whole or not at all; False where it already stands there."""
    if file.is_file() and file.read_text(encoding="utf-8", errors="replace") == text:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8")
    new.chmod(0o644)
    new.replace(file)
    return True
