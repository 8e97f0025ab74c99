"""What the audit commands share: where the log is, what keeps it from being read, and how times are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.commands.common import FAILED, WRONG, fail
from daemon.home import home

if TYPE_CHECKING:
    from policies.audit.event import Stored

OWN_READS = "catalogue"
"""The run under which DevOS itself reads which names exist (daemon/names.py): several entries for each request."""
PAGE = 500
"""How many entries are read at a time while DevOS's own are left out."""


def log_path(json: bool) -> Path:
    """The log; where there is none the command ends."""
    path = home() / "audit.db"
    if not path.exists():
        fail(f"There is no audit log in {home()} yet; it begins with the first `devos run`.", FAILED, json=json)
    return path


@contextmanager
def readable(json: bool) -> Iterator[Path]:
    """The log, while it is read; one that cannot be read ends the command."""
    import sqlite3

    from policies.audit.event import Unreadable
    from policies.audit.schema import NewerFile

    path = log_path(json)
    try:
        yield path
    except (OSError, sqlite3.Error, Unreadable, NewerFile) as problem:
        fail(f"{path} cannot be read: {problem} `devos audit verify` names the first bad entry.", FAILED, json=json)


def without_own_reads(
    read: Callable[[int | None, int], list[Stored]], before: int | None, limit: int
) -> tuple[list[Stored], int]:
    """The newest entries that are not of DevOS's own reads, newest first, and how many of those lay between them.

    Args:
        read: the entries before a seq, newest first, and at most so many.
        before: only entries with a smaller seq.
        limit: at most so many.
    """
    found: list[Stored] = []
    left_out = 0
    while page := read(before, PAGE):
        for entry in page:
            if entry.run == OWN_READS:
                left_out += 1
                continue
            found.append(entry)
            if len(found) == limit:
                return found, left_out
        before = page[-1].seq
    return found, left_out


def day_of(text: str | None, json: bool) -> date | None:
    """A day as somebody writes it, in local time."""
    today = datetime.now().astimezone().date()
    if text is None:
        return None
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no day; write 2026-11-20, today or yesterday.", WRONG, json=json)


def local(moment: datetime) -> str:
    """A moment in local time, to the second."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
