"""The search index: finds by words and by properties, follows the log, forgets what was erased, survives damage."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from policies.audit.index import AT_ONCE, Index
from policies.audit.log import Entry, Log

KIRITIMATI = ZoneInfo("Pacific/Kiritimati")
"""Fourteen hours ahead: most of a UTC day is the next day there."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "audit-index.db"


@pytest.fixture
def index(path: Path, place: Path, filled: Log) -> Iterator[Index]:
    opened = Index(path, place, zone=UTC)
    opened.refresh()
    yield opened
    opened.close()


INTENDED, STARTED = "devos.action.intended", "devos.run.started"
AGREED = {"rule": "on-call", "approved_by": "ben, cleo"}
ASKED = {"approval": "k7q2mx", "level": "approve"}

STORY = [
    Entry("devos.daemon.started", None, None, None, {"version": "0.1"}),
    Entry(STARTED, "r1", None, None, {"person": "ana", "channel": "voice"}, {"text": "scale web-app to 10"}),
    Entry("devos.approval.asked", "r1", None, None, ASKED, {"because": "Möwen über Köln"}),
    Entry("devos.approval.answered", "r1", None, None, {"approval": "k7q2mx", "by": "ben", "via": "teams"}),
    Entry(INTENDED, "r1", 1, "kubernetes.scale", AGREED, {"args": {"deployment": "web-app", "replicas": 10}}),
    Entry("devos.action.done", "r1", 1, "kubernetes.scale", {"how": "done"}, {"result": {"note": "DEV-456 fixed"}}),
    Entry(STARTED, "r2", None, None, {"person": "cleo", "channel": "typed"}, {"text": "how many replicas has web-app"}),
    Entry(INTENDED, "r2", 1, "jira.issue", {"rule": "reads"}, {"args": {"key": "DEV-456"}}),
    Entry("devos.brake.on", None, None, None, {"by": "ana"}),
]


@pytest.fixture
def filled(log: Log) -> Log:
    for each in STORY:
        log.append_now(each)
    return log


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"limit": 2}, [9, 8]),
        ({"limit": 2, "before": 8}, [7, 6]),
        ({"limit": 0}, []),
        ({"before": 1}, []),
        ({"run": "r1"}, [6, 5, 4, 3, 2]),
        ({"person": "ana"}, [9, 6, 5, 4, 3, 2]),
        ({"person": "ben"}, [5, 4]),
        ({"person": "cleo"}, [8, 7, 5]),
        ({"person": "Ana"}, []),
        ({"system": "kubernetes"}, [6, 5]),
        ({"system": "kube"}, []),
        ({"rule": "on-call"}, [5]),
        ({"type": "devos.run.started"}, [7, 2]),
        ({"type": "devos.run.started", "person": "cleo"}, [7]),
        ({"day": date(2026, 3, 1)}, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"day": date(2026, 3, 1), "limit": 1, "before": 9}, [8]),
        ({"day": date(2026, 3, 2)}, []),
        ({"day": date(2026, 3, 1), "text": "web-app", "system": "kubernetes"}, [5]),
        ({"text": "web-app"}, [7, 5, 2]),
        ({"text": "WEB-app scale"}, [5, 2]),
        ({"text": "replicas"}, [7]),
        ({"text": "repl"}, []),
        ({"text": "repl*"}, [7]),
        ({"text": "many* repl*"}, [7]),
        ({"text": "*"}, []),
        ({"text": "scale web-app"}, [5, 2]),
        ({"text": '"scale web-app"'}, [2]),
        ({"text": "DEV-456"}, [8, 6]),
        ({"text": "dev-45*"}, [8, 6]),
        ({"text": "dev-45"}, []),
        ({"text": '"dev-45*"'}, []),
        ({"text": "456-dev"}, []),
        ({"text": "moewen"}, []),
        ({"text": "möwen KÖLN"}, [3]),
        ({"text": "mowen"}, [3]),
        ({"text": "k7q2mx"}, [4, 3]),
        ({"text": "10"}, [5, 2]),
        ({"text": " "}, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"text": "?!"}, []),
        ({"text": "web-app ?!"}, [7, 5, 2]),
        ({"text": "person616e61"}, []),
        ({"text": "web-app OR jira"}, []),
        ({"text": "facets : person616e61"}, []),
    ],
    ids=str,
)
def test_entries_are_found_by_words_and_properties(index: Index, wanted: dict[str, object], found: list[int]) -> None:
    assert [each.seq for each in index.find(**wanted)] == found  # type: ignore[arg-type]  # rows of a table


