"""The checkpoint beside the log: whole at every moment, and compared when the log is opened."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.audit.checkpoint import BadCheckpoint, Signer
from policies.audit.head import Head, RolledBack
from policies.audit.log import Entry, Log


def test_what_was_prepared_counts_once_it_is_published(path: Path, signer: Signer) -> None:
    head, first, second = Head(path), signer.sign(1, b"a" * 32), signer.sign(2, b"b" * 32)
    assert head.read(signer.verifier) is None
    head.create(first)
    head.create(second)
    assert head.read(signer.verifier) == first
    head.prepare(second)
    assert head.read(signer.verifier) == first
    head.publish()
    assert head.read(signer.verifier) == second


def test_who_reads_while_it_is_replaced_sees_the_old_one_whole(
    path: Path, log: Log, entry: Callable[..., Entry]
) -> None:
    log.append_now(entry(1))
    before = log.checkpoint().note
    with Head(path).path.open(encoding="utf-8") as reading:
        log.append_now(entry(2))
        assert reading.read() == before
    assert Head(path).path.read_text("utf-8") == log.checkpoint().note


def test_it_is_on_disk_before_it_counts(path: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def remember(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", remember)
    head = Head(path)
    head.prepare(signer.sign(1, b"a" * 32))
    head.publish()
    assert synced == [head.path.stat().st_ino]


@pytest.mark.parametrize("content", [b"", b"\xff\n\n\xff\n"])
def test_a_file_that_is_no_checkpoint_is_refused(path: Path, signer: Signer, content: bytes) -> None:
    Head(path).path.write_bytes(content)
    with pytest.raises(BadCheckpoint):
        Head(path).read(signer.verifier)


def test_a_new_log_has_one_at_once(path: Path, signer: Signer, log: Log) -> None:
    assert Head(path).read(signer.verifier) == log.checkpoint()
    assert log.checkpoint().size == 0


def test_it_is_as_new_as_what_was_acknowledged(
    path: Path, signer: Signer, log: Log, entry: Callable[..., Entry]
) -> None:
    for n in range(1, 4):
        assert log.append_now(entry(n)) == n
        assert Head(path).read(signer.verifier) == log.checkpoint()
        assert log.checkpoint().size == n


def test_a_write_ahead_log_cut_short_is_noticed(
    tmp_path: Path, path: Path, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    log = open_log()
    for n in range(1, 4):
        log.append_now(entry(n))
    wal = path.with_name("audit.db-wal")
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "audit.db").write_bytes(path.read_bytes())
    (cut / "audit.checkpoint").write_bytes(path.with_suffix(".checkpoint").read_bytes())
    (cut / "audit.db-wal").write_bytes(wal.read_bytes()[:-1000])
    fine = sqlite3.connect(cut / "audit.db")
    assert fine.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert fine.execute("SELECT count(*) FROM entries").fetchone() == (2,)
    fine.close()
    with pytest.raises(RolledBack, match="set back: it has 2 entries, 3 were signed"):
        open_log(cut / "audit.db")
