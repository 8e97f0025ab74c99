"""What a service that is shut in cannot do from within: it has the person's own systemd do it outside.

In a user namespace of its own (systemd/devos.service) DevOS may not look into other programs' open files, which is how
it knows whether a terminal is a person's, and a browser that it starts cannot make its own sandbox.
"""

from __future__ import annotations

import json
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

WAIT = 10.0
"""Seconds that a look outside may take."""


class CannotLook(RuntimeError):
    """Nobody outside could be asked."""


def shut_in(uid_map: Path = Path("/proc/self/uid_map")) -> bool:
    """Whether this process is in a user namespace with nobody but its own account in it."""
    try:
        lines = uid_map.read_text().split("\n")
    except OSError:  # not Linux
        return False
    return len(lines) == 2 and lines[0].split()[-1] == "1"


def outside(command: Sequence[str]) -> list[str]:
    """The command that runs a command outside, for as long as it takes, and hands its output over."""
    return ["systemd-run", "--user", "--quiet", "--pipe", "--wait", "--collect", "--", *command]


def open_page(url: str, inside: Callable[[], bool] = shut_in) -> None:
    """Show a page in the person's browser, which is started outside where this process is shut in."""
    if not inside():
        webbrowser.open(url)
        return
    with suppress(OSError, subprocess.SubprocessError):  # no browser, no page: what is on it is reached by other ways
        command = ["systemd-run", "--user", "--quiet", "--collect", "--", "xdg-open", url]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT, check=False)


def look(module: str, *words: str) -> Any:
    """What a module of DevOS, started outside with these words, prints as JSON.

    Raises:
        CannotLook: it could not be started there, or failed.
    """
    try:
        # -I: not what lies in the working directory, and nothing that the environment names.
        done = subprocess.run(
            outside([sys.executable, "-I", "-m", module, *words]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=True,
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as problem:
        raise CannotLook(f"nobody outside of the service could be asked: {problem}") from None
