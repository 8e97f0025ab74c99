"""How long payloads are kept: by age, by space, or until somebody says that they must go.

The entries themselves stay, and with them every proof. What was erased, by whom and why, is an entry too: "erasing"
before anything is deleted, "erased" when it is gone, so that a crash between the two is made good for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from policies.action import Json
from policies.audit.erasing import Choice, Chosen, choose, delete
from policies.audit.event import ERASED, ERASING
from policies.audit.log import Entry, Log, utc_now

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

logger = logging.getLogger("devos.keeping")

EVERY = 6 * 3600.0
"""Seconds between two looks at what has grown too old or too much."""


class StillGoingOn(Exception):
    """A run's payloads cannot be erased yet: it needs them to go on."""


@dataclass(frozen=True)
class Limits:
    """What is kept without anybody's asking; None is no limit."""

    days: float | None = None
    megabytes: float | None = None

    def choices(self, now: datetime) -> list[Choice]:
        """What goes beyond them at this moment."""
        choices = [] if self.days is None else [Choice(before=now - timedelta(days=self.days))]
        return choices if self.megabytes is None else [*choices, Choice(megabytes=self.megabytes)]


class Keeping:
    """Erases payloads of the log that this process writes. Its methods block: call them from a thread of their own."""

    def __init__(
        self,
        log: Log,
        path: Path,
        *,
        going_on: Callable[[], Collection[str]] = tuple,
        clock: Callable[[], datetime] = utc_now,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Know the log.

        Args:
            log: to record in what is erased.
            path: its file.
            going_on: the runs that still need their payloads although the log has their end: those put aside.
            clock: the time, in UTC.
            pause: waits between two deletions, so that appends get their turn.
        """
        self._log, self._path, self._going_on = log, path, going_on
        self._clock, self._pause, self._one_at_a_time = clock, pause, Lock()

    def erase(self, choice: Choice, by: str | None, because: str | None) -> Chosen:
        """Erase what was chosen, on disk too, and record it; what is not there any more is no error.

        Args:
            choice: whose payloads.
            by: the person; None where it is done by the limits.
            because: the reason.

        Raises:
            StillGoingOn: all that was chosen belongs to runs that go on.
            CannotRecord: it could not be written down, and nothing was erased.
            OSError, sqlite3.Error: the log cannot be read or written.
        """
        with self._one_at_a_time:
            self._finish()
            chosen = choose(self._path, choice, self._going_on())
            if not chosen.payloads:
                if chosen.kept:
                    raise StillGoingOn(f"{', '.join(chosen.kept)} goes on and needs its payloads; cancel it first.")
                return chosen
            data: dict[str, Json] = {
                "by": by,
                "because": because,
                "chosen": choice.to_json(),
                **chosen.to_json(),
            }
            self._log.append_now(Entry(ERASING, None, None, None, data))
            self._delete(data)
            return chosen

    def retain(self, limits: Limits) -> int:
        """Erase what the limits do not allow any more; how many payloads that were.

        Raises:
            CannotRecord, OSError, sqlite3.Error: as `erase`.
        """
        erased = 0
        for choice in limits.choices(self._clock()):
            kind = "older than the limit" if choice.before else "more than the limit"
            try:
                erased += self.erase(choice, None, kind).payloads
            except StillGoingOn:
                continue
        return erased

    def finish(self) -> bool:
        """Complete an erasure that a crash interrupted; whether there was one.

        Raises:
            CannotRecord, OSError, sqlite3.Error: as `erase`.
        """
        with self._one_at_a_time:
            return self._finish()

    async def run(
        self, limits: Limits, *, every: float = EVERY, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Complete what was interrupted, then keep to the limits until cancelled. What goes wrong is logged."""
        while True:
            try:
                await asyncio.to_thread(self.finish)
                await asyncio.to_thread(self.retain, limits)
            except Exception:  # a full disk, a log that another program holds: the next time is soon enough
                logger.exception("payloads beyond the limits could not be erased")
            await sleep(every)

    def _finish(self) -> bool:
        begun = self._log.entries(type=ERASING, newest=True, limit=1)
        ended = self._log.entries(type=ERASED, newest=True, limit=1)
        if not begun or (ended and ended[0].seq > begun[0].seq):
            return False
        self._delete(begun[0].data)
        return True

    def _delete(self, data: dict[str, Json]) -> None:
        """Do what an "erasing" entry announced, and record that it is done."""
        delete(self._path, [(first, last) for first, last in data["ranges"]], self._pause)
        self._log.append_now(Entry(ERASED, None, None, None, data))


def put_aside(engine: Engine) -> set[str]:
    """The runs that have not ended although the log may say so: those that were put aside can be resumed.

    Args:
        engine: the runs' database.
    """
    import sqlalchemy as sa

    from policies.store import runs_table as table

    with engine.connect() as connection:
        unfinished = sa.select(table.c.id).where((table.c.status == "running") | table.c.aside)
        return set(connection.execute(unfinished).scalars())
