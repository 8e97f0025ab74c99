"""The table of runs: what it answers, and that of two changes only one happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from wiring import START, DevOS, request

from policies.runs_table import NoSuchRun, RunsTable
from policies.store import engine_of, prepare


@pytest.fixture
def table(tmp_path: Path) -> Iterator[RunsTable]:
    engine = engine_of(f"sqlite:///{tmp_path / 'runs.db'}")
    prepare(engine)
    moments = iter(START + timedelta(seconds=each) for each in range(99))
    yield RunsTable(engine, lambda: next(moments))
    engine.dispose()


def test_a_run_is_found_by_its_id_its_status_and_its_age(table: RunsTable) -> None:
    for run in ("one", "two", "three"):
        table.insert(run, request("looks", deployment="web-app"))
    assert table.row("two")["request"]["slots"] == {"deployment": "web-app"}
    assert [each["id"] for each in table.newest(2)] == ["three", "two"]
    assert table.move("two", "running", "done", "seen")
    assert sorted(table.of("running")) == ["one", "three"]
    assert table.row("two")["finished"] > table.row("two")["created"]


def test_a_run_that_is_not_there_is_an_error(table: RunsTable) -> None:
    with pytest.raises(NoSuchRun, match="devos runs"):
        table.row("none")


def test_of_two_ends_the_first_counts(table: RunsTable) -> None:
    table.insert("one", request("looks"))
    assert table.move("one", "running", "cancelled", "Cancelled by ana.")
    assert not table.move("one", "running", "done", "seen")
    assert (table.row("one")["status"], table.row("one")["said"]) == ("cancelled", "Cancelled by ana.")


def test_only_what_was_put_aside_is_taken_up_again(table: RunsTable) -> None:
    table.insert("one", request("looks"))
    assert table.move("one", "running", "failed", "Stopped.", set_aside=True)
    assert not table.move("one", "failed", "running", None)
    assert table.move("one", "failed", "running", None, aside=True)
    assert table.row("one")["finished"] is None


async def test_an_end_that_cannot_be_written_is_written_as_soon_as_it_can(devos: DevOS) -> None:
    if devos.engine.dialect.name != "sqlite":
        pytest.skip("the fault is made by a trigger in SQLite's words")

    async def looks(devos: DevOS) -> str:
        with devos.engine.begin() as connection:
            connection.execute(
                sa.text(
                    "CREATE TRIGGER full BEFORE UPDATE ON devos_runs"
                    " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
                )
            )
        return "seen"

    async def until_there_is_room(seconds: float) -> None:
        if len(devos.slept) == 3:
            with devos.engine.begin() as connection:
                connection.execute(sa.text("DROP TRIGGER full"))

    devos.sleep = until_there_is_room
    shown = await devos.do(looks)
    assert (shown["status"], shown["said"], devos.slept) == ("done", "seen", [1.0, 2.0, 4.0])
