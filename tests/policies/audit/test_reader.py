"""Reading: by run, step and type, from the front or the back, from any process."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from policies.audit.log import Entry, Log
from policies.audit.reader import Reader


@pytest.fixture
def filled(log: Log, entry: Callable[..., Entry]) -> Log:
    for n in range(1, 31):
        log.append_now(entry(n))
    return log


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, list(range(1, 31))),
        ({"run": "run-2"}, list(range(11, 21))),
        ({"run": "run-2", "step": 13}, [13]),
        ({"type": "devos.action.done", "run": "run-1"}, [2, 4, 6, 8, 10]),
        ({"after": 28}, [29, 30]),
        ({"limit": 2}, [1, 2]),
        ({"limit": 0}, []),
        ({"newest": True, "limit": 3}, [30, 29, 28]),
        ({"newest": True, "after": 28}, [30, 29]),
        ({"run": "nobody's"}, []),
    ],
)
def test_entries_are_found_by_what_they_are_about(filled: Log, wanted: dict[str, object], found: list[int]) -> None:
    assert [each.seq for each in filled.entries(**wanted)] == found  # type: ignore[arg-type]  # rows of a table


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"before": 3}, [1, 2]),
        ({"before": 1}, []),
        ({"before": 6, "newest": True, "limit": 2}, [5, 4]),
        ({"before": 6, "after": 3}, [4, 5]),
    ],
)
def test_a_page_ends_before_the_one_that_was_seen(
    filled: Log, path: Path, wanted: dict[str, object], found: list[int]
) -> None:
    with closing(Reader(path)) as reader:
        assert [each.seq for each in reader.entries(**wanted)] == found  # type: ignore[arg-type]  # rows of a table


def test_another_process_may_read_while_the_daemon_writes_and_after(path: Path, filled: Log) -> None:
    reader = Reader(path)
    assert reader.entries() == filled.entries()
    reader.close()
    written = filled.entries()
    filled.close()
    reader = Reader(path)
    assert reader.entries() == written
    reader.close()


def test_the_indexes_are_used(filled: Log, path: Path) -> None:
    connection = sqlite3.connect(path)
    try:
        plan = connection.execute("EXPLAIN QUERY PLAN SELECT seq FROM entries WHERE run = 'run-2'").fetchall()
    finally:
        connection.close()
    assert "entries_by_run" in plan[0][3]
