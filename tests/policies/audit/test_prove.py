"""Proofs: each leads to a signed root, and what was altered on the way is refused instead of handed out."""

import base64
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.audit.checkpoint import BadCheckpoint, Signer, Verifier
from policies.audit.log import Entry, Log
from policies.audit.merkle import EMPTY_ROOT, includes, is_consistent, leaf_hash
from policies.audit.prove import NoSuchEntry, NotTheSame, Unprovable, consistency, inclusion

ENTRIES = 600


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log of two full tiles and a part of one, and the checkpoints it had on the way."""
    folder = tmp_path_factory.mktemp("original")
    log = Log(
        folder / "audit.db",
        Signer.load_or_create(folder / "keys"),
        clock=lambda: datetime(2026, 3, 1, 9, 0, tzinfo=UTC),
    )
    for n in range(1, ENTRIES + 1):
        log.append_now(Entry("devos.action.done", "run-1", n, "kubernetes.scale", {"replicas": n}))
        (folder / f"checkpoint-{n}").write_text(log.checkpoint().note)
    log.close()
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    for name in ("audit.db", "audit.checkpoint"):
        shutil.copy(original / name, tmp_path)
    shutil.copytree(original / "keys", tmp_path / "keys")
    return tmp_path


@pytest.fixture
def connection(folder: Path) -> Iterator[sqlite3.Connection]:
    """A copy's file, in the hands of somebody who may do anything but sign."""
    made = sqlite3.connect(folder / "audit.db", isolation_level=None)
    for (trigger,) in made.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        made.execute(f"DROP TRIGGER {trigger}")
    yield made
    made.close()


def hashes(proof: dict[str, object]) -> list[bytes]:
    found = proof["hashes"]
    assert isinstance(found, list)
    return [base64.b64decode(each, validate=True) for each in found]


@pytest.mark.parametrize("seq", [1, 2, 255, 256, 257, 512, 513, 599, 600])
def test_an_inclusion_proof_is_accepted_with_nothing_but_the_key(original: Path, seq: int) -> None:
    proof = inclusion(original / "audit.db", seq)
    head = Verifier.parse((original / "keys" / "audit.pub").read_text()).open(str(proof["checkpoint"]))
    leaf = leaf_hash(str(proof["event"]).encode())
    assert (proof["seq"], proof["index"], proof["size"], head.size) == (seq, seq - 1, ENTRIES, ENTRIES)
    assert base64.b64decode(str(proof["leaf"])) == leaf
    assert base64.b64decode(str(proof["root"])) == head.root
    assert includes(leaf, seq - 1, ENTRIES, hashes(proof), head.root)
    assert f'"replicas":{seq}' in str(proof["event"])


def test_the_text_form_is_that_of_c2sp(original: Path) -> None:
    proof = inclusion(original / "audit.db", 300)
    head, note = str(proof["proof"]).split("\n\n", 1)
    first, index, *rest = head.split("\n")
    assert (first, index, rest, note) == ("c2sp.org/tlog-proof@v1", "index 299", proof["hashes"], proof["checkpoint"])


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300, 512, 599, 600])
def test_a_consistency_proof_is_accepted_with_nothing_but_both_checkpoints(original: Path, size: int) -> None:
    kept = (original / f"checkpoint-{size}").read_text()
    proof = consistency(original / "audit.db", kept)
    key = Verifier.parse((original / "keys" / "audit.pub").read_text())
    old, new = key.open(kept), key.open(str(proof["checkpoint"]))
    assert is_consistent(old.size, new.size, old.root, new.root, hashes(proof))
    assert proof["from"] == {"size": size, "root": base64.b64encode(old.root).decode(), "checkpoint": kept}
    by_size = consistency(original / "audit.db", size)
    assert by_size == {**proof, "from": {**proof["from"], "checkpoint": None}}


def test_everything_continues_the_empty_log(original: Path) -> None:
    proof = consistency(original / "audit.db", 0)
    assert proof["from"] == {"size": 0, "root": base64.b64encode(EMPTY_ROOT).decode(), "checkpoint": None}
    assert proof["hashes"] == []


