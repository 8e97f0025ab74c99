"""The file: private, append-only, and not opened by code that is too old for it."""

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.audit.log import CannotRecord, Entry, Log
from policies.audit.schema import NewerFile, open_for_reading, open_for_writing


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_and_those_beside_it_are_private(path: Path, log: Log, entry: Callable[..., Entry]) -> None:
    log.append_now(entry())
    made = {each.name: mode(each) for each in path.parent.iterdir() if each.is_file()}
    assert made == dict.fromkeys(["audit.db", "audit.db-wal", "audit.db-shm", "audit.checkpoint"], 0o600)


def test_a_new_file_is_private_from_the_first_moment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    connect = sqlite3.connect
    monkeypatch.setattr(os, "fchmod", lambda *_: pytest.fail("it was open to others for a moment"))
    monkeypatch.setattr(
        sqlite3, "connect", lambda *given, **options: modes.append(mode(path)) or connect(*given, **options)
    )
    before = os.umask(0)
    try:
        open_for_writing(path).close()
    finally:
        os.umask(before)
    assert modes == [0o600]


def test_a_file_that_others_may_read_is_made_private(path: Path) -> None:
    path.touch()
    path.chmod(0o644)
    open_for_writing(path).close()
    assert mode(path) == 0o600


def test_every_commit_reaches_the_disk(path: Path) -> None:
    connection = open_for_writing(path)
    try:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    finally:
        connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET event = '{}'",
        "UPDATE entries SET seq = 9",
        "DELETE FROM entries",
        "UPDATE leaves SET hash = x'00'",
        "DELETE FROM leaves",
        "UPDATE payloads SET body = '{}'",
    ],
)
def test_what_is_written_stays(path: Path, log: Log, entry: Callable[..., Entry], statement: str) -> None:
    log.append_now(entry())
    other = sqlite3.connect(path)
    try:
        with pytest.raises(sqlite3.IntegrityError, match=r"only grows|not changed"):
            other.execute(statement)
    finally:
        other.close()


def test_the_index_columns_come_from_the_event(path: Path, log: Log, entry: Callable[..., Entry]) -> None:
    log.append_now(entry(1))
    other = sqlite3.connect(path)
    try:
        with pytest.raises(sqlite3.OperationalError, match="generated column"):
            other.execute("INSERT INTO entries (seq, event, run) VALUES (2, '{}', 'another')")
        assert other.execute("SELECT run, step, type FROM entries").fetchall() == [
            ("run-1", 1, "devos.action.intended")
        ]
    finally:
        other.close()


def test_a_newer_file_is_not_opened(path: Path, open_log: Callable[..., Log]) -> None:
    open_log().close()
    later = sqlite3.connect(path)
    later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(NewerFile, match="has version 99; this DevOS knows versions up to 2"):
        open_log()
    with pytest.raises(NewerFile):
        open_for_reading(path)


def test_a_file_that_is_no_database_is_refused(path: Path, open_log: Callable[..., Log]) -> None:
    path.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(CannotRecord, match="file is not a database"):
        open_log()


def test_a_reader_cannot_write_and_leaves_nothing_behind(path: Path, log: Log, entry: Callable[..., Entry]) -> None:
    log.append_now(entry())
    log.close()
    before = sorted(path.parent.iterdir())
    reader = open_for_reading(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM payloads")
    reader.close()
    assert sorted(path.parent.iterdir()) == before
