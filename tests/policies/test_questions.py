"""The table of questions: found, held against everybody else, and ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa
from wiring import START

from policies.approval import FOREVER, OVER, Approval, Vote, text_of
from policies.questions import Questions
from policies.store import engine_of, prepare, runs_table

HOUR = timedelta(hours=1)
NEW = Approval(
    "k7m2xq", "run-1", "plan", "d1", "confirm", [{"step": 1}], "Because.", text_of(START), text_of(START + HOUR)
)
NEW = replace(NEW, until=NEW.expires, asked_from=("zsh", "devos"), opened=("jira DEV-1 summary",))
VOTE = Vote("tom", "web", text_of(START), "fine")


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> object:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(database: str) -> Iterator[sa.Engine]:
    engine = engine_of(database)
    prepare(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def questions(engine: sa.Engine, clock: Callable[[], object]) -> Questions:
    return Questions(engine, clock, timedelta(minutes=10))  # type: ignore[arg-type]  # a moment


def put(questions: Questions, new: Approval = NEW) -> Approval:
    with questions.asking(new) as standing:
        return standing or new


def given(questions: Questions, code: str = NEW.id) -> None:
    with questions.held(code, "open") as held:
        assert held is not None
        held.vote(VOTE)
        held.set(status="approved", touched=text_of(held.now), until=questions.until(held.approval, held.now))


def test_a_question_comes_back_as_it_was_put(questions: Questions) -> None:
    assert put(questions) == NEW
    assert questions.find(NEW.id) == NEW and questions.open() == [NEW]
    assert questions.find("zzzzzz") is None
    assert questions.standing(replace(NEW, id="other2")) == NEW


def test_what_is_raised_while_it_is_put_takes_it_back(questions: Questions) -> None:
    with pytest.raises(ZeroDivisionError), questions.asking(NEW):
        raise ZeroDivisionError
    assert questions.find(NEW.id) is None


def test_what_is_raised_while_it_is_held_changes_nothing(questions: Questions) -> None:
    put(questions)
    with pytest.raises(ZeroDivisionError), questions.held(NEW.id, "open") as held:
        assert held is not None
        held.vote(VOTE)
        held.set(status="approved")
        raise ZeroDivisionError
    assert questions.find(NEW.id) == NEW


def test_a_vote_is_kept_with_the_question(questions: Questions) -> None:
    put(questions)
    given(questions)
    found = questions.find(NEW.id)
    assert found is not None and found.given == (VOTE,) and found.until == text_of(START + timedelta(minutes=10))
    assert questions.of_run("run-1") == [found] and not questions.open()


def test_nobody_votes_twice_whatever_the_code_does(questions: Questions) -> None:
    put(questions)
    with pytest.raises(sa.exc.IntegrityError), questions.held(NEW.id, "open") as held:
        assert held is not None
        held.vote(VOTE)
        held.vote(VOTE)
    assert questions.find(NEW.id) == NEW


def test_only_who_finds_it_as_wanted_holds_it(questions: Questions, clock: Clock) -> None:
    put(questions)
    for statuses in (("approved",), ("used", "denied")):
        with questions.held(NEW.id, *statuses) as held:
            assert held is None
    clock.now += HOUR
    with questions.held(NEW.id, "open") as held:
        assert held is None


@pytest.mark.parametrize(("status", "goes_on"), [("running", True), ("cancelled", False), ("done", False)])
def test_a_run_that_has_ended_uses_nothing(questions: Questions, engine: sa.Engine, status: str, goes_on: bool) -> None:
    row = {"id": "run-1", "created": "2026", "request": {"person": "ana", "asked_from": ["zsh"]}, "status": status}
    with engine.begin() as connection:
        connection.execute(runs_table.insert().values(**row))
    put(questions)
    assert questions.asker("run-1") == ("ana", ("zsh",)) and questions.asker("run-2") == (None, ())
    with questions.held(NEW.id, "open") as held:
        assert (held is not None) is goes_on


def test_two_who_want_it_come_one_after_the_other(questions: Questions) -> None:
    put(questions)
    found: list[bool] = []

    def wants() -> None:
        with questions.held(NEW.id, "open") as held:
            found.append(held is not None)

    with questions.held(NEW.id, "open") as held:
        assert held is not None
        other = Thread(target=wants)
        other.start()
        held.set(status="denied")
    other.join()
    assert found == [False]


@pytest.mark.parametrize(
    ("life", "until"),
    [("idle", START + timedelta(minutes=10)), ("question", START + HOUR), ("change", None)],
)
def test_how_long_an_approval_lives(questions: Questions, life: str, until: object) -> None:
    assert questions.until(replace(NEW, life=life), START) == (text_of(until) if until else FOREVER)  # type: ignore[arg-type]  # a moment
    late = START + HOUR - timedelta(minutes=1)
    assert questions.until(replace(NEW, life="idle"), late) == NEW.expires, "its question's end at the latest"


def test_a_longer_life_is_taken_up(questions: Questions) -> None:
    put(questions)
    given(questions)
    longer = put(questions, replace(NEW, id="other2", life="change"))
    assert (longer.id, longer.life, longer.until) == (NEW.id, "change", FOREVER)
    assert questions.standing(replace(NEW, id="other2")) == longer
    assert questions.find(NEW.id) == longer


def test_what_expired_is_written_down(questions: Questions, clock: Clock, engine: sa.Engine) -> None:
    put(questions)
    put(questions, replace(NEW, id="used22", digest="d2"))
    given(questions, "used22")
    with questions.held("used22", "approved") as held:
        assert held is not None
        held.set(status="used")
    clock.now += HOUR
    assert {each.id: each.status for each in questions.of_run("run-1")} == {NEW.id: "expired", "used22": "used"}
    with engine.connect() as connection:
        assert set(connection.execute(sa.text("SELECT until FROM devos_approvals")).scalars()) == {OVER}


def test_a_question_that_is_looked_for_after_its_end_has_expired(questions: Questions, clock: Clock) -> None:
    put(questions)
    clock.now += HOUR
    found = questions.find(NEW.id)
    assert found is not None and (found.status, found.until) == ("expired", OVER)


def test_withdrawing_closes_what_was_not_used(questions: Questions) -> None:
    put(questions)
    put(questions, replace(NEW, id="given2", digest="d2"))
    given(questions, "given2")
    put(questions, replace(NEW, id="other2", run="run-2"))
    questions.withdraw("run-1")
    assert {each.status for each in questions.of_run("run-1")} == {"withdrawn"}
    assert questions.of_run("run-2")[0].status == "open"
