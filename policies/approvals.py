"""Approvals: bound to what was shown, given once, by somebody, until they expire."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from policies.action import Json
from policies.audit.log import Entry, Log
from policies.store import approvals_table as table
from policies.store import runs_table

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""The letters of an approval's id: none that are mistaken for one another when read aloud or typed."""


class CannotAnswer(Exception):
    """An answer that does not count: the message says why and what to do."""


@dataclass(frozen=True)
class Approval:
    """One question to a person and its answer."""

    id: str
    run: str
    subject: str
    """"plan", "step:N" for one change, or "outcome:N:K" for whether the K-th attempt at step N happened."""
    digest: str
    level: str
    """confirm, approve, or outcome."""
    plan: list[dict[str, Json]]
    because: str
    created: str
    expires: str
    status: str
    """open, approved, used, denied, expired or withdrawn."""
    answered_by: str | None
    via: str | None
    reason: str | None
    result: Json | None

    def to_json(self) -> dict[str, Json]:
        """The question as `devos approvals` lists it."""
        names = ("id", "run", "level", "plan", "digest", "because", "expires")
        return {name: getattr(self, name) for name in names}


class Approvals:
    """The inbox: every question that is open, and every answer that was given."""

    def __init__(
        self,
        engine: Engine,
        log: Log,
        *,
        lifetime: timedelta = timedelta(hours=12),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._engine = engine
        self._log = log
        self._lifetime = lifetime
        self._clock = clock
        self._sleep = sleep
        self._answered = asyncio.Event()

    async def ask(
        self,
        run: str,
        subject: str,
        digest: str,
        level: str,
        plan: list[dict[str, Json]],
        because: str,
        *,
        lasting: bool = False,
    ) -> Approval:
        """The question about this digest at this level: the one that stands already, or a new one, recorded as asked.

        Args:
            run: the run that asks.
            subject: what about: "plan", "step:N" or "outcome:N:K".
            digest: of exactly what is shown.
            level: confirm, approve or outcome.
            plan: the changes that are shown.
            because: why it is asked, in a sentence.
            lasting: whether an approval that was spent on this run counts although it expired since.

        Raises:
            CannotRecord: the question could not be written to the audit log; nothing was asked.
        """
        standing = await asyncio.to_thread(self._standing, run, subject, digest, level, lasting)
        if standing is not None:
            return standing
        now = self._clock()
        approval = Approval(
            id="".join(secrets.choice(ALPHABET) for _ in range(6)),
            run=run,
            subject=subject,
            digest=digest,
            level=level,
            plan=plan,
            because=because,
            created=_text(now),
            expires=_text(now + self._lifetime),
            status="open",
            answered_by=None,
            via=None,
            reason=None,
            result=None,
        )
        data = {
            "approval": approval.id,
            "subject": subject,
            "digest": digest,
            "level": level,
            "expires": approval.expires,
        }
        await self._log.append(Entry("devos.approval.asked", run, None, None, data, {"plan": plan, "because": because}))
        await asyncio.to_thread(self._insert, approval)
        return approval

    async def wait(self, code: str) -> Approval:
        """Wait until the question is answered, expired or withdrawn, by whichever process."""
        while True:
            self._answered.clear()
            approval = await asyncio.to_thread(self._current, code)
            if approval.status != "open":
                return approval
            waiting = asyncio.ensure_future(self._answered.wait())
            ticking = asyncio.ensure_future(self._sleep(0.5))
            try:
                await asyncio.wait({waiting, ticking}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
                ticking.cancel()

    async def use(self, approval: Approval) -> bool:
        """Spend an approval on its run. False when it expired, or was spent or withdrawn meanwhile."""
        return await asyncio.to_thread(self._move, approval.id, "approved", "used")

    async def answer(
        self,
        code: str,
        yes: bool,
        by: str,
        via: str,
        *,
        digest: str | None = None,
        because: str | None = None,
        result: Json | None = None,
    ) -> Approval:
        """Record one person's answer.

        Args:
            code: the question's id.
            yes: whether it is granted; for an outcome question, whether the change happened.
            by: the person.
            via: the channel the answer came by.
            digest: what the person was shown; another digest than the question's does not count.
            because: the person's reason.
            result: for an outcome question, the result the change had.

        Raises:
            CannotAnswer: there is no such question, it is not open any more, or this person may not answer it.
            CannotRecord: the answer could not be written to the audit log, and does not count.
        """
        approval = await asyncio.to_thread(self._current, code)
        problem = await asyncio.to_thread(self._problem, approval, by, digest)
        data = {
            "approval": code,
            "answer": "yes" if yes else "no",
            "by": by,
            "via": via,
            "digest": digest or approval.digest,
        }
        if problem:
            await self._refuse(approval, data, problem)
        await self._log.append(Entry("devos.approval.answered", approval.run, None, None, data, {"because": because}))
        values = {"answered_by": by, "via": via, "reason": because, "result": result}
        if not await asyncio.to_thread(self._move, code, "open", "approved" if yes else "denied", **values):
            late = f"{code} was answered or withdrawn at the same moment; `devos approvals` shows what is open."
            await self._refuse(approval, data, late)
        self._answered.set()
        return await asyncio.to_thread(self._current, code)

    async def _refuse(self, approval: Approval, data: dict[str, Json], problem: str) -> NoReturn:
        entry = Entry("devos.approval.refused", approval.run, None, None, {**data, "problem": problem})
        await self._log.append(entry)
        raise CannotAnswer(problem)

    def _problem(self, approval: Approval, by: str, digest: str | None) -> str:
        if approval.status != "open":
            return f"{approval.id} is {approval.status} already; `devos approvals` shows what is open."
        if digest is not None and digest != approval.digest:
            return f"{approval.id} asks about another plan than the one you saw; look again with `devos approvals`."
        if approval.level == "approve" and by == self._asker(approval.run):
            return f"{approval.id} needs the approval of somebody else than {by}, who asked for it."
        return ""

    def _asker(self, run: str) -> str | None:
        """Who started the run, by the database that all who may answer share."""
        with self._engine.connect() as connection:
            request = connection.execute(sa.select(runs_table.c.request).where(runs_table.c.id == run)).scalar()
        return request["person"] if request else None

    def open(self) -> list[Approval]:
        """The questions that wait for an answer, oldest first."""
        self._expire()
        return self._select(table.c.status == "open")

    def of_run(self, run: str) -> list[Approval]:
        """Every question of a run, oldest first."""
        self._expire()
        return self._select(table.c.run == run)

    async def withdraw(self, run: str) -> None:
        """Close a run's questions, because it ended."""
        await asyncio.to_thread(self._withdraw, run)
        self._answered.set()

    def _withdraw(self, run: str) -> None:
        with self._engine.begin() as connection:
            open_ones = (table.c.run == run) & table.c.status.in_(("open", "approved"))
            connection.execute(table.update().where(open_ones).values(status="withdrawn"))

    def _standing(self, run: str, subject: str, digest: str, level: str, lasting: bool) -> Approval | None:
        self._expire()
        same = (table.c.run == run) & (table.c.subject == subject) & (table.c.digest == digest)
        same &= table.c.level == level  # one's own confirmation of a plan is not somebody else's approval of it
        if not lasting:
            same &= (table.c.status != "used") | (table.c.expires > _text(self._clock()))
        found = self._select(same & table.c.status.in_(("open", "approved", "used", "denied")))
        return found[-1] if found else None

    def _current(self, code: str) -> Approval:
        self._expire()
        found = self._select(table.c.id == code)
        if not found:
            raise CannotAnswer(f"There is no approval {code!r}; `devos approvals` shows what is open.")
        return found[0]

    def _insert(self, approval: Approval) -> None:
        with self._engine.begin() as connection:
            connection.execute(table.insert().values(**vars(approval)))

    def _move(self, code: str, before: str, after: str, **values: Json) -> bool:
        self._expire()
        with self._engine.begin() as connection:
            same = (table.c.id == code) & (table.c.status == before)
            return bool(connection.execute(table.update().where(same).values(status=after, **values)).rowcount)

    def _expire(self) -> None:
        late = table.c.status.in_(("open", "approved")) & (table.c.expires <= _text(self._clock()))
        with self._engine.connect() as connection:
            if connection.execute(sa.select(table.c.id).where(late).limit(1)).first() is None:
                return
        with self._engine.begin() as connection:
            connection.execute(table.update().where(late).values(status="expired"))

    def _select(self, condition: sa.ColumnElement[bool]) -> list[Approval]:
        with self._engine.connect() as connection:
            rows: list[Any] = list(
                connection.execute(sa.select(table).where(condition).order_by(table.c.created, table.c.id)).mappings()
            )
        return [Approval(**row) for row in rows]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
