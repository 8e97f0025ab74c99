"""What the audit commands share: where the log is, what keeps it from being read, and how times are written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from daemon.commands.common import FAILED, WRONG, fail
from daemon.home import home


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
