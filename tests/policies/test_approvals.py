"""Approvals: bound to what was shown, given once, by whoever may give them, until they expire."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any

import pytest
from wiring import PATIENCE, START, DevOS, never

from policies.approvals import ALPHABET, Approval, Approvals, CannotAnswer
from policies.audit.log import CannotRecord
from policies.decision import Demand, Level
from policies.people import People
from policies.store import runs_table

CONFIRM, APPROVE = Demand(Level.CONFIRM), Demand(Level.APPROVE)
TWO = Demand(Level.APPROVE, "payments", 2, rule="two-of-payments", where="team.cedar:3")
PEOPLE = People({name: {} for name in ("ana", "bob", "eve", "tom")}, {"payments": ("ana", "eve", "tom")})


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(build: Callable[..., DevOS], database: str, clock: Clock) -> Iterator[DevOS]:
    return build(url=database, clock=clock, people=PEOPLE)


async def ask(
    house: DevOS, run: str = "run-1", digest: str = "d1", demand: Demand = CONFIRM, asker: str = "ana", **how: bool
) -> Approval:
    because = "It is in production."
    return await house.approvals.ask(run, "plan", digest, demand, [{"step": 1}], because, asker=asker, **how)


async def answers(house: DevOS, question: Approval, **options: Any) -> Approval:
    return await house.approvals.answer(question.id, **{"yes": True, "by": "ana", "via": "test", **options})


def recorded(house: DevOS) -> list[tuple[str, Any]]:
    return [(entry.type.removeprefix("devos.approval."), entry.data) for entry in house.log.entries(run="run-1")]


def begun(house: DevOS, run: str = "run-1", **request: Any) -> None:
    """The row of a run that goes on."""
    row = {"id": run, "created": "2026", "request": {"person": "ana", **request}, "status": "running"}
    with house.engine.begin() as connection:
        connection.execute(runs_table.insert().values(**row))


async def test_a_question_is_written_down_before_it_is_asked(house: DevOS) -> None:
    begun(house, asked_from=["zsh", "devos"])
    changes = [{"step": 1, "opened": ["jira DEV-1 summary"]}, {"step": 2, "opened": ["jira DEV-1 summary"]}]
    question = await house.approvals.ask("run-1", "plan", "d1", TWO, changes, "It is in production.")
    assert house.approvals.open() == [question]
    assert question.to_json() == {
        "id": question.id,
        "run": "run-1",
        "subject": "plan",
        "level": "approve",
        "plan": changes,
        "digest": "d1",
        "because": "It is in production.",
        "created": "2026-03-01T09:00:00.000Z",
        "expires": "2026-03-01T21:00:00.000Z",
        "status": "open",
        "asker": "ana",
        "asked_from": ["zsh", "devos"],
        "group": "payments",
        "votes": 2,
        "given": [],
        "reason": False,
        "opened": ["jira DEV-1 summary"],
    }
    assert len(question.id) == 6
    assert set(question.id) <= set(ALPHABET)
    ((kind, data),) = recorded(house)
    assert kind == "asked"
    assert data == {
        "approval": question.id,
        "subject": "plan",
        "digest": "d1",
        "level": "approve",
        "expires": "2026-03-01T21:00:00.000Z",
        "asker": "ana",
        "asked_from": ["zsh", "devos"],
        "group": "payments",
        "votes": 2,
        "reason": False,
        "opened": ["jira DEV-1 summary"],
        "rule": "two-of-payments",
        "where": "team.cedar:3",
    }
    assert house.log.entries(run="run-1")[0].payload == {"plan": changes, "because": "It is in production."}


async def test_where_it_cannot_be_written_down_it_is_not_asked(house: DevOS) -> None:
    house.log.close()
    with pytest.raises(CannotRecord):
        await ask(house)
    assert not house.approvals.open()


async def test_the_same_question_is_asked_once_and_another_one_anew(house: DevOS) -> None:
    first = await ask(house)
    assert await ask(house) == first
    others = [
        await ask(house, run="run-2"),
        await ask(house, digest="d2"),
        await ask(house, demand=APPROVE),
        await ask(house, demand=TWO),
        await ask(house, demand=Demand(Level.APPROVE, "payments", 1)),
        await ask(house, demand=Demand(Level.APPROVE, reason=True)),
    ]
    assert len({first.id, *(other.id for other in others)}) == 7
    assert [kind for kind, _ in recorded(house)] == ["asked"] * 6


async def test_an_id_that_is_taken_is_not_given_again(house: DevOS, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = iter("aaaaaa" * 2 + "bbbbbb" + "aaaaaa" * 4)
    monkeypatch.setattr(secrets, "choice", lambda _: next(letters))
    assert [(await ask(house)).id, (await ask(house, digest="d2")).id] == ["aaaaaa", "bbbbbb"]
    assert [kind for kind, _ in recorded(house)] == ["asked", "asked"]
    with pytest.raises(RuntimeError, match="3 new ids were taken"):
        await ask(house, digest="d3")


async def test_two_branches_of_a_run_ask_one_question(house: DevOS) -> None:
    begun(house)
    asked = await asyncio.gather(*(ask(house) for _ in range(8)))
    assert len({each.id for each in asked}) == 1
    assert [kind for kind, _ in recorded(house)] == ["asked"]


async def test_an_answer_is_kept_with_who_gave_it_and_how(house: DevOS) -> None:
    question = await ask(house, demand=APPROVE)
    answered = await answers(house, question, by="bob", because="fine", result={"n": 1}, digest="d1")
    assert (answered.status, answered.answered_by, answered.via, answered.reason, answered.result) == (
        "approved",
        "bob",
        "test",
        "fine",
        {"n": 1},
    )
    at = "2026-03-01T09:00:00.000Z"
    assert answered.to_json()["given"] == [{"by": "bob", "via": "test", "at": at, "reason": "fine"}]
    assert recorded(house)[-1] == (
        "answered",
        {"approval": question.id, "answer": "yes", "by": "bob", "via": "test", "digest": "d1"},
    )
    assert house.log.entries(run="run-1")[-1].payload == {"because": "fine"}


async def test_an_answer_that_cannot_be_written_down_does_not_count(house: DevOS) -> None:
    question = await ask(house, demand=TWO)
    house.log.close()
    for yes in (True, False):
        with pytest.raises(CannotRecord):
            await answers(house, question, by="eve", yes=yes)
    assert house.approvals.open() == [question]


async def test_an_approval_is_spent_on_its_run_alone(house: DevOS) -> None:
    approved = await answers(house, await ask(house))
    assert await house.approvals.use(approved)
    assert (await ask(house)).status == "used"
    assert await house.approvals.use(approved)
    assert (await ask(house, run="run-2")).status == "open"


async def test_an_approval_of_one_plan_is_none_of_another(house: DevOS) -> None:
    await answers(house, await ask(house))
    assert (await ask(house, digest="d2")).status == "open"
    assert (await ask(house, demand=APPROVE)).status == "open"


async def test_a_no_stands(house: DevOS) -> None:
    question = await ask(house)
    denied = await answers(house, question, yes=False, because="not today")
    assert (denied.status, denied.answered_by, denied.reason) == ("denied", "ana", "not today")
    assert not denied.given
    assert await ask(house) == denied
    assert not await house.approvals.use(denied)
    assert recorded(house)[-1][1]["answer"] == "no"


async def test_two_of_a_group_approve_and_each_counts_once(house: DevOS) -> None:
    question = await ask(house, demand=TWO)
    half = await answers(house, question, by="eve")
    assert (half.status, [vote.by for vote in half.given]) == ("open", ["eve"])
    assert await house.approvals.use(half) is False
    with pytest.raises(CannotAnswer, match="has the yes of eve already"):
        await answers(house, question, by="eve")
    whole = await answers(house, question, by="tom", via="terminal")
    assert (whole.status, whole.answered_by, whole.via) == ("approved", "eve, tom", "test, terminal")
    assert [vote.by for vote in whole.given] == ["eve", "tom"]
    assert [kind for kind, _ in recorded(house)] == ["asked", "answered", "refused", "answered"]


async def test_the_first_no_ends_it_whatever_was_said_before(house: DevOS) -> None:
    question = await ask(house, demand=TWO)
    await answers(house, question, by="eve")
    denied = await answers(house, question, by="tom", yes=False, because="too late")
    assert (denied.status, denied.answered_by, [vote.by for vote in denied.given]) == ("denied", "tom", ["eve"])


async def test_what_was_said_is_kept_without_what_no_database_takes(house: DevOS) -> None:
    question = await ask(house)
    answered = await answers(house, question, by=" ana\x00", because="\ud83dfine\x00\u202e", digest=" d1\x00")
    assert (answered.answered_by, answered.reason) == ("ana", "fine")


async def test_an_id_is_found_as_a_phone_writes_it(house: DevOS) -> None:
    question = await ask(house)
    assert (await house.approvals.answer(f" {question.id.upper()}\n", True, "ana", "test")).status == "approved"


async def test_questions_are_listed_oldest_first(house: DevOS, clock: Clock) -> None:
    first = await ask(house, run="run-2")
    clock.now += timedelta(seconds=1)
    second = await ask(house)
    assert house.approvals.open() == [first, second]
    assert house.approvals.of_run("run-1") == [second]


async def test_waiting_ends_with_the_answer_and_with_the_run(house: DevOS) -> None:
    for end, status in ((answers, "approved"), (lambda house, _: house.approvals.withdraw("run-1"), "withdrawn")):
        question = await ask(house, digest=status)
        waiting = asyncio.create_task(house.approvals.wait(question.id))
        await end(house, question)
        async with asyncio.timeout(PATIENCE):
            assert (await waiting).status == status


async def test_whoever_shows_the_inbox_hears_of_every_change(house: DevOS) -> None:
    async def heard(happens: Coroutine[Any, Any, Any]) -> Any:
        hearing = asyncio.create_task(house.approvals.changed())
        await asyncio.sleep(0)
        what = await happens
        async with asyncio.timeout(PATIENCE):
            await hearing
        return what

    question = await heard(ask(house))
    await heard(answers(house, question))
    await heard(house.approvals.withdraw("run-1"))


async def test_an_answer_given_in_another_process_is_noticed(house: DevOS) -> None:
    question, looked = await ask(house), asyncio.Event()

    async def tick(seconds: float) -> None:
        looked.set()
        await asyncio.sleep(0)

    here = Approvals(house.engine, house.log, clock=lambda: START, sleep=tick)
    elsewhere = Approvals(house.engine, house.log, clock=lambda: START, sleep=never)
    waiting = asyncio.create_task(here.wait(question.id))
    await looked.wait()
    await elsewhere.answer(question.id, True, "ana", "terminal")
    async with asyncio.timeout(PATIENCE):
        assert (await waiting).status == "approved"
        await here.changed()


async def test_waiting_can_be_given_up(house: DevOS) -> None:
    waiting = asyncio.create_task(house.approvals.wait((await ask(house)).id))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_was_never_asked_is_not_waited_for(house: DevOS) -> None:
    with pytest.raises(CannotAnswer, match="no approval 'zzzzzz'"):
        await house.approvals.wait("zzzzzz")
