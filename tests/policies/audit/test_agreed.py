"""Who approved what: as the approvals themselves record it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from policies.approvals import Approval, Approvals, CannotAnswer
from policies.audit.agreed import Question, agreed
from policies.audit.log import Entry, Log
from policies.audit.reader import Reader
from policies.decision import Demand, Level
from policies.store import engine_of, metadata

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(open_log: Callable[..., Log], clock: Clock) -> Log:
    return open_log(clock=clock)


@pytest.fixture
def approvals(tmp_path: Path, log: Log, clock: Clock) -> Iterator[Approvals]:
    engine = engine_of(f"sqlite:///{tmp_path / 'runs.db'}")
    metadata.create_all(engine)
    yield Approvals(engine, log, clock=clock)
    engine.dispose()


OTHERS = Demand(Level.APPROVE)


async def ask(approvals: Approvals, run: str = "run-1", digest: str = "d1", demand: Demand = OTHERS) -> Approval:
    plan = [{"summary": "Scale web-app to 10"}]
    return await approvals.ask(run, "plan", digest, demand, plan, "In production.", asker="ana")


@pytest.mark.parametrize(
    ("votes", "answers", "hours", "withdrawn"),
    [
        (1, [], 1, True),
        (2, [True], 1, True),
        (1, [True], 1, False),
        (2, [False], 1, False),
        (1, [], 13, False),  # it had expired already
    ],
)
async def test_what_a_run_had_asked_when_it_ended_was_withdrawn(
    approvals: Approvals, log: Log, clock: Clock, votes: int, answers: list[bool], hours: int, withdrawn: bool
) -> None:
    asked = await ask(approvals, demand=Demand(Level.APPROVE, votes=votes))
    await ask(approvals, run="run-2")
    for yes in answers:
        await approvals.answer(asked.id, yes, "ben", "web")
    clock.now += timedelta(hours=hours)
    await log.append(Entry("devos.run.finished", "run-1", None, None, {"status": "cancelled"}))
    first, other = agreed(log)
    assert (first.withdrawn, other.withdrawn) == (withdrawn, False)


async def test_a_question_with_its_answer(approvals: Approvals, log: Log, clock: Clock) -> None:
    asked = await ask(approvals)
    clock.now += timedelta(minutes=5)
    await approvals.answer(asked.id, True, "ben", "teams", because="looks good")
    (question,) = agreed(log)
    assert question == Question(
        approval=asked.id,
        run="run-1",
        subject="plan",
        level="approve",
        asker="ana",
        group=None,
        votes=1,
        digest="d1",
        plan=[{"summary": "Scale web-app to 10"}],
        because="In production.",
        asked=NOON,
        expires=asked.expires,
        answers=question.answers,
    )
    (answer,) = question.counted
    assert (answer.by, answer.via, answer.answer, answer.digest) == ("ben", "teams", "yes", "d1")
    assert (answer.reason, answer.at, answer.problem) == ("looks good", NOON + timedelta(minutes=5), None)


async def test_answers_that_did_not_count_say_why(approvals: Approvals, log: Log) -> None:
    asked = await ask(approvals)
    with pytest.raises(CannotAnswer):
        await approvals.answer(asked.id, True, "ben", "web", digest="another")
    with pytest.raises(CannotAnswer):
        await approvals.answer(asked.id, True, "ana", "terminal", because="it is mine")
    await approvals.answer(asked.id, False, "cleo", "terminal")
    with pytest.raises(CannotAnswer):
        await approvals.answer(asked.id, False, "cleo", "terminal")
    (question,) = agreed(log)
    assert [(each.by, each.answer, each.problem is None) for each in question.answers] == [
        ("ben", "yes", False),
        ("ana", "yes", False),
        ("cleo", "no", True),
        ("cleo", "no", False),
    ]
    assert [each.by for each in question.counted] == ["cleo"] and question.answers[1].reason == "it is mine"


async def test_several_may_have_to_agree(approvals: Approvals, log: Log) -> None:
    asked = await ask(approvals, demand=Demand(Level.APPROVE, votes=2))
    for person in ("ben", "cleo"):
        await approvals.answer(asked.id, True, person, "web")
    (question,) = agreed(log)
    assert question.votes == 2 and [each.by for each in question.counted] == ["ben", "cleo"]


async def test_of_answers_at_the_same_moment_one_counted(approvals: Approvals, log: Log) -> None:
    asked = await ask(approvals)
    people = [f"person{n}" for n in range(20)]
    results = await asyncio.gather(
        *(approvals.answer(asked.id, True, person, "web") for person in people), return_exceptions=True
    )
    won = [person for person, result in zip(people, results, strict=True) if isinstance(result, Approval)]
    (question,) = agreed(log)
    assert [each.by for each in question.counted] == won and len(won) == 1
    assert sorted(each.by for each in question.answers) == sorted(people)


async def test_questions_are_chosen_by_run_person_and_day(approvals: Approvals, log: Log, clock: Clock) -> None:
    one, two = await ask(approvals), await ask(approvals, "run-2", "d2")
    clock.now += timedelta(hours=11, minutes=30)
    await approvals.answer(two.id, True, "ben", "teams")
    assert [each.approval for each in agreed(log)] == [one.id, two.id]
    assert [each.approval for each in agreed(log, run="run-2")] == [two.id]
    assert [each.approval for each in agreed(log, person="ben")] == [two.id]
    assert agreed(log, person="ana") == [] and agreed(log, run="run-2", person="ana") == []
    assert len(agreed(log, day=date(2026, 3, 1), zone=UTC)) == 2
    late = ZoneInfo("Asia/Tokyo")
    assert [each.approval for each in agreed(log, day=date(2026, 3, 2), zone=late)] == [two.id]


async def test_another_process_reads_the_same(approvals: Approvals, log: Log, path: Path) -> None:
    await ask(approvals)
    with closing(Reader(path)) as reader:
        assert agreed(reader) == agreed(log)


def test_an_erased_plan_leaves_its_digest(log: Log) -> None:
    data = {"approval": "k7q2mx", "level": "approve", "digest": "d1", "subject": "plan", "expires": "x"}
    log.append_now(Entry("devos.approval.answered", "run-1", None, None, {"approval": "before", "by": "ana"}))
    log.append_now(Entry("devos.approval.asked", "run-1", None, None, data))
    log.append_now(Entry("devos.approval.asked", "run-9", None, None, data))
    first, second = agreed(log)
    assert (first.plan, first.because, first.digest, first.answers) == (None, None, "d1", ())
    assert second.run == "run-9"
