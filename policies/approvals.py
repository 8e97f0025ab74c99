"""Approvals: bound to what was shown, given once, by whoever may give them, until they expire."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from policies.action import Json
from policies.approval import OVER, Approval, Vote, text_of
from policies.audit.log import Entry, Log
from policies.ballot import Ballot, clean
from policies.bell import Bell
from policies.decision import Demand, Level
from policies.people import People
from policies.questions import Held, Questions
from policies.voters import CEILINGS, Voters

__all__ = ["ALPHABET", "Approval", "Approvals", "CannotAnswer", "Vote"]

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""The letters of an approval's id: none that are mistaken for one another when read aloud or typed."""

REFUSED = "devos.approval.refused"
TRIES = 3
"""How many ids may be taken in a row."""


class CannotAnswer(Exception):
    """An answer that does not count: the message says why and what to do."""


class Approvals:
    """The inbox: every question that is open, and every answer that was given."""

    def __init__(
        self,
        engine: Engine,
        log: Log,
        *,
        people: People | None = None,
        ceilings: Mapping[str, Level] | None = None,
        lifetime: timedelta = timedelta(hours=12),
        idle: timedelta = timedelta(minutes=10),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Build the inbox.

        Args:
            engine: the runs' database, which other processes may share.
            log: where every question and every answer is recorded, before it counts.
            people: who may approve; anybody, where nobody is configured.
            ceilings: what a yes may grant at most by the way it came, where that differs from `CEILINGS`.
            lifetime: how long a question stands, and with it whatever was answered.
            idle: how long a yes counts after it was given, and after each use.
            clock: the time, with its zone.
            sleep: waits between two looks at the database, in which other processes answer too.
        """
        self.voters = Voters(people or People(), {**CEILINGS, **(ceilings or {})})
        """Who may answer; set it anew when the settings change, and what was approved is held to it."""
        self._questions = Questions(engine, clock, idle)
        self._log, self._lifetime, self._sleep = log, lifetime, sleep
        self._bell = Bell()

    async def ask(
        self,
        run: str,
        subject: str,
        digest: str,
        demand: Demand,
        plan: Sequence[Mapping[str, Json]],
        because: str,
        *,
        lasting: bool = False,
        held: bool = False,
        asker: str | None = None,
    ) -> Approval:
        """The question about this digest with this demand: the one that stands, or a new one, recorded as asked.

        Args:
            run: the run that asks.
            subject: what about: "plan", "step:N" or "outcome:N:K"; an outcome is asked of whoever asked for the run.
            digest: of exactly what is shown.
            demand: whose yes it needs.
            plan: the changes that are shown.
            because: why it is asked, in a sentence.
            lasting: whether a yes counts until the change request is decided that the run waits for.
            held: whether a yes counts to the question's end, unused, because others are asked after it.
            asker: who asked for the run; by default whoever the run's row names.

        Raises:
            CannotRecord: the question could not be written to the audit log; nothing was asked.
        """
        life = "change" if lasting else "question" if held else "idle"
        new = await asyncio.to_thread(self._new, run, subject, digest, demand, plan, because, life, asker)
        for _ in range(TRIES):
            with suppress(IntegrityError):  # once in a long while an id is taken
                asked = await asyncio.to_thread(self._ask, new, demand)
                self._bell.ring()
                return asked
            new = replace(new, id=_code())
        raise RuntimeError(f"{TRIES} new ids were taken already; is the database damaged?")

    def _new(
        self,
        run: str,
        subject: str,
        digest: str,
        demand: Demand,
        plan: Sequence[Mapping[str, Json]],
        because: str,
        life: str,
        asker: str | None,
    ) -> Approval:
        now = self._questions.now()
        person, asked_from = self._questions.asker(run)
        expires = text_of(now + self._lifetime)
        return Approval(
            id=_code(),
            run=run,
            subject=subject,
            digest=digest,
            level="outcome" if subject.startswith("outcome:") else str(demand.level),
            plan=[dict(change) for change in plan],
            because=because,
            created=text_of(now),
            expires=expires,
            asker=asker or person,
            asked_from=asked_from,
            group=demand.group,
            votes=demand.votes,
            must_say_why=demand.reason,
            opened=tuple(dict.fromkeys(source for change in plan for source in change.get("opened") or ())),
            until=expires,
            life=life,
        )

    def _ask(self, new: Approval, demand: Demand) -> Approval:
        standing = self._questions.standing(new)
        if standing is not None:
            return standing
        names = ("subject", "digest", "level", "expires", "asker", "group", "votes")
        data: dict[str, Json] = {"approval": new.id, **{name: getattr(new, name) for name in names}}
        data |= {"asked_from": list(new.asked_from), "opened": list(new.opened), "reason": new.must_say_why}
        data |= {"rule": demand.rule, "where": demand.where}
        with self._questions.asking(new) as standing:
            if standing is not None:
                return standing
            payload = {"plan": new.plan, "because": new.because}
            self._log.append_now(Entry("devos.approval.asked", new.run, None, None, data, payload))
        return new

    async def wait(self, code: str) -> Approval:
        """Wait until the question is answered, expired or withdrawn, by whichever process."""
        while True:
            heard = self._bell.listen()
            try:
                approval = await asyncio.to_thread(self._find, code)
                if approval.status != "open":
                    return approval
                await self._pause(heard, 0.5)
            finally:
                heard.cancel()

    async def changed(self) -> None:
        """Wait until something is asked, answered or closed in this process, or a second is over."""
        heard = self._bell.listen()
        try:
            await self._pause(heard, 1.0)
        finally:
            heard.cancel()

    async def _pause(self, heard: asyncio.Future[None], seconds: float) -> None:
        ticking = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait({heard, ticking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ticking.cancel()

    async def use(self, approval: Approval) -> bool:
        """Spend an approval on its run, now, or once more for what it covers besides.

        False when it expired or was withdrawn, when its run ended, or when somebody who gave it could not give it any
        more: then it is void, which is recorded.

        Raises:
            CannotRecord: that it is void could not be recorded; it is not used.
        """
        used = await asyncio.to_thread(self._use, approval.id)
        self._bell.ring()
        return used

    def _use(self, code: str) -> bool:
        with self._questions.held(code, "approved", "used") as held:
            if held is None:
                return False
            approval, void = held.approval, self.voters.void(held.approval)
            if void is None:
                held.set(status="used", touched=text_of(held.now), until=self._questions.until(approval, held.now))
                return True
            vote, problem = void
            data: dict[str, Json] = {"approval": code, "answer": "yes", "by": vote.by, "via": vote.via}
            data |= {"digest": approval.digest, "problem": f"It does not count any more: {problem}"}
            self._log.append_now(Entry(REFUSED, approval.run, None, None, data))
            held.set(status="withdrawn", until=OVER)
            return False

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
        """Record one person's answer, and return the question as it is then: still open while it needs more votes.

        Args:
            code: the question's id.
            yes: whether it is granted; for an outcome question, whether the change happened.
            by: the person, or an identity that a system knows one person by.
            via: the channel the answer came by.
            digest: what the person was shown; another digest than the question's does not count.
            because: the person's reason.
            result: for an outcome question, the result the change had.

        Raises:
            CannotAnswer: there is no such question, it is not open any more, or this person may not answer it so.
            CannotRecord: the answer could not be written to the audit log, and does not count.
        """
        answer = Ballot.of(self.voters.people, code, yes, by, via, digest, because, result)
        approval, problem = await asyncio.to_thread(self._answer, answer)
        if problem:
            await self._refuse(approval, answer, problem)
        assert approval is not None
        self._bell.ring()
        return approval

    def _answer(self, answer: Ballot) -> tuple[Approval | None, str]:
        """The question after this answer, or as it is and why the answer does not count."""
        approval = self._questions.find(answer.code)
        if approval is None or not hmac.compare_digest(approval.id.encode(), answer.code.encode()):
            return None, f"There is no approval {answer.code!r}; `devos approvals` shows what is open."
        if problem := self._problem(approval, answer):
            return approval, problem
        with self._questions.held(answer.code, "open") as held:
            if held is None:
                late = (
                    f"{approval.id} was answered or withdrawn at the same moment; `devos approvals` shows what is open."
                )
                return approval, late
            if problem := self._problem(held.approval, answer):
                return held.approval, problem
            self._count(held, answer)
        return self._questions.find(answer.code), ""

    def _problem(self, approval: Approval, answer: Ballot) -> str:
        code = approval.id
        if approval.status != "open":
            return f"{code} is {approval.status} already; `devos approvals` shows what is open."
        if answer.digest is not None and not hmac.compare_digest(answer.digest.encode(), approval.digest.encode()):
            return f"{code} asks about another plan than the one you saw; look again with `devos approvals`."
        if problem := self.voters.problem(approval, answer.by, answer.via, yes=answer.yes):
            return problem
        if approval.must_say_why and answer.because is None:
            return f"{code} wants a reason with the answer; say it with --because."
        if answer.yes and self.voters.voted(approval, answer.by):
            return f"{code} has the yes of {answer.by} already; the next one has to be somebody else's."
        return ""

    def _count(self, held: Held, answer: Ballot) -> None:
        """Add an answer to a question that is held; with it, the question may be decided."""
        approval = held.approval
        vote = Vote(answer.by, answer.via, text_of(held.now), answer.because, answer.yes)
        held.vote(vote)
        given = (*approval.given, vote)
        said: dict[str, Json] = {"answered_by": answer.by, "via": answer.via, "reason": answer.because}
        if not answer.yes:
            held.set(status="denied", touched=vote.at, until=OVER, result=answer.result, **said)
        elif len(given) >= approval.votes:
            said |= {"answered_by": ", ".join(each.by for each in given)}
            said |= {"via": ", ".join(dict.fromkeys(each.via for each in given))}
            until = self._questions.until(approval, held.now)
            held.set(status="approved", touched=vote.at, until=until, result=answer.result, **said)
        data = answer.recorded | {"digest": answer.digest or approval.digest}
        entry = Entry("devos.approval.answered", approval.run, None, None, data, {"because": answer.because})
        self._log.append_now(entry)

    async def _refuse(self, approval: Approval | None, answer: Ballot, problem: str) -> NoReturn:
        run, digest = (approval.run, approval.digest) if approval else (None, None)
        data = answer.recorded | {"digest": answer.digest or digest, "problem": problem}
        await self._log.append(Entry(REFUSED, run, None, None, data, {"because": answer.because}))
        raise CannotAnswer(problem)

    async def refuse(self, code: str, yes: bool, by: str, via: str, problem: str) -> NoReturn:
        """Record that an answer was given in a way that does not count, and say so.

        Raises:
            CannotAnswer: with the problem, always.
            CannotRecord: it could not be recorded either.
        """
        answer = Ballot.of(self.voters.people, code, yes, by, via)
        await self._refuse(await asyncio.to_thread(self._questions.find, answer.code), answer, problem)

    def _find(self, code: str) -> Approval:
        found = self._questions.find(code)
        if found is None:
            raise CannotAnswer(f"There is no approval {code!r}; `devos approvals` shows what is open.")
        return found

    def find(self, code: str) -> Approval | None:
        """The question of that id, as somebody may have typed it; None where there is none."""
        return self._questions.find(clean(code).lower())

    def open(self) -> list[Approval]:
        """The questions that wait for an answer, oldest first."""
        return self._questions.open()

    def of_run(self, run: str) -> list[Approval]:
        """Every question of a run, oldest first."""
        return self._questions.of_run(run)

    async def withdraw(self, run: str) -> None:
        """Close a run's questions, because it ended."""
        await asyncio.to_thread(self._questions.withdraw, run)
        self._bell.ring()


def _code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(6))
