"""One inbox, many ways: each asked once, none held up by another, all taken back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from daemon.asking.inbox import ATTEMPTS, SLOWEST
from policies.decision import Demand, Level

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from policies.approval import Approval
    from tests.daemon.asking.office import Company, Office


@dataclass
class Pigeon:
    """A way of asking that notes what it is told, and may fail."""

    name: str = "pigeon"
    fails: int = 0
    objects: str = ""
    health: str = "ready"
    asked: list[tuple[str, int]] = field(default_factory=list)
    withdrawn: list[tuple[str, str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    closed: bool = False

    def objection(self, approval: Approval) -> str:
        return self.objects

    async def ask(self, approval: Approval) -> None:
        self._perhaps()
        self.asked.append((approval.id, len(approval.given)))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.append(approval.id)
            raise

    async def withdraw(self, approval: Approval) -> None:
        self._perhaps()
        self.withdrawn.append((approval.id, approval.status))

    async def aclose(self) -> None:
        self.closed = True

    def _perhaps(self) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError("the pigeon is lost\x1b[2J")


async def test_a_question_is_asked_once_in_every_way_and_taken_back_everywhere(office: Office) -> None:
    one, two = Pigeon("one"), Pigeon("two")
    office.opens(one, two)
    question = await office.asks()
    await office.time.until(lambda: one.asked and two.asked)
    turns = len(office.time.slept)
    await office.time.until(lambda: len(office.time.slept) > turns + 5)
    assert one.asked == two.asked == [(question.id, 0)] and not one.withdrawn
    await office.approvals.answer(question.id, True, "dana", "terminal")
    await office.time.until(lambda: one.withdrawn and two.withdrawn)
    turns = len(office.time.slept)
    await office.time.until(lambda: len(office.time.slept) > turns + 5)
    assert one.withdrawn == two.withdrawn == [(question.id, "approved")]
    assert one.cancelled == [question.id]


async def test_an_answer_in_the_terminal_withdraws_the_card_and_the_records(office: Office, company: Company) -> None:
    office.opens(office.teams, office.servicenow)
    question = await office.asks()
    await office.time.until(lambda: company.card() and len(company.approvals()) == 3)
    await office.approvals.answer(question.id, True, "dana", "terminal", because="seen")
    await office.time.until(lambda: "Approved by dana (terminal): seen" in company.card())
    await office.time.until(lambda: {each["state"] for each in company.approvals()} == {"not_required"})


async def test_two_ways_at_once_answer_one_question(office: Office, company: Company) -> None:
    office.opens(office.teams, office.servicenow)
    question = await office.asks()
    await office.time.until(lambda: company.card() and company.approvals())
    company.reply(f"approve {question.id}", by="dana")
    company.reply(f"approve {question.id}", by="marcus")
    ended = await office.ended(question)
    assert ended.status == "approved" and len(ended.given) == 1
    await office.time.until(lambda: "is closed" in company.card())


async def test_a_vote_is_shown_elsewhere(office: Office) -> None:
    way = Pigeon()
    office.opens(way)
    question = await office.asks(votes=2)
    await office.time.until(lambda: way.asked)
    await office.approvals.answer(question.id, True, "dana", "web")
    await office.time.until(lambda: len(way.asked) == 2)
    assert way.asked == [(question.id, 0), (question.id, 1)] and way.cancelled == [question.id]


async def test_a_failing_way_is_tried_again_and_holds_nobody_up(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    lost, fine = Pigeon("lost", fails=4), Pigeon("fine")
    inbox = office.opens(lost, fine)
    question = await office.asks()
    await office.time.until(lambda: fine.asked)
    assert inbox.health()["lost"] == "the pigeon is lost" and inbox.health()["fine"] == "ready"
    await office.time.until(lambda: lost.asked)
    assert lost.asked == [(question.id, 0)]
    assert caplog.text.count("lost: the pigeon is lost") == 1, "the same trouble is said once"
    assert {1.0, 2.0, 4.0, 8.0} <= set(office.time.slept)
    lost.fails = 2
    await office.approvals.answer(question.id, False, "dana", "web")
    await office.time.until(lambda: lost.withdrawn)
    assert fine.withdrawn == [(question.id, "denied")]
    await office.time.until(lambda: inbox.health() == {"lost": "ready", "fine": "ready"})


async def test_what_never_works_is_given_up_in_the_end(office: Office) -> None:
    way = Pigeon(fails=10_000)
    office.opens(way)
    await office.asks()
    await office.time.until(lambda: way.fails == 10_000 - ATTEMPTS)
    turns = len(office.time.slept)
    await office.time.until(lambda: len(office.time.slept) > turns + 5)
    assert way.fails == 10_000 - ATTEMPTS and max(office.time.slept) == SLOWEST


async def test_a_way_that_objects_is_left_out_until_it_does_not(office: Office) -> None:
    way = Pigeon(objects="not today", health="asleep")
    inbox = office.opens(way)
    await office.asks()
    turns = len(office.time.slept)
    await office.time.until(lambda: len(office.time.slept) > turns + 3)
    assert not way.asked and inbox.health() == {"pigeon": "asleep"}
    way.objects = ""
    await office.time.until(lambda: way.asked)


async def test_what_closed_while_nobody_was_there_is_taken_back(offices: Callable[..., Office]) -> None:
    first, way = offices(), Pigeon()
    first.opens(way)
    stays, goes = await first.asks(), await first.asks(run="run-2")
    await first.time.until(lambda: len(way.asked) == 2)
    await first.close()
    assert way.closed and not way.withdrawn
    second, again = offices(), Pigeon()
    await second.approvals.answer(goes.id, False, "dana", "web")
    second.opens(again)
    await second.time.until(lambda: again.withdrawn and again.asked)
    assert again.withdrawn == [(goes.id, "denied")] and again.asked == [(stays.id, 0)]


async def test_a_question_of_another_worker_is_that_workers(office: Office, tmp_path: Any) -> None:
    """The workers of a team share the database of questions, each with a record of its own."""
    from policies.approvals import Approvals
    from policies.audit.checkpoint import Signer
    from policies.audit.log import Log

    (tmp_path / "other").mkdir()
    log = Log(tmp_path / "other" / "audit.db", Signer.load_or_create(tmp_path / "other" / "keys"))
    try:
        other = Approvals(office.engine, log)
        await other.ask("run-9", "plan", "d" * 64, Demand(Level.APPROVE), [], "why", asker="eve")
    finally:
        log.close()
    way = Pigeon()
    office.opens(way)
    own = await office.asks()
    await office.time.until(lambda: way.asked)
    assert way.asked == [(own.id, 0)] and len(office.approvals.open()) == 2


async def test_questions_about_our_own_messages_are_asked_nowhere_else(office: Office) -> None:
    way = Pigeon()
    office.opens(way)
    await office.asks(run="ask-k7m2qd")
    own = await office.asks()
    await office.time.until(lambda: way.asked)
    assert way.asked == [(own.id, 0)]


async def test_a_database_that_fails_for_a_while_ends_nothing(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    way = Pigeon()
    inbox = office.opens(way)
    await office.time.until(lambda: office.time.slept)
    office.log.close()  # so that not even whose question it is can be looked up
    office.engine.dispose()
    assert inbox.health() == {"pigeon": "ready"}
    turns = len(office.time.slept)
    await office.time.until(lambda: len(office.time.slept) > turns + 3)