def test_what_is_found_is_what_the_log_holds(index: Index, filled: Log) -> None:
    assert index.find(text="web-app") == [each for each in filled.entries(newest=True) if each.seq in (2, 5, 7)]


def test_nothing_that_is_typed_is_an_error(index: Index) -> None:
    dice = random.Random(7)
    pieces = [
        '"',
        "*",
        "^",
        ":",
        "(",
        ")",
        "-",
        "+",
        "NEAR",
        "AND",
        "NOT",
        "\0",
        "\ud800",
        "web",
        "é",
        "{said}",
        " ",
        "🙂",
    ]
    for _ in range(2000):
        index.find(text="".join(dice.choices(pieces, k=dice.randint(1, 12))), limit=1)
    index.find(text="a " * 5000)
    index.find(text="a-" * 5000, person="\0'\"", rule="\ud800")


def test_the_index_follows_the_log(index: Index, filled: Log) -> None:
    assert index.refresh() == 0
    filled.append_now(Entry("devos.run.started", "r3", None, None, {"person": "dora"}, {"text": "deploy payments"}))
    assert [each.seq for each in index.find(text="payments", person="dora")] == [10]
    assert index.refresh() == 0


async def test_one_that_is_far_behind_catches_up_when_told_to(log: Log, path: Path, place: Path) -> None:
    entries = [Entry("devos.x", f"r{n}", None, None, {"n": n}) for n in range(AT_ONCE + 5)]
    await asyncio.gather(*map(log.append, entries))
    with closing(Index(path, place)) as index:
        assert [each.seq for each in index.find(type="devos.x", limit=1)] == [AT_ONCE]
        assert index.refresh() == 5
        assert [each.seq for each in index.find(type="devos.x", limit=1)] == [AT_ONCE + 5]


def test_two_indexes_on_one_file_count_nothing_twice(index: Index, filled: Log, path: Path, place: Path) -> None:
    with closing(Index(path, place)) as other:
        filled.append_now(STORY[0])
        assert other.refresh() == 1 and index.refresh() == 0
        assert other.facets() == index.facets()
        assert other.facets().types["devos.daemon.started"] == 2


def test_days_and_facets_are_counted(index: Index) -> None:
    assert index.days() == [(date(2026, 3, 1), 9)]
    facets = index.facets()
    assert facets.persons == {"ana": 6, "cleo": 3, "ben": 2}
    assert facets.systems == {"kubernetes": 2, "jira": 1}
    assert facets.rules == {"on-call": 1, "reads": 1}
    assert list(facets.types)[:2] == ["devos.action.intended", "devos.run.started"]


def test_days_are_those_of_the_place(open_log: Callable[..., Log], path: Path, place: Path) -> None:
    hours = iter(range(0, 96, 4))
    log = open_log(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=next(hours)))
    for _ in range(12):
        log.append_now(STORY[0])
    with closing(Index(path, place, zone=UTC)) as here, closing(Index(path, place, zone=KIRITIMATI)) as there:
        here.refresh()
        assert here.days() == [(date(2026, 3, 2), 6), (date(2026, 3, 1), 6)]
        assert there.days() == [(date(2026, 3, 3), 3), (date(2026, 3, 2), 6), (date(2026, 3, 1), 3)]
        assert [each.seq for each in there.find(day=date(2026, 3, 1))] == [3, 2, 1]
        assert [each.seq for each in there.find(day=date(2026, 3, 2), limit=2, before=6)] == [5, 4]


