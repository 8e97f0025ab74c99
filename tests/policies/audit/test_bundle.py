"""The bundle: whole or not at all, and nothing in it that was not signed. What checks it has its own tests."""

import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from policies.audit.bundle import CHECKPOINTS, write_bundle
from policies.audit.checkpoint import Signer
from policies.audit.export import Altered, Selection
from policies.audit.log import BLOCK, Entry, Log
from policies.audit.schema import open_for_reading

FILES = [
    "README.txt",
    "audit.pub",
    "bundle.json",
    "checkpoints.jsonl",
    "events.jsonl",
    "leaves.bin",
    "payloads.jsonl",
    "verify.py",
]


@pytest.fixture
def filled(path: Path, log: Log, entry: Callable[..., Entry]) -> Path:
    for n in range(1, 2 * BLOCK + 3):
        log.append_now(entry(n, payload={"n": n} if n % 2 else None))
    log.close()
    return path


@pytest.fixture
def connection(filled: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_for_reading(filled)) as made:
        yield made


def nothing() -> None:
    return None


def test_a_folder_holds_everything_that_is_needed(
    connection: sqlite3.Connection, signer: Signer, log: Log, tmp_path: Path
) -> None:
    out, calls = tmp_path / "bundle", []
    told = write_bundle(connection, signer.verifier, Selection(), out, lambda: calls.append(1))
    size = 2 * BLOCK + 2
    assert sorted(each.name for each in out.iterdir()) == FILES
    assert out.stat().st_mode & 0o777 == 0o700
    assert told == json.loads((out / "bundle.json").read_text())
    assert (told["size"], told["entries"], told["payloads"], len(calls)) == (size, size, size // 2, size)
    assert told["root"] == log.checkpoint().root.hex()
    events = [event for (event,) in connection.execute("SELECT event FROM entries ORDER BY seq")]
    assert (out / "events.jsonl").read_text("utf-8") == "".join(f"{event}\n" for event in events)
    assert (out / "leaves.bin").stat().st_size == 32 * size
    notes = [json.loads(line) for line in (out / "checkpoints.jsonl").read_text("utf-8").splitlines()]
    assert [signer.verifier.open(note).size for note in notes] == [1, BLOCK, 2 * BLOCK, size]
    assert (out / "audit.pub").read_text() == f"{signer.verifier}\n"


def test_a_part_leaves_the_other_events_at_home_but_not_their_hashes(
    connection: sqlite3.Connection, signer: Signer, tmp_path: Path
) -> None:
    out = tmp_path / "bundle.zip"
    selection = Selection(run="run-2", first=date(2026, 1, 1), last=date(2026, 12, 31))
    told = write_bundle(connection, signer.verifier, selection, out, nothing)
    assert told["selection"] == {"run": "run-2", "from": "2026-01-01", "to": "2026-12-31"}
    assert (told["entries"], told["size"]) == (10, 2 * BLOCK + 2)
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as packed:
        assert sorted(packed.namelist()) == FILES
        assert {json.loads(line)["subject"] for line in packed.read("events.jsonl").splitlines()} == {"run-2"}
        assert len(packed.read("leaves.bin")) == 32 * (2 * BLOCK + 2)


def test_of_many_checkpoints_some_go_with_it_the_newest_always(
    path: Path, signer: Signer, entry: Callable[..., Entry], open_log: Callable[..., Log], tmp_path: Path
) -> None:
    log, notes = open_log(), []
    for n in range(1, 2 * CHECKPOINTS + 2):
        log.append_now(entry(n, payload=None))
        notes.append((n, log.checkpoint().note))
    log.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", notes)
    with closing(open_for_reading(path)) as connection:
        write_bundle(connection, signer.verifier, Selection(), tmp_path / "bundle", nothing)
    lines = (tmp_path / "bundle" / "checkpoints.jsonl").read_text("utf-8").splitlines()
    sizes = [signer.verifier.open(json.loads(line)).size for line in lines]
    assert sizes == [*range(3, 2 * CHECKPOINTS + 2, 3)]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE entries SET event = replace(event, 'web-app', 'web-axe') WHERE seq = 9", "Entry 9 was altered"),
        ("UPDATE leaves SET hash = zeroblob(32) WHERE seq = 9", "not what was signed up to entry 130"),
        ("DELETE FROM leaves WHERE seq = 9", "not what was signed"),
        ("DELETE FROM leaves WHERE seq = 130", "not what was signed"),
        ("UPDATE leaves SET seq = 131 WHERE seq = 130", "not what was signed"),
        ("UPDATE payloads SET body = '{}' WHERE rowid = 1", "The payload of entry 1 was altered"),
        ("UPDATE checkpoints SET note = 'nothing' WHERE size = 64", "The checkpoint at entry 64 was altered"),
        ("UPDATE checkpoints SET note = x'ff' WHERE size = 130", "The checkpoint at entry 130 was altered"),
        ("DELETE FROM checkpoints", "nothing to export"),
        ("DELETE FROM checkpoints WHERE size = 130", "not what was signed"),
    ],
)
def test_what_was_altered_leaves_nothing_behind(
    connection: sqlite3.Connection,
    filled: Path,
    signer: Signer,
    spoil: Callable[[Path, str], None],
    tmp_path: Path,
    statement: str,
    problem: str,
) -> None:
    spoil(filled, statement)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Altered, match=problem):
        write_bundle(connection, signer.verifier, Selection(), tmp_path / "bundle.zip", nothing)
    assert sorted(tmp_path.iterdir()) == before


def test_nothing_is_overwritten(connection: sqlite3.Connection, signer: Signer, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_text("mine")
    with pytest.raises(FileExistsError, match="exists already"):
        write_bundle(connection, signer.verifier, Selection(), tmp_path / "bundle.zip", nothing)
    assert (tmp_path / "bundle.zip").read_text() == "mine"
