"""A database that the first DevOS wrote, brought up to date with what stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from policies import migrations
from policies.approval import Approval, text_of
from policies.questions import Questions
from policies.store import SCHEMA, approvals_table, clock_table, engine_of, metadata, prepare, votes_table

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
OLD = {"id", "run", "subject", "digest", "level", "plan", "because", "created", "expires", "status"} | {
    "answered_by",
    "via",
    "reason",
    "result",
}


@pytest.fixture
def engine(database: str) -> Iterator[sa.Engine]:
    """Tables as version 1 made them, with questions in every state."""
    engine = engine_of(database)
    with engine.begin() as connection:
        old = sa.MetaData()
        for table in metadata.sorted_tables:
            if table not in (votes_table, clock_table):
                columns = [each for each in table.columns if table is not approvals_table or each.name in OLD]
                sa.Table(
                    table.name,
                    old,
                    *(sa.Column(each.name, each.type, primary_key=each.primary_key) for each in columns),
                )
        old.create_all(connection)
        connection.execute(old.tables["devos_schema"].insert().values(version=1))
        run = {"id": "run-1", "created": "2026", "request": {"person": "ana"}, "status": "running", "aside": False}
        connection.execute(old.tables["devos_runs"].insert().values(**run))
        for status in ("open", "approved", "used", "denied", "expired", "withdrawn"):
            answered = {"answered_by": "bob", "via": "web", "reason": "why"} if status in ("used", "denied") else {}
            connection.execute(old.tables["devos_approvals"].insert().values(**question(status), **answered))
    yield engine
    engine.dispose()


def question(status: str) -> dict[str, Any]:
    created, expires = text_of(NOW), text_of(NOW + timedelta(hours=12))
    about = {"subject": "plan", "digest": status, "level": "approve", "plan": [{"step": 1}], "because": "Because."}
    return {"id": status, "run": "run-1", "created": created, "expires": expires, "status": status, **about}


def found(engine: sa.Engine) -> dict[str, Approval]:
    return {each.id: each for each in Questions(engine, lambda: NOW, timedelta(minutes=10)).of_run("run-1")}


def version(engine: sa.Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT version FROM devos_schema")).scalars())


def test_questions_keep_their_state_and_learn_who_asked(engine: sa.Engine) -> None:
    prepare(engine)
    assert version(engine) == [SCHEMA]
    for status, each in found(engine).items():
        assert (each.status, each.asker, each.votes, each.must_say_why, each.life) == (status, "ana", 1, False, "idle")
        assert bool(each.until) is (status in ("open", "approved", "used"))
    assert [vote.to_json() for vote in found(engine)["used"].given] == [
        {"by": "bob", "via": "web", "at": text_of(NOW), "reason": "why"}
    ]
    assert not found(engine)["denied"].given and found(engine)["denied"].reason == "why"


def test_it_is_done_once(engine: sa.Engine) -> None:
    prepare(engine)
    before = found(engine)
    prepare(engine)
    assert found(engine) == before and version(engine) == [SCHEMA]


def test_the_tables_are_then_as_a_new_devos_makes_them(engine: sa.Engine, tmp_path: Any) -> None:
    prepare(engine)
    fresh = engine_of(f"sqlite:///{tmp_path / 'fresh.db'}")
    prepare(fresh)
    for table in metadata.tables:
        here, there = ({each["name"] for each in sa.inspect(one).get_columns(table)} for one in (engine, fresh))
        assert here == there
    fresh.dispose()


def test_of_two_that_come_at_once_one_does_it(engine: sa.Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(prepare, engine) for _ in range(4)]:
            done.result()
    assert version(engine) == [SCHEMA] and len(found(engine)["used"].given) == 1


def test_what_fails_half_way_leaves_it_as_it_was(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = migrations.STEPS[2]

    def breaks(connection: sa.Connection) -> None:
        whole(connection)
        raise ZeroDivisionError

    monkeypatch.setattr(migrations, "STEPS", {2: breaks})
    with pytest.raises(ZeroDivisionError):
        prepare(engine)
    assert version(engine) == [1]
    assert {each["name"] for each in sa.inspect(engine).get_columns("devos_approvals")} == OLD
    monkeypatch.undo()
    prepare(engine)
    assert version(engine) == [SCHEMA] and found(engine)["open"].asker == "ana"
