"""Choosing payloads, and deleting them so that nothing of them is left on the disk."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.action import Json
from policies.audit.erasing import BATCH, OVERHEAD, BadChoice, Choice, choose, delete, shrink
from policies.audit.log import Entry, Log

STARTED, FINISHED, RESUMED = "devos.run.started", "devos.run.finished", "devos.run.resumed"


def run(log: Log, name: str, *kinds: str) -> None:
    for kind in kinds:
        log.append_now(Entry(kind, name, None, None, {}, {"text": f"the text of {name}"}))


@pytest.fixture
def filled(log: Log) -> Log:
    """Seconds 0 to 9 of nine o'clock; r2 goes on."""
    run(log, "r1", STARTED, "devos.x", FINISHED)
    run(log, "r2", STARTED)
    run(log, "r3", STARTED, FINISHED)
    run(log, "r2", "devos.x")
    log.append_now(Entry("devos.brake.on", None, None, None, {}))
    run(log, "r3", "devos.x")
    log.append_now(Entry("devos.x", None, None, None, {}, {"text": "of no run"}))
    return log


def at(second: int) -> datetime:
    return datetime(2026, 3, 1, 9, 0, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("choice", "ranges", "kept"),
    [
        (Choice(run="r1"), ((1, 3),), ()),
        (Choice(run="r3"), ((5, 6), (9, 9)), ()),
        (Choice(run="r2"), (), ("r2",)),
        (Choice(run="r9"), (), ()),
        (Choice(entries=(1, 3, 8, 9, 99)), ((1, 1), (3, 3), (9, 9)), ()),
        (Choice(entries=(2, 4)), ((2, 2),), ("r2",)),
        (Choice(before=at(0)), (), ()),
        (Choice(before=at(2)), ((1, 2),), ()),
        (Choice(before=at(30)), ((1, 3), (5, 6), (9, 10)), ("r2",)),
        (Choice(megabytes=0), ((1, 3), (5, 6), (9, 10)), ("r2",)),
        (Choice(megabytes=1), (), ()),
    ],
    ids=str,
)
def test_what_a_choice_comes_to(
    filled: Log, path: Path, choice: Choice, ranges: tuple[tuple[int, int], ...], kept: tuple[str, ...]
) -> None:
    chosen = choose(path, choice, ())
    assert (chosen.ranges, chosen.kept) == (ranges, kept)
    held = [entry.seq for entry in filled.entries() if entry.payload is not None and entry.run != "r2"]
    wanted = [seq for seq in held if any(first <= seq <= last for first, last in ranges)]
    assert chosen.payloads == len(wanted)


@pytest.mark.parametrize("choice", [Choice(run="r1"), Choice(before=at(3)), Choice(entries=(1, 2))], ids=str)
def test_a_choice_is_asked_for_in_json(choice: Choice) -> None:
    assert Choice.from_json({**choice.to_json(), "because": "x"}) == choice


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"run": None},
        {"megabytes": 0},
        {"run": "r1", "entries": [1]},
        {"before": "2026-03-01"},
        {"before": "yesterday"},
        {"before": 7},
        {"entries": 7},
        {"entries": ["x"]},
    ],
    ids=str,
)
def test_what_is_no_choice_is_refused(asked: dict[str, Json]) -> None:
    with pytest.raises(BadChoice):
        Choice.from_json(asked)


def test_the_newest_are_kept_as_far_as_there_is_room(filled: Log, path: Path) -> None:
    bodies = dict(_sizes(path))
    room = sum(bodies[seq] + OVERHEAD for seq in (7, 9, 10))
    assert choose(path, Choice(megabytes=room / 1e6), ()).ranges == ((1, 3), (5, 6))
    assert choose(path, Choice(megabytes=(room - 1) / 1e6), ()).kept == ("r2",)
    chosen = choose(path, Choice(megabytes=0), ())
    assert chosen.bytes == sum(bodies[seq] + OVERHEAD for seq in (1, 2, 3, 5, 6, 9, 10))


def _sizes(path: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(path)) as connection:
        select = "SELECT seq, length(CAST(body AS BLOB)) FROM entries JOIN payloads ON digest = entries.payload"
        return connection.execute(select).fetchall()


def test_runs_that_are_named_keep_theirs(filled: Log, path: Path) -> None:
    assert choose(path, Choice(before=at(30)), {"r1"}).kept == ("r1", "r2")


def test_a_run_that_was_resumed_goes_on(log: Log, path: Path) -> None:
    run(log, "r1", STARTED, FINISHED, RESUMED)
    assert choose(path, Choice(run="r1"), ()).kept == ("r1",)
    run(log, "r1", FINISHED)
    assert choose(path, Choice(run="r1"), ()).payloads == 4


def test_nothing_is_left_on_the_disk(filled: Log, path: Path) -> None:
    def on_disk(text: bytes) -> bool:
        return any(text in file.read_bytes() for file in path.parent.glob("audit.db*"))

    assert on_disk(b"the text of r1")
    assert delete(path, [(1, 3)], lambda _: None) == 3
    assert not on_disk(b"the text of r1") and on_disk(b"the text of r2")
    assert delete(path, [(1, 3)], lambda _: None) == 0


async def test_appends_go_on_between_deletions(filled: Log, path: Path, entry: Callable[..., Entry]) -> None:
    import asyncio

    await asyncio.gather(*(filled.append(entry(n)) for n in range(1, BATCH + 2)))
    appended: list[int] = []
    delete(path, [(1, 10_000)], lambda _: appended.append(filled.append_now(entry())))
    assert len(appended) == 2 and filled.entries(after=appended[-1] - 1)[0].payload is not None


def test_a_reader_that_stays_does_not_hold_it_up_for_ever(filled: Log, path: Path) -> None:
    waited: list[float] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        assert delete(path, [(1, 3)], waited.append) == 3
    assert len(waited) > 10


def test_the_space_is_given_back(log: Log, path: Path) -> None:
    log.append_now(Entry("devos.x", "r1", None, None, {}, {"text": "x" * 3_000_000}))
    delete(path, [(1, 1)], lambda _: None)
    log.close()
    before = path.stat().st_size
    shrink(path)
    assert before > 3_000_000 > 200_000 > path.stat().st_size
