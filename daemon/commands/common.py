"""What all commands share: the --json switch, errors without tracebacks, exit codes."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer

from daemon.client import Told
from policies.visible import visible

DONE, FAILED, WRONG, REFUSED, ASKING, NOT_UNDERSTOOD = range(6)
"""The exit codes of the contract."""

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value, and nothing else, on standard output.")]


def put(value: Any) -> None:
    """Print a JSON value."""
    print(json_module.dumps(value, indent=2, ensure_ascii=False))


def fail(text: str, code: int, *, json: bool, **more: Any) -> NoReturn:
    """Say what is wrong and end with that exit code."""
    if json:
        put({"error": text, **more})
    else:
        print(printable("\n".join([text, *_instead(more)])), file=sys.stderr)
    raise typer.Exit(code)


def _instead(more: dict[str, Any]) -> list[str]:
    """What could have been said instead, where a sentence was not understood."""
    if "nearest" not in more:
        return []
    nearest = [f'  "{each}"' for each in more["nearest"]]
    return ["You could say:", *nearest] if nearest else ["`devos intents` lists what can be asked for."]


@contextmanager
def told(json: bool) -> Iterator[None]:
    """Turn what the daemon says no with into a message and an exit code."""
    try:
        yield
    except Told as no:
        nothing: dict[str, Any] = {"intent": None} if no.code == NOT_UNDERSTOOD else {}
        fail(str(no), no.code, json=json, **nothing, **no.more)


def printable(text: str) -> str:
    """Text from outside, made harmless for a terminal: what steers it, and what nobody sees, is left out."""
    return visible(text)


def in_a_line(text: str) -> str:
    """As `printable`, and on one line: outside text must not be able to write lines of its own into a list."""
    return printable(" ".join(text.splitlines()))
