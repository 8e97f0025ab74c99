"""The command line's end of the daemon's socket. Standard library only: the commands must start at once."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from daemon import home


class Told(Exception):
    """The daemon said no, or is not there; `code` is the exit code, `more` what a program may want to know."""

    def __init__(self, text: str, code: int, **more: Any) -> None:
        super().__init__(text)
        self.code, self.more = code, more


def ask(folder: Path, do: str, **question: Any) -> Iterator[dict[str, Any]]:
    """Ask the daemon of that DEVOS_HOME and yield its answers as they come.

    Raises:
        Told: it is not running, went away, or said no.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(home.socket(folder)))
        except OSError:
            raise Told(
                f"DevOS is not running for {folder}. Start it: `devos run`, or `devos run --sandbox` to try it.", 1
            ) from None
        # A daemon that is killed may hang up in the middle of anything: a question, an answer, a line of it.
        with suppress(ConnectionError, ValueError):
            connection.sendall(json.dumps({"do": do, **question}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                for line in lines:
                    answer = json.loads(line)
                    if error := answer.pop("error", None):
                        raise Told(error.pop("text"), error.pop("code"), **error)
                    if answer.get("end"):
                        return
                    yield answer
    raise Told("The daemon went away before it answered. `devos runs` shows what became of it once it is back.", 1)


def ask_once(folder: Path, do: str, **question: Any) -> dict[str, Any]:
    """Ask what has one answer.

    Raises:
        Told: as `ask`.
    """
    return next(iter(list(ask(folder, do, **question))), {})
