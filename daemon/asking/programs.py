"""Which programs a question came through, and at which terminal they run."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from daemon.outside import CannotLook, look, shut_in
from policies.visible import visible

TOPS = frozenset(("init", "systemd", "launchd", "runit", "tini", "dumb-init", "docker-init", "s6-svscan"))
"""What starts sessions: above these nobody asks anything."""
ENDED = "a program that has ended"
"""In place of the programs, where they cannot be found out any more."""
NOBODY = -1
"""In place of the processes that show a terminal where they cannot be found out: none of them started anything."""
PTS = range(136, 144)
"""The major numbers of Linux's pseudo-terminals, 256 minor ones each."""


@dataclass(frozen=True)
class Terminal:
    """Where somebody sits."""

    device: str
    """Its path: "/dev/pts/3"."""
    session: int
    """The session, by its leader's process id, of the program that asks."""


def process_tree(pid: int) -> tuple[str, ...]:
    """The names of the programs that a process was started by, itself included and last; nobody where it has ended."""
    names = [_name(each) for each in _chain(pid)]
    return tuple(reversed([name for name in names if name]))


async def programs_of(pid: int) -> tuple[str, ...]:
    """As `process_tree`, for whoever asks for something: never nobody, so that it is not taken for a person's voice."""
    return await asyncio.to_thread(process_tree, pid) or (ENDED,)


def caller_of(pid: int) -> tuple[str, ...]:
    """The full paths of the program itself and of the one that started it, where the system tells."""
    if shut_in():
        with suppress(CannotLook):
            return tuple(look(__name__, "callers", str(pid)))
        return ()
    found = []
    for each in _chain(pid)[:2]:
        with suppress(psutil.Error, OSError):
            found.append(str(Path(each.exe()).resolve()))
    return tuple(found)


def terminal_of(pid: int) -> Terminal | None:
    """The person's terminal that a program runs at; None where it runs at none, or at one that a program made up.

    A program can make a terminal, start another program there, and read what is shown on it. So it is the outermost
    terminal that counts; and whoever shows it must have started what runs there, and run at no terminal itself, as
    terminal windows, tmux and sshd do.
    """
    chain = _chain(pid)
    sessions = [_session(each.pid) for each in chain]
    if not sessions or sessions[0] is None or sessions[0].device == "":
        return None
    device = next(each.device for each in reversed(sessions) if each is not None and each.device)
    started = {each.pid for each, at in zip(chain[1:], sessions[1:], strict=True) if at is None or not at.device}
    shown_by = _shown_by(device)
    if shown_by and not shown_by & started:
        return None
    return Terminal(device, sessions[0].session)


def _chain(pid: int) -> list[psutil.Process]:
    """A process and whoever started it, nearest first, up to the session's manager."""
    found: list[psutil.Process] = []
    try:
        process = psutil.Process(pid) if pid > 0 else None
        while process is not None and process.pid > 1 and process.name() not in TOPS:
            found.append(process)
            process = process.parent()
    except psutil.Error:
        pass  # it ended while it was looked at
    return found


def _name(process: psutil.Process) -> str:
    try:
        return visible(process.name(), lines=False)[:64]
    except psutil.Error:
        return ""


def _session(pid: int) -> Terminal | None:
    """The controlling terminal of a process, with "" as the device where it has none; None where nobody tells."""
    if sys.platform != "linux":
        return _session_by_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    _, _, _, session, number = stat.rpartition(")")[2].split()[:5]
    return Terminal(_device(int(number)), int(session))


def _session_by_ps(pid: int) -> Terminal | None:
    try:
        said = subprocess.run(
            ["/bin/ps", "-o", "tty=", "-p", str(pid)], capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()
        return Terminal("" if said in ("", "?", "??") else f"/dev/{said}", os.getsid(pid))
    except (OSError, subprocess.SubprocessError):
        return None


def _device(number: int) -> str:
    """The path of a terminal by its number in /proc/PID/stat; "" where there is none."""
    if not number:
        return ""
    major, minor = (number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00)
    pts = f"/dev/pts/{(major - PTS.start) * 256 + minor}"
    for path in (pts, f"/dev/tty{minor}", "/dev/console"):
        with suppress(OSError):
            if Path(path).stat().st_rdev == os.makedev(major, minor):
                return path
    return ""


def _shown_by(device: str) -> set[int]:
    """The processes that hold the other end of a pseudo-terminal, as far as this account may see."""
    found: set[int] = set()
    if sys.platform != "linux" or not device.startswith("/dev/pts/"):
        return found
    if shut_in():
        with suppress(CannotLook):
            return set(look(__name__, "shown-by", device))
        return {NOBODY}
    wanted = f"tty-index:\t{device.removeprefix('/dev/pts/')}"
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            for end in (process / "fd").iterdir():
                with suppress(OSError):
                    if end.readlink().name == "ptmx" and wanted in _lines(process / "fdinfo" / end.name):
                        found.add(int(process.name))
    return found


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def main(question: str, about: str) -> None:
    """Print, as JSON, what a DevOS that is shut in asks to be looked at from outside."""
    print(json.dumps(sorted(_shown_by(about)) if question == "shown-by" else caller_of(int(about))))


if __name__ == "__main__":
    main(*sys.argv[1:])
