"""The present moment for what expires: a clock that is set back makes nothing valid again."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from policies.approval import moment_of, text_of
from policies.store import clock_table as table

logger = logging.getLogger("devos.times")

SLACK = timedelta(minutes=1)
"""How far a clock may go back as clocks do that are kept right; time stands still meanwhile."""
KEPT = timedelta(seconds=10)
"""How much of the time that was seen may be forgotten by a crash."""


class Times:
    """Tells the time, and remembers in the database the newest that it told, one for each machine."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], set_back: Callable[[Connection], None]) -> None:
        """Begin.

        Args:
            engine: the database that remembers.
            clock: the machine's.
            set_back: ends everything that expires, in the given transaction; called when the clock was set back, since
                nobody can know any more how old it is.
        """
        self._engine, self._clock, self._set_back = engine, clock, set_back
        # A file belongs to one machine, whatever that is called today.
        self._machine = "here" if engine.dialect.name == "sqlite" else platform.node()
        self._lock = Lock()
        self._seen: datetime | None = None
        self._kept: datetime | None = None

    def now(self) -> datetime:
        """The present moment, never before one that was told."""
        with self._lock:
            now = self._clock()
            if self._seen is None:
                self._seen = self._kept = self._read()
            if self._seen is None or now >= self._seen:
                self._seen = now
                if self._kept is None or now - self._kept >= KEPT:
                    self._keep(now)
            elif self._seen - now > SLACK:
                logger.warning("the clock was set back from %s to %s: every approval has ended", self._seen, now)
                with self._engine.begin() as connection:
                    self._write(connection, now)
                    self._set_back(connection)
                self._seen = self._kept = now
            return self._seen

    def _read(self) -> datetime | None:
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(table.c.seen).where(table.c.machine == self._machine)).scalar()
        return moment_of(found) if found else None

    def _keep(self, now: datetime) -> None:
        try:
            with self._engine.begin() as connection:
                self._write(connection, now)
        except IntegrityError:  # another process was the first to write it
            return
        self._kept = now

    def _write(self, connection: Connection, now: datetime) -> None:
        mine = table.update().where(table.c.machine == self._machine)
        if not connection.execute(mine.values(seen=text_of(now))).rowcount:
            connection.execute(table.insert().values(machine=self._machine, seen=text_of(now)))
