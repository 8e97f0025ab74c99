"""The table of runs: what each was started with, how it stands, and what was said in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from policies.request import Request
from policies.store import runs_table as table


class NoSuchRun(LookupError):
    """There is no run with that id."""


class RunsTable:
    """One row for each run; every change of a row asks for the state it expects, so that of two only one happens."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock

    def insert(self, run: str, request: Request) -> None:
        """Add a run that begins."""
        values = {"id": run, "created": self._clock().isoformat(), "request": asdict(request), "status": "running"}
        with self._engine.begin() as connection:
            connection.execute(table.insert().values(**values))

    def row(self, run: str) -> Any:
        """A run's row by column.

        Raises:
            NoSuchRun: there is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(table).where(table.c.id == run)).mappings().first()
        if row is None:
            raise NoSuchRun(f"There is no run {run!r}; `devos runs` lists them.")
        return row

    def newest(self, limit: int) -> Sequence[Any]:
        """The rows of the newest runs, newest first."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(table).order_by(table.c.created.desc()).limit(limit)).mappings().all()

    def of(self, status: str) -> list[str]:
        """The runs of that status, by whomever."""
        with self._engine.connect() as connection:
            return list(connection.execute(sa.select(table.c.id).where(table.c.status == status)).scalars())

    def move(
        self, run: str, before: str, after: str, said: str | None, *, aside: bool = False, set_aside: bool = False
    ) -> bool:
        """Set a run's status, if it still is `before` and was put aside or not, as `aside` says; whether it was."""
        finished = self._clock().isoformat() if after != "running" else None
        same = (table.c.id == run) & (table.c.status == before) & (table.c.aside.is_(aside))
        values = {"status": after, "said": said, "finished": finished, "aside": set_aside}
        with self._engine.begin() as connection:
            return bool(connection.execute(table.update().where(same).values(**values)).rowcount)
