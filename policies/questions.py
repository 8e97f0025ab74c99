"""The table of questions, and every statement that changes it: a change of status is a transaction that one wins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from policies.action import Json
from policies.approval import FOREVER, OVER, Approval, Vote, moment_of, text_of
from policies.store import approvals_table as table
from policies.store import runs_table, votes_table
from policies.times import Times

VOTE = tuple(each.name for each in fields(Vote))
LIVES = ("idle", "question", "change")
"""What ends an approval besides its question's end, from the shortest life to the longest."""


@dataclass(frozen=True)
class Held:
    """A question that nobody else can change, in any process, until the transaction is over."""

    connection: Connection
    approval: Approval
    now: datetime
    """The moment at which it still counted."""

    def vote(self, vote: Vote) -> None:
        """Add a vote."""
        self.connection.execute(votes_table.insert().values(approval=self.approval.id, **vars(vote)))

    def set(self, **values: Json) -> None:
        """Change the question."""
        self.connection.execute(table.update().where(table.c.id == self.approval.id).values(**values))


class Questions:
    """All questions that were ever asked on this database."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], idle: timedelta) -> None:
        self._engine, self._idle = engine, idle
        self._times = Times(engine, clock, _end_all)

    def now(self) -> datetime:
        """The present moment; it never goes back."""
        return self._times.now()

    def asker(self, run: str) -> tuple[str | None, tuple[str, ...]]:
        """Who started a run, and from which programs, by the database that all who may answer share."""
        with self._engine.connect() as connection:
            request = connection.execute(sa.select(runs_table.c.request).where(runs_table.c.id == run)).scalar()
        return (request["person"], tuple(request.get("asked_from", ()))) if request else (None, ())

    @contextmanager
    def asking(self, new: Approval) -> Iterator[Approval | None]:
        """Put a question on the table, unless the same one stands already; what is raised inside takes it back.

        Yields:
            The one that stands already, or None where the new one was put.
        """
        now = self.now()
        with self._engine.begin() as connection:
            # Writing first takes the lock, so that two branches of a run cannot both find nothing.
            run = runs_table.c.id == new.run
            connection.execute(runs_table.update().where(run).values(status=runs_table.c.status))
            standing = self._standing(connection, new, now)
            if standing is None:
                values = {name: value for name, value in vars(new).items() if name != "given"}
                values |= {"asked_from": list(new.asked_from), "opened": list(new.opened)}
                connection.execute(table.insert().values(**values))
            yield standing

    def standing(self, new: Approval) -> Approval | None:
        """The question that stands already for what this one would ask."""
        now = self.now()
        with self._engine.connect() as connection:
            found = self._standing(connection, new, now, change=False)
        return found

    def _standing(
        self, connection: Connection, new: Approval, now: datetime, *, change: bool = True
    ) -> Approval | None:
        """The same question, open, answered with no, or with a yes that still counts for as long as is wanted."""
        same = (table.c.status == "denied") | (
            table.c.status.in_(("open", "approved", "used")) & (table.c.until > text_of(now))
        )
        # One's own confirmation of a plan is not somebody else's approval of it.
        for name in ("run", "subject", "digest", "level", "group", "votes", "must_say_why"):
            value = getattr(new, name)
            same &= table.c[name].is_(None) if value is None else table.c[name] == value
        counting = [each for each in self._select(connection, same) if self._counts(each, new.life, now)]
        if not counting:
            return None
        found = counting[-1]
        if LIVES.index(found.life) >= LIVES.index(new.life) or found.status == "denied":
            return found
        if not change:
            return None
        found = replace(found, life=new.life)
        found = replace(found, until=found.until if found.status == "open" else self.until(found, now))
        connection.execute(table.update().where(table.c.id == found.id).values(life=found.life, until=found.until))
        return found

    def _counts(self, found: Approval, life: str, now: datetime) -> bool:
        """Whether a yes that was given for longer counts for this shorter life as well: not when it was left idle."""
        if found.touched is None or LIVES.index(found.life) <= LIVES.index(life):
            return True
        return now < moment_of(found.touched) + self._idle

    def until(self, approval: Approval, now: datetime) -> str:
        """Until when an approval counts that is given or used now."""
        if approval.life == "change":
            return FOREVER
        return approval.expires if approval.life == "question" else min(approval.expires, text_of(now + self._idle))

    def find(self, code: str) -> Approval | None:
        """The question of that id, with what has expired marked so."""
        found = self._found(code)
        if found is not None and found.status in ("open", "approved") and found.until <= text_of(self.now()):
            self._expire()
            found = self._found(code)
        return found

    def _found(self, code: str) -> Approval | None:
        with self._engine.connect() as connection:
            found = self._select(connection, table.c.id == code)
        return found[0] if found else None

    def open(self) -> list[Approval]:
        """The questions that wait for an answer, oldest first."""
        return self._list(table.c.status == "open")

    def of_run(self, run: str) -> list[Approval]:
        """Every question of a run, oldest first."""
        return self._list(table.c.run == run)

    def _list(self, condition: sa.ColumnElement[bool]) -> list[Approval]:
        self._expire()
        with self._engine.connect() as connection:
            return self._select(connection, condition)

    @contextmanager
    def held(self, code: str, *statuses: str) -> Iterator[Held | None]:
        """Hold a question that has one of these statuses and still counts; whatever is raised inside changes nothing.

        Yields:
            The question, or None where it is not, or not any more, so; nor where its run has ended.
        """
        now = self.now()
        same = (table.c.id == code) & table.c.status.in_(statuses) & (table.c.until > text_of(now))
        with self._engine.begin() as connection:
            locked = connection.execute(table.update().where(same).values(status=table.c.status)).rowcount
            found = self._select(connection, table.c.id == code)[0] if locked else None
            going_on = found is not None and self._goes_on(connection, found.run)
            yield Held(connection, found, now) if found is not None and going_on else None

    @staticmethod
    def _goes_on(connection: Connection, run: str) -> bool:
        status = connection.execute(sa.select(runs_table.c.status).where(runs_table.c.id == run)).scalar()
        return status in (None, "running")

    def withdraw(self, run: str) -> None:
        """Close what a run asked and did not use."""
        with self._engine.begin() as connection:
            unused = (table.c.run == run) & table.c.status.in_(("open", "approved"))
            connection.execute(table.update().where(unused).values(status="withdrawn", until=OVER))

    def _expire(self) -> None:
        """Write down what has expired, so that it stays so."""
        late = (table.c.until != OVER) & (table.c.until <= text_of(self.now()))
        late &= table.c.status.in_(("open", "approved", "used"))
        with self._engine.connect() as connection:
            if connection.execute(sa.select(table.c.id).where(late).limit(1)).first() is None:
                return
        with self._engine.begin() as connection:
            connection.execute(table.update().where(late).values(status=_ended(), until=OVER))

    @staticmethod
    def _select(connection: Connection, condition: sa.ColumnElement[bool]) -> list[Approval]:
        votes = table.outerjoin(votes_table, (votes_table.c.approval == table.c.id) & votes_table.c.yes.is_(True))
        order = (table.c.created, table.c.id, votes_table.c.at, votes_table.c.by)
        named = [votes_table.c[name].label(f"vote_{name}") for name in VOTE]
        rows = connection.execute(sa.select(table, *named).select_from(votes).where(condition).order_by(*order))
        return [_approval(list(of_one)) for _, of_one in groupby(rows.mappings(), lambda row: row["id"])]


def _ended() -> sa.ColumnElement[str]:
    """What was used stays used, although it does not count any more."""
    return sa.case((table.c.status == "used", "used"), else_="expired")


def _end_all(connection: Connection) -> None:
    """End everything that could expire: nobody can know how old it is."""
    live = table.c.status.in_(("open", "approved", "used"))
    connection.execute(table.update().where(live).values(status=_ended(), until=OVER))


def _approval(rows: list[Any]) -> Approval:
    """A question from its rows, one for each yes, or one without."""
    values = {column.name: rows[0][column.name] for column in table.columns}
    values |= {name: tuple(values[name] or ()) for name in ("asked_from", "opened")}
    votes = [{name: row[f"vote_{name}"] for name in VOTE} for row in rows]
    return Approval(**values, given=tuple(Vote(**vote) for vote in votes if vote["by"] is not None))
