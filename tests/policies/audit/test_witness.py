"""Witnesses: a log that was cut, set back or rewritten together with all that lies beside it is noticed by them."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.head import RolledBack
from policies.audit.log import Entry, Log
from policies.audit.verify import verify
from policies.audit.witness import BadWitness, FilePlace, Unreachable, Witness, compare


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick" / "devos.checkpoint"


@pytest.fixture
def witness(place: Path, signer: Signer) -> Witness:
    return Witness(FilePlace(place), signer.verifier)


def fill(log: Log, entry: Callable[..., Entry], first: int, last: int) -> None:
    for n in range(first, last + 1):
        log.append_now(entry(n))


def copied(path: Path, folder: Path) -> Path:
    """The log with everything beside it, as it is on disk at this moment."""
    folder.mkdir()
    for file in path.parent.glob("audit.*"):
        shutil.copy(file, folder)
    return folder / path.name


def newest_note(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()[0])


def test_it_remembers_the_last_head_that_it_saw(
    log: Log, path: Path, entry: Callable[..., Entry], witness: Witness, place: Path
) -> None:
    assert witness.last() is None and witness.compare(path) is None
    for last in (1, 2, 7):
        fill(log, entry, log.checkpoint().size + 1, last)
        witness.ship(log.checkpoint(), path)
        assert witness.last() == log.checkpoint() == witness.compare(path)
    assert place.read_text() == log.checkpoint().note
    assert list(place.parent.iterdir()) == [place], "no draft is left"
    assert witness.name == str(place)


def test_an_older_head_replaces_no_newer_one(
    log: Log, path: Path, entry: Callable[..., Entry], witness: Witness
) -> None:
    fill(log, entry, 1, 3)
    older = log.checkpoint()
    fill(log, entry, 4, 5)
    witness.ship(log.checkpoint(), path)
    witness.ship(older, path)
    assert witness.last() == log.checkpoint()


def test_shipping_adds_no_entry(log: Log, path: Path, entry: Callable[..., Entry], witness: Witness) -> None:
    fill(log, entry, 1, 3)
    witness.ship(log.checkpoint(), path)
    assert log.checkpoint().size == 3


def test_a_restored_old_copy_is_noticed(
    log: Log, path: Path, entry: Callable[..., Entry], witness: Witness, signer: Signer, tmp_path: Path
) -> None:
    fill(log, entry, 1, 50)
    old = copied(path, tmp_path / "old")
    fill(log, entry, 51, 80)
    witness.ship(log.checkpoint(), path)
    log.close()
    with closing(Log(old, signer)) as restored:
        assert restored.checkpoint().size == 50, "by itself it is without fault"
    assert verify(old, str(signer.verifier)).ok
    with pytest.raises(
        RolledBack, match=r"has 50 entries, but the witness .*stick.* saw 80\. Entries 51 to 80 are lost"
    ):
        Witness(FilePlace(tmp_path / "stick" / "devos.checkpoint"), signer.verifier).compare(old)


def test_a_write_ahead_log_that_was_cut_is_noticed(
    log: Log, path: Path, entry: Callable[..., Entry], witness: Witness, signer: Signer, tmp_path: Path
) -> None:
    fill(log, entry, 1, 60)
    witness.ship(log.checkpoint(), path)
    cut = copied(path, tmp_path / "cut")
    wal = cut.with_name("audit.db-wal")
    os.truncate(wal, wal.stat().st_size // 2)
    cut.with_name("audit.db-shm").unlink()
    cut.with_suffix(".checkpoint").write_text(newest_note(cut))  # and the one beside it made to agree
    with closing(Log(cut, signer)) as shorter:
        assert 0 < shorter.checkpoint().size < 60, "by itself it is without fault"
    with pytest.raises(RolledBack, match=r"was set back: it has \d+ entries, but the witness .* saw 60"):
        Witness(FilePlace(tmp_path / "stick" / "devos.checkpoint"), signer.verifier).compare(cut)


def test_one_lost_entry_is_named(
    log: Log, path: Path, entry: Callable[..., Entry], witness: Witness, tmp_path: Path
) -> None:
    fill(log, entry, 1, 4)
    old = copied(path, tmp_path / "old")
    fill(log, entry, 5, 5)
    with pytest.raises(RolledBack, match="Entry 5 is lost"):
        compare(old, log.checkpoint(), "x")


def test_what_the_witness_saw_is_not_overwritten_by_a_log_that_was_set_back(
    log: Log, path: Path, entry: Callable[..., Entry], witness: Witness, signer: Signer, tmp_path: Path, place: Path
) -> None:
    fill(log, entry, 1, 5)
    old = copied(path, tmp_path / "old")
    fill(log, entry, 6, 9)
    witness.ship(log.checkpoint(), path)
    evidence = place.read_text()
    with closing(Log(old, signer)) as restored:
        fill(restored, entry, 6, 30)
        with pytest.raises(RolledBack, match=r"rewritten: its first 9 entries are not those"):
            Witness(FilePlace(place), signer.verifier).ship(restored.checkpoint(), old)
    assert place.read_text() == evidence


@pytest.mark.parametrize("note", ["", "a letter to my aunt", "\n\n", "\xff" * 20_000])
def test_what_is_no_checkpoint_is_left_alone(log: Log, path: Path, witness: Witness, place: Path, note: str) -> None:
    place.write_bytes(note.encode("latin-1"))
    for use in (witness.last, lambda: witness.compare(path), lambda: witness.ship(log.checkpoint(), path)):
        with pytest.raises(BadWitness, match="holds no checkpoint of the log devos/audit/"):
            use()
    assert place.read_bytes() == note.encode("latin-1")


def test_another_logs_checkpoint_is_left_alone(
    path: Path, log: Log, witness: Witness, tmp_path: Path, place: Path
) -> None:
    other = Signer.load_or_create(tmp_path / "others-keys")
    Witness(FilePlace(place), other.verifier).ship(other.sign(0, bytes(32)), path)
    with pytest.raises(BadWitness, match="give this log a witness of its own"):
        witness.ship(log.checkpoint(), path)


def test_a_stick_that_is_not_there(log: Log, path: Path, signer: Signer, tmp_path: Path) -> None:
    witness = Witness(FilePlace(tmp_path / "nowhere" / "note"), signer.verifier)
    with pytest.raises(Unreachable, match="nowhere is not there"):
        witness.last()
    with pytest.raises(Unreachable, match="nowhere"):
        witness.ship(log.checkpoint(), path)
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(Unreachable, match="Is a directory"):
        Witness(FilePlace(tmp_path), signer.verifier).last()


def test_a_place_that_goes_away_before_it_is_written(place: Path) -> None:
    file = FilePlace(place)
    shutil.rmtree(place.parent)
    with pytest.raises(Unreachable):
        file.keep("note", "title")


def test_one_that_hangs_is_not_asked_twice(signer: Signer, path: Path, log: Log) -> None:
    asked, answer = Event(), Event()

    class Hanging:
        name = "a disk that hangs"

        def read(self) -> str | None:
            asked.set()
            answer.wait()
            return None

        def keep(self, note: str, title: str) -> None: ...

    witness = Witness(Hanging(), signer.verifier)
    first = Thread(target=lambda: witness.compare(path))
    first.start()
    asked.wait()
    with pytest.raises(Unreachable, match="still has not answered"):
        witness.ship(log.checkpoint(), path)
    answer.set()
    first.join()
    assert witness.compare(path) is None
