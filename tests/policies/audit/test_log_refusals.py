"""What cannot be written is not acknowledged: a full disk, a read-only file, a lock, a second writer."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from policies.audit import schema
from policies.audit.checkpoint import Signer
from policies.audit.log import CannotRecord, Entry, Log
from policies.audit.reader import Reader
from policies.audit.verify import verify


def count(path: Path) -> int:
    reader = Reader(path)
    try:
        return len(reader.entries())
    finally:
        reader.close()


async def test_a_full_disk_acknowledges_nothing(
    path: Path,
    signer: Signer,
    connections: list[sqlite3.Connection],
    open_log: Callable[..., Log],
    entry: Callable[..., Entry],
) -> None:
    log = open_log()
    writing = connections[0]
    assert log.append_now(entry(1)) == 1
    before = log.checkpoint()
    (pages,) = writing.execute("PRAGMA page_count").fetchone()
    writing.execute(f"PRAGMA max_page_count = {pages}")
    big = {"text": "x" * 100_000}
    with pytest.raises(CannotRecord, match="database or disk is full"):
        log.append_now(entry(2, data=big))
    answers = await asyncio.gather(*(log.append(entry(n, payload=big)) for n in (2, 3)), return_exceptions=True)
    assert [type(each) for each in answers] == [CannotRecord, CannotRecord]
    assert (count(path), log.checkpoint()) == (1, before)
    assert verify(path, str(signer.verifier)).ok
    writing.execute(f"PRAGMA max_page_count = {pages * 100}")
    assert log.append_now(entry(2, data=big)) == 2
    assert verify(path, str(signer.verifier)).entries == 2


def test_a_read_only_file_acknowledges_nothing(
    public_folder: Path,
    open_log: Callable[..., Log],
    entry: Callable[..., Entry],
    ordinary_user: Callable[[], AbstractContextManager[None]],
) -> None:
    path = public_folder / "audit.db"
    log = open_log(path)
    log.append_now(entry())
    log.close()
    for each in public_folder.iterdir():
        each.chmod(0o444)
    with ordinary_user(), pytest.raises(CannotRecord, match=r"readonly|Operation not permitted"):
        open_log(path).append_now(entry())
    path.chmod(0o600)
    assert count(path) == 1


def test_a_connection_that_turns_read_only_acknowledges_nothing(
    path: Path, connections: list[sqlite3.Connection], open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    log = open_log()
    connections[0].execute("PRAGMA query_only = ON")
    with pytest.raises(CannotRecord, match="readonly database"):
        log.append_now(entry())
    connections[0].execute("PRAGMA query_only = OFF")
    assert log.append_now(entry()) == 1


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, open_log: Callable[..., Log]) -> None:
    with pytest.raises(CannotRecord, match="No such file or directory"):
        open_log(tmp_path / "missing" / "audit.db")


def test_a_log_another_program_holds_acknowledges_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    monkeypatch.setattr(schema, "LOCK_SECONDS", 0)
    log = open_log()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CannotRecord, match="database is locked"):
        log.append_now(entry())
    other.execute("ROLLBACK")
    other.close()
    assert log.append_now(entry()) == 1


def test_a_second_writer_is_noticed_and_the_tree_does_not_fork(
    path: Path, signer: Signer, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    first, second = open_log(), open_log()
    assert second.append_now(entry(1)) == 1
    with pytest.raises(CannotRecord, match="its last entry is 1, but this process wrote up to 0"):
        first.append_now(entry(2))
    assert second.append_now(entry(2)) == 2
    assert verify(path, str(signer.verifier)).entries == 2


def test_a_commit_that_fails_acknowledges_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    connect, broken = sqlite3.connect, threading.Event()

    class Failing(sqlite3.Connection):
        def commit(self) -> None:
            if broken.is_set():
                raise sqlite3.OperationalError("disk I/O error")
            super().commit()

    monkeypatch.setattr(sqlite3, "connect", lambda *given, **options: connect(*given, factory=Failing, **options))
    log = open_log()
    broken.set()
    with pytest.raises(CannotRecord, match="disk I/O error"):
        log.append_now(entry())
    assert (count(path), log.checkpoint().size) == (0, 0)
    broken.clear()
    assert log.append_now(entry()) == 1


def test_a_checkpoint_that_cannot_be_prepared_stops_the_entry(
    path: Path, log: Log, entry: Callable[..., Entry]
) -> None:
    in_the_way = path.with_name("audit.checkpoint.next")
    in_the_way.mkdir()
    with pytest.raises(CannotRecord, match="Is a directory"):
        log.append_now(entry(1))
    assert count(path) == 0
    in_the_way.rmdir()
    assert log.append_now(entry(1)) == 1


def test_a_checkpoint_that_cannot_be_published_is_no_acknowledgement_but_the_tree_goes_on(
    path: Path, signer: Signer, log: Log, entry: Callable[..., Entry]
) -> None:
    beside = path.with_suffix(".checkpoint")
    beside.unlink()
    beside.mkdir()
    with pytest.raises(CannotRecord, match="Is a directory"):
        log.append_now(entry(1))
    beside.rmdir()
    assert log.append_now(entry(2)) == 2
    assert verify(path, str(signer.verifier)).entries == 2
