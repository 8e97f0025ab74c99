"""Opening a log again: the tree goes on where it was left, and a log that is not the signed one is refused."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.log import CannotRecord, Entry, Log, RolledBack
from policies.audit.tiles import WIDTH
from policies.audit.verify import verify


@pytest.fixture
def closed(path: Path, open_log: Callable[..., Log], entry: Callable[..., Entry]) -> Path:
    """A log of three entries."""
    log = open_log()
    for n in range(1, 4):
        log.append_now(entry(n))
    log.close()
    return path


def edit(path: Path, *statements: str) -> None:
    """What somebody with the file in hand can do."""
    connection = sqlite3.connect(path)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    for each in statements:
        connection.execute(each)
    connection.commit()
    connection.close()


def test_the_tree_goes_on_where_it_was_left(
    closed: Path, signer: Signer, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    for n in range(4, 9):
        log = open_log()
        assert log.append_now(entry(n)) == n
        log.close()
    assert verify(closed, str(signer.verifier)).entries == 8


def test_an_older_checkpoint_beside_the_log_is_still_true(
    closed: Path, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    older = closed.with_suffix(".checkpoint").read_bytes()
    log = open_log()
    log.append_now(entry(4))
    log.close()
    closed.with_suffix(".checkpoint").write_bytes(older)
    assert open_log().append_now(entry(5)) == 5


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        (["DELETE FROM leaves WHERE seq = 2"], "lost the leaf hash of entry 2"),
        (["DELETE FROM entries WHERE seq = 2"], "has 2 entries up to 3, but 3 leaf hashes"),
        (["DELETE FROM entries WHERE seq = 3"], "has 2 entries up to 2, but 3 leaf hashes"),
        ([f"DELETE FROM {table} WHERE seq = 3" for table in ("entries", "leaves")], "it has 2 entries, 3 were signed"),
        (["UPDATE leaves SET hash = zeroblob(32) WHERE seq = 1"], "first 3 entries are not those that were signed"),
        (["UPDATE leaves SET hash = 7 WHERE seq = 1"], "first 3 entries are not those that were signed"),
        (["DELETE FROM checkpoints"], "entries were never signed"),
        (["DELETE FROM checkpoints WHERE size = 3"], "not those that were signed at entry 3"),
        (["UPDATE checkpoints SET note = replace(note, '=', 'a')"], "checkpoint at entry 3 cannot be relied on"),
        (["UPDATE checkpoints SET note = x'ff'"], "checkpoint at entry 3 cannot be relied on"),
    ],
)
def test_a_log_that_is_not_the_signed_one_is_refused(
    closed: Path, open_log: Callable[..., Log], statements: list[str], problem: str
) -> None:
    edit(closed, *statements)
    with pytest.raises(RolledBack, match=problem):
        open_log()


def test_a_log_without_the_checkpoint_beside_it_is_refused(closed: Path, open_log: Callable[..., Log]) -> None:
    closed.with_suffix(".checkpoint").unlink()
    with pytest.raises(RolledBack, match="the checkpoint that belongs beside it is missing"):
        open_log()


def test_an_altered_checkpoint_beside_it_is_refused(closed: Path, open_log: Callable[..., Log]) -> None:
    beside = closed.with_suffix(".checkpoint")
    beside.write_text(beside.read_text().replace("\n3\n", "\n2\n"))
    with pytest.raises(RolledBack, match="its signature is wrong"):
        open_log()


def test_a_new_log_is_not_taken_for_a_lost_one(closed: Path, open_log: Callable[..., Log]) -> None:
    closed.unlink()
    with pytest.raises(RolledBack, match="it has 0 entries, 3 were signed"):
        open_log()


def test_a_log_under_another_key_is_refused(closed: Path, tmp_path: Path) -> None:
    with pytest.raises(RolledBack, match="carries no signature by"):
        Log(closed, Signer.load_or_create(tmp_path / "other keys"))


def test_a_log_set_back_together_with_its_checkpoint_cannot_be_told_and_goes_on(
    tmp_path: Path, closed: Path, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for each in (closed, closed.with_suffix(".checkpoint")):
        shutil.copy(each, copy)
    assert open_log(copy / "audit.db").append_now(entry(4)) == 4


@pytest.fixture
def long(path: Path, open_log: Callable[..., Log], entry: Callable[..., Entry]) -> Path:
    """A log of two full tiles and a part of one."""

    async def fill(log: Log) -> None:
        await asyncio.gather(*(log.append(entry(n, payload=None)) for n in range(1, 2 * WIDTH + 10)))

    log = open_log()
    asyncio.run(fill(log))
    log.close()
    return path


def nodes(path: Path) -> list[tuple[int, int, bytes]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT level, place, hash FROM nodes ORDER BY level, place").fetchall()
    connection.close()
    return found


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM nodes",
        "DELETE FROM nodes WHERE place = 0",
        "UPDATE nodes SET hash = zeroblob(32) WHERE place = 1",
        "UPDATE nodes SET hash = (SELECT hash FROM nodes WHERE place = 0)",
        "UPDATE nodes SET level = 2 WHERE place = 0",
        "INSERT INTO nodes VALUES (2, 0, zeroblob(32))",
    ],
)
def test_interior_hashes_that_do_not_lead_to_the_signed_root_are_made_anew(
    long: Path, signer: Signer, open_log: Callable[..., Log], entry: Callable[..., Entry], statement: str
) -> None:
    before = nodes(long)
    edit(long, statement)
    assert nodes(long) != before
    log = open_log()
    assert nodes(long) == before
    assert log.append_now(entry(1)) == 2 * WIDTH + 10
    assert verify(long, str(signer.verifier)).ok


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        ([f"UPDATE leaves SET hash = zeroblob(32) WHERE seq = {2 * WIDTH + 3}"], "are not those that were signed"),
        (["DELETE FROM leaves WHERE seq = 9"], "lost the leaf hash of entry 9"),
        (["DELETE FROM entries WHERE seq = 9"], "has 520 entries up to 521, but 521 leaf hashes"),
        ([f"DELETE FROM {table} WHERE seq = 9" for table in ("entries", "leaves")], "lost the leaf hash of entry 9"),
        (
            ["DELETE FROM nodes WHERE place = 0", "UPDATE leaves SET hash = zeroblob(32) WHERE seq = 9"],
            "are not those that were signed",
        ),
    ],
)
def test_a_long_log_that_is_not_the_signed_one_is_refused(
    long: Path, open_log: Callable[..., Log], statements: list[str], problem: str
) -> None:
    edit(long, *statements)
    with pytest.raises(RolledBack, match=problem):
        open_log()


def test_a_leaf_hash_under_a_full_tile_is_not_looked_at_when_the_log_opens_but_when_it_is_verified(
    long: Path, signer: Signer, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    edit(long, "UPDATE leaves SET hash = zeroblob(32) WHERE seq = 9")
    assert open_log().append_now(entry(1)) == 2 * WIDTH + 10
    assert verify(long, str(signer.verifier)).bad == 9


def test_a_damaged_file_is_refused(closed: Path, open_log: Callable[..., Log]) -> None:
    content = bytearray(closed.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    closed.write_bytes(content)
    with pytest.raises(CannotRecord, match="malformed"):
        open_log()