def test_a_log_that_is_being_written_proves_what_it_has_so_far(path: Path, signer: Signer) -> None:
    log = Log(path, signer)
    for n in range(1, 6):
        log.append_now(Entry("devos.action.done", "run-1", n, None, {}))
        assert inclusion(path, n)["size"] == consistency(path, 1)["size"] == n
        with pytest.raises(NoSuchEntry):
            inclusion(path, n + 1)
    log.close()


@pytest.mark.parametrize("seq", [0, -1, ENTRIES + 1])
def test_what_the_log_does_not_have_is_not_proved(original: Path, seq: int) -> None:
    with pytest.raises(NoSuchEntry, match=f"no entry {seq}; the log has 600"):
        inclusion(original / "audit.db", seq)


@pytest.mark.parametrize("size", [-1, ENTRIES + 1])
def test_a_size_the_log_never_had_is_refused(original: Path, size: int) -> None:
    with pytest.raises(NoSuchEntry, match=f"never had {size} entries"):
        consistency(original / "audit.db", size)


def test_an_empty_log_proves_nothing(path: Path, signer: Signer) -> None:
    path.touch()
    with pytest.raises(NoSuchEntry, match="empty"):
        inclusion(path, 1, str(signer.verifier))
    Log(path, signer).close()
    with pytest.raises(NoSuchEntry, match="empty"):
        consistency(path, 1, str(signer.verifier))


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE entries SET event = replace(event, 'scale', 'drain') WHERE seq = 9", 9),
        ("UPDATE leaves SET hash = zeroblob(32) WHERE seq = 9", 10),
        ("UPDATE leaves SET hash = zeroblob(32) WHERE seq = 600", 1),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE place = 0", 300),
        ("UPDATE nodes SET hash = 'text' WHERE place = 1", 1),
        ("UPDATE nodes SET hash = (SELECT hash FROM nodes WHERE place = 1) WHERE place = 0", 513),
    ],
)
def test_a_proof_that_does_not_lead_to_the_signed_root_is_not_handed_out(
    folder: Path, connection: sqlite3.Connection, statement: str, seq: int
) -> None:
    assert inclusion(folder / "audit.db", seq)
    connection.execute(statement)
    with pytest.raises(Unprovable, match="is not what was signed"):
        inclusion(folder / "audit.db", seq)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE leaves SET hash = zeroblob(32) WHERE seq = 600",
        "UPDATE nodes SET hash = zeroblob(32) WHERE place = 0",
        "UPDATE nodes SET hash = zeroblob(32) WHERE place = 1",
    ],
)
def test_a_continuation_that_does_not_lead_to_the_signed_roots_is_not_handed_out(
    folder: Path, connection: sqlite3.Connection, statement: str
) -> None:
    connection.execute(statement)
    with pytest.raises(Unprovable, match="is not what was signed"):
        consistency(folder / "audit.db", 256)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM entries WHERE seq = 9", "Entry 9 is missing"),
        ("DELETE FROM leaves WHERE seq = 12", "the hash over entries 11 to 12 is not there"),
        ("DELETE FROM nodes", "the hash over entries 257 to 512 is not there"),
        ("DROP TABLE nodes", "no interior hashes yet"),
        ("DELETE FROM checkpoints", "nothing was signed yet"),
        ("UPDATE checkpoints SET note = x'ff'", "newest checkpoint cannot be relied on"),
        ("UPDATE checkpoints SET note = replace(note, '=', 'a')", "newest checkpoint cannot be relied on"),
    ],
)
def test_what_is_missing_is_named(folder: Path, connection: sqlite3.Connection, statement: str, reason: str) -> None:
    connection.execute(statement)
    with pytest.raises(Unprovable, match=reason):
        inclusion(folder / "audit.db", 9)


def test_another_log_is_no_continuation(original: Path, tmp_path: Path, signer: Signer) -> None:
    other = Signer.load_or_create(original / "keys")
    with pytest.raises(NotTheSame, match=r"rewritten: its first 300 entries"):
        consistency(original / "audit.db", other.sign(300, bytes(32)).note)
    with pytest.raises(NotTheSame, match=r"set back: it has 600 entries, the checkpoint is about 601"):
        consistency(original / "audit.db", other.sign(601, bytes(32)).note)
    with pytest.raises(BadCheckpoint, match="no signature by"):
        consistency(original / "audit.db", signer.sign(300, bytes(32)).note)