def test_a_clock_that_was_set_back_puts_no_entry_on_a_wrong_day(
    open_log: Callable[..., Log], path: Path, place: Path
) -> None:
    days = iter([1, 2, 2, 1, 2, 1])
    log = open_log(clock=lambda: datetime(2026, 3, next(days), 12, tzinfo=UTC))
    for _ in range(6):
        log.append_now(STORY[0])
    with closing(Index(path, place, zone=UTC)) as index:
        assert [each.seq for each in index.find(day=date(2026, 3, 1), limit=2)] == [6, 4]
        assert [each.seq for each in index.find(day=date(2026, 3, 1), limit=2, before=4)] == [1]
        assert [each.seq for each in index.find(day=date(2026, 3, 2), type="devos.daemon.started")] == [5, 3, 2]


def test_what_was_erased_is_forgotten(index: Index, filled: Log, path: Path, place: Path) -> None:
    assert index.find(text="köln")
    assert b"K\xc3\xb6ln" in place.read_bytes() + place.with_name(f"{place.name}-wal").read_bytes()
    filled.append_now(Entry("devos.audit.erased", None, None, None, {"ranges": [[1, 3], [6, 6]]}))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "DELETE FROM payloads WHERE digest IN (SELECT payload FROM entries WHERE seq IN (1, 2, 3, 6))"
        )
    index.refresh()
    assert index.find(text="köln") == [] and [each.seq for each in index.find(text="web-app")] == [7, 5]
    assert [each.seq for each in index.find(text="k7q2mx")] == [4, 3], "the entry itself is still found"
    assert index.find(run="r1", type="devos.approval.asked")[0].payload is None
    files = place.read_bytes() + place.with_name(f"{place.name}-wal").read_bytes()
    assert b"K\xc3\xb6ln" not in files and b"DEV-456 fixed" not in files and b"DEV-456" in files
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, words, row)")
        known = {term for (term,) in connection.execute("SELECT term FROM terms")}
    assert "koln" not in known and "fixed" not in known and "456" in known


@pytest.mark.parametrize("damage", ["deleted", "no database", "cut", "another version", "another log's"])
def test_an_index_that_is_of_no_use_is_made_anew(
    path: Path, place: Path, filled: Log, open_log: Callable[..., Log], tmp_path: Path, damage: str
) -> None:
    with closing(Index(path, place)) as first:
        first.refresh()
    if damage == "deleted":
        place.unlink()
    elif damage == "no database":
        place.write_bytes(b"This is a letter to my aunt. " * 500)
    elif damage == "cut":
        place.write_bytes(place.read_bytes()[:20_000])
    elif damage == "another version":
        with closing(sqlite3.connect(place)) as connection:
            connection.execute("PRAGMA user_version = 99")
    else:
        path = tmp_path / "other.db"
        other = open_log(path)
        for each in STORY[1:6]:
            other.append_now(each)
    with closing(Index(path, place)) as index:
        index.refresh()
        assert [each.seq for each in index.find(text="10 web-app")] == ([4, 1] if damage == "another log's" else [5, 2])
        assert sum(count for _, count in index.days()) == (5 if damage == "another log's" else 9)


def test_one_that_is_deleted_under_its_reader_is_made_anew(index: Index, filled: Log, place: Path) -> None:
    for end in ("", "-wal", "-shm"):
        place.with_name(place.name + end).unlink()
    filled.append_now(STORY[1])
    assert [each.seq for each in index.find(text="web-app")][:2] == [10, 7]


def test_an_altered_entry_hides_no_other(index: Index, path: Path, place: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER entries_stay_as_they_are")
        connection.execute("UPDATE entries SET event = 'nothing' WHERE seq = 2")
    place.unlink()
    with closing(Index(path, place)) as again:
        again.refresh()
        assert [each.seq for each in again.find(text="web-app")] == [7, 5]
        assert again.facets().persons["cleo"] == 3


def test_nobody_else_may_read_it(index: Index, place: Path) -> None:
    modes = {name: place.with_name(place.name + name).stat().st_mode & 0o777 for name in ("", "-wal", "-shm")}
    assert set(modes.values()) == {0o600}
