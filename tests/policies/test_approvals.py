"""Approvals: bound to what was shown, given once, by somebody, until they expire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from wiring import PATIENCE, START, DevOS, never

from policies.approvals import ALPHABET, Approval, Approvals, CannotAnswer
from policies.audit.log import CannotRecord, Entry
from policies.store import runs_table


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
    return build(url=database, clock=clock)


async def ask(house: DevOS, run: str = "run-1", digest: str = "d1", level: str = "confirm") -> Approval:
    return await house.approvals.ask(run, "plan", digest, level, [{"step": 1}], "It is in production.")


async def answers(house: DevOS, question: Approval, **options: Any) -> Approval:
    return await house.approvals.answer(question.id, **{"yes": True, "by": "ana", "via": "test", **options})


def recorded(house: DevOS) -> list[tuple[str, Any]]:
    return [(entry.type.removeprefix("devos.approval."), entry.data) for entry in house.log.entries(run="run-1")]


async def test_a_question_is_written_down_before_it_is_asked(house: DevOS) -> None:
    question = await ask(house)
    assert house.approvals.open() == [question]
    assert question.to_json() == {
        "id": question.id,
        "run": "run-1",
        "level": "confirm",
        "plan": [{"step": 1}],
        "digest": "d1",
        "because": "It is in production.",
        "expires": "2026-03-01T21:00:00.000Z",
    }
    assert len(question.id) == 6
    assert set(question.id) <= set(ALPHABET)
    ((kind, data),) = recorded(house)
    assert kind == "asked"
    assert data == {
        "approval": question.id,
        "subject": "plan",
        "digest": "d1",
        "level": "confirm",
        "expires": "2026-03-01T21:00:00.000Z",
    }
    assert house.log.entries(run="run-1")[0].payload == {"plan": [{"step": 1}], "because": "It is in production."}


async def test_where_it_cannot_be_written_down_it_is_not_asked(house: DevOS) -> None:
    house.log.close()
    with pytest.raises(CannotRecord):
        await ask(house)
    assert not house.approvals.open()


async def test_the_same_question_is_asked_once_and_another_one_anew(house: DevOS) -> None:
    first = await ask(house)
    assert await ask(house) == first
    others = [await ask(house, run="run-2"), await ask(house, digest="d2"), await ask(house, level="approve")]
    assert len({first.id, *(other.id for other in others)}) == 4
    assert [kind for kind, _ in recorded(house)] == ["asked"] * 3


async def test_an_answer_is_kept_with_who_gave_it_and_how(house: DevOS) -> None:
    question = await ask(house)
    answered = await answers(house, question, by="bob", because="fine", result={"n": 1}, digest="d1")
    assert (answered.status, answered.answered_by, answered.via, answered.reason, answered.result) == (
        "approved",
        "bob",
        "test",
        "fine",
        {"n": 1},
    )
    assert recorded(house)[-1] == (
        "answered",
        {"approval": question.id, "answer": "yes", "by": "bob", "via": "test", "digest": "d1"},
    )
    assert house.log.entries(run="run-1")[-1].payload == {"because": "fine"}


async def test_an_answer_that_cannot_be_written_down_does_not_count(house: DevOS) -> None:
    question = await ask(house)
    house.log.close()
    with pytest.raises(CannotRecord):
        await answers(house, question)
    assert house.approvals.open() == [question]


async def test_an_approval_is_spent_once(house: DevOS) -> None:
    approved = await answers(house, await ask(house))
    assert await house.approvals.use(approved)
    assert not await house.approvals.use(approved)
    assert (await ask(house)).status == "used"  # for the run that it was given to
    assert (await ask(house, run="run-2")).status == "open"


async def test_an_approval_of_one_plan_is_none_of_another(house: DevOS) -> None:
    await answers(house, await ask(house))
    assert (await ask(house, digest="d2")).status == "open"
    assert (await ask(house, level="approve")).status == "open"


async def test_a_no_stands(house: DevOS) -> None:
    question = await ask(house)
    denied = await answers(house, question, yes=False, because="not today")
    assert (denied.status, denied.reason) == ("denied", "not today")
    assert await ask(house) == denied
    assert recorded(house)[-1][1]["answer"] == "no"


@pytest.mark.parametrize("status", ["approved", "denied", "used", "expired", "withdrawn"])
async def test_only_an_open_question_can_be_answered(house: DevOS, clock: Clock, status: str) -> None:
    question = await ask(house)
    if status == "expired":
        clock.now += timedelta(hours=12)
    elif status == "withdrawn":
        await house.approvals.withdraw("run-1")
    else:
        await answers(house, question, yes=status != "denied")
        if status == "used":
            await house.approvals.use(question)
    with pytest.raises(CannotAnswer, match=f"{question.id} is {status} already"):
        await answers(house, question, by="eve")
    kind, data = recorded(house)[-1]
    assert (kind, data["by"], data["answer"]) == ("refused", "eve", "yes")
    assert "already" in data["problem"]
    assert house.approvals.of_run("run-1")[0].status == status


async def test_an_answer_to_another_plan_than_was_shown_does_not_count(house: DevOS) -> None:
    question = await ask(house)
    with pytest.raises(CannotAnswer, match="another plan than the one you saw"):
        await answers(house, question, digest="d2")
    assert recorded(house)[-1][0] == "refused"
    assert recorded(house)[-1][1]["digest"] == "d2"
    assert house.approvals.open() == [question]


async def test_nobody_approves_what_they_asked_for_themselves(house: DevOS) -> None:
    row = {"id": "run-1", "created": "2026", "request": {"person": "ana"}, "status": "running"}
    with house.engine.begin() as connection:
        connection.execute(runs_table.insert().values(**row))
    question = await ask(house, level="approve")
    with pytest.raises(CannotAnswer, match="somebody else than ana, who asked"):
        await answers(house, question, by="ana")
    with pytest.raises(CannotAnswer, match="somebody else than ana"):
        await answers(house, question, by="ana", yes=False)
    assert (await answers(house, question, by="bob")).status == "approved"
    assert (await answers(house, await ask(house), by="ana")).status == "approved"  # her own confirmation counts


async def test_without_a_known_asker_anybody_may_approve(house: DevOS) -> None:
    assert (await answers(house, await ask(house, level="approve"))).status == "approved"


async def test_there_is_no_answer_to_a_question_that_was_never_asked(house: DevOS) -> None:
    with pytest.raises(CannotAnswer, match="no approval 'zzzzzz'"):
        await house.approvals.answer("zzzzzz", True, "ana", "test")


async def test_of_two_answers_at_the_same_moment_one_counts(house: DevOS) -> None:
    both_looked, log = asyncio.Barrier(2), house.log

    class Slow:
        async def append(self, entry: Entry) -> int:
            if entry.type == "devos.approval.answered":
                await both_looked.wait()
            return await log.append(entry)

    question = await ask(house)
    inbox = Approvals(house.engine, Slow(), clock=lambda: START)  # type: ignore[arg-type]  # a slow disk
    both = await asyncio.gather(
        inbox.answer(question.id, True, "ana", "test"),
        inbox.answer(question.id, False, "bob", "test"),
        return_exceptions=True,
    )
    (counted,) = (each for each in both if isinstance(each, Approval))
    (refused,) = (each for each in both if isinstance(each, CannotAnswer))
    assert "at the same moment" in str(refused)
    assert [entry.data["problem"] for entry in log.entries(type="devos.approval.refused")] == [str(refused)]
    assert house.approvals.of_run("run-1") == [counted]


async def test_a_question_and_an_unspent_approval_expire(house: DevOS, clock: Clock) -> None:
    question, approved = await ask(house), await answers(house, await ask(house, digest="d2"))
    clock.now += timedelta(hours=12) - timedelta(milliseconds=1)
    assert [each.status for each in house.approvals.of_run("run-1")].count("expired") == 0
    clock.now += timedelta(milliseconds=1)
    assert {each.status for each in house.approvals.of_run("run-1")} == {"expired"}
    assert not house.approvals.open()
    assert not await house.approvals.use(approved)
    assert (await house.approvals.wait(question.id)).status == "expired"
    assert (await ask(house)).id != question.id


async def test_a_spent_approval_expires_but_for_a_wait_that_outlasts_it(house: DevOS, clock: Clock) -> None:
    spent = await answers(house, await ask(house))
    await house.approvals.use(spent)
    assert (await ask(house)).status == "used"
    clock.now += timedelta(days=9)
    lasting = await house.approvals.ask("run-1", spent.subject, spent.digest, spent.level, [], "", lasting=True)
    assert lasting.id == spent.id and lasting.status == "used"
    assert (await ask(house)).status == "open"


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


async def test_an_answer_given_in_another_process_is_noticed(house: DevOS) -> None:
    question, looked = await ask(house), asyncio.Event()

    async def tick(seconds: float) -> None:
        looked.set()
        await asyncio.sleep(0)

    here = Approvals(house.engine, house.log, clock=lambda: START, sleep=tick)
    elsewhere = Approvals(house.engine, house.log, clock=lambda: START, sleep=never)
    waiting = asyncio.create_task(here.wait(question.id))
    await looked.wait()
    await elsewhere.answer(question.id, True, "ana", "test")
    async with asyncio.timeout(PATIENCE):
        assert (await waiting).status == "approved"


async def test_waiting_can_be_given_up(house: DevOS) -> None:
    waiting = asyncio.create_task(house.approvals.wait((await ask(house)).id))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
