"""The quick pass over a whole log: by one process or two it says yes to what holds, and doubts what was altered."""

import os
import random
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.audit import sweep
from policies.audit.checkpoint import Signer, Verifier
from policies.audit.head import Head
from policies.audit.log import Entry, Log
from policies.audit.schema import open_for_reading
from policies.audit.verify import verify

ENTRIES = 600
SEED = 20260301


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    log = Log(
        folder / "audit.db",
        Signer.load_or_create(folder / "keys"),
        clock=lambda: datetime(2026, 3, 1, 9, 0, tzinfo=UTC),
    )
    for n in range(1, ENTRIES + 1):
        data = {"replicas": n, "said": 'a "word"' if n % 100 == 0 else "a word"}
        log.append_now(Entry("devos.action.done", "run-1", n, None, data, {"n": n} if n % 5 else None))
    log.close()
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    for name in ("audit.db", "audit.checkpoint"):
        shutil.copy(original / name, tmp_path)
    return tmp_path


@pytest.fixture
def key(original: Path) -> Verifier:
    return Verifier.parse((original / "keys" / "audit.pub").read_text())


def alter(path: Path, statement: str, *rows: object) -> None:
    """What somebody with the file in hand can do, who may do anything but sign."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    assert connection.execute(statement, rows).rowcount > 0
    connection.close()


@pytest.fixture(params=["one process", "two processes"])
def processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sweep, "TOGETHER", 0 if request.param == "two processes" else ENTRIES + 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    return str(request.param)


def swept(folder: Path, key: Verifier) -> sweep.Swept:
    path = folder / "audit.db"
    with closing(open_for_reading(path)) as connection:
        connection.text_factory = bytes
        connection.execute("BEGIN")
        return sweep.sweep(connection, path, key, Head(path).read(key))


def test_what_holds_is_found_to_hold(
    folder: Path, key: Verifier, processes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    start = subprocess.Popen

    def remember(*given: object, **options: object) -> object:
        started.append(given)
        return start(*given, **options)  # type: ignore[call-overload]  # handed on as they came

    monkeypatch.setattr(subprocess, "Popen", remember)
    found = swept(folder, key)
    head = Head(folder / "audit.db").read(key)
    assert head is not None
    assert found == sweep.Swept(ENTRIES, head.root, 0)
    assert len(started) == (1 if processes == "two processes" else 0)


@pytest.mark.parametrize("seq", [1, 3, 256, 257, 599])
def test_erased_payloads_are_counted(folder: Path, key: Verifier, processes: str, seq: int) -> None:
    named = "DELETE FROM payloads WHERE digest IN (SELECT payload FROM entries WHERE seq BETWEEN ? AND ?)"
    alter(folder / "audit.db", named, seq, seq + 1)
    assert swept(folder, key).erased == len([each for each in (seq, seq + 1) if each % 5])


def test_payloads_in_another_order_are_found(folder: Path, key: Verifier, processes: str) -> None:
    alter(folder / "audit.db", "UPDATE payloads SET rowid = -rowid * 7919 % 10007")
    assert swept(folder, key).erased == 0


NAMED = "digest = (SELECT payload FROM entries WHERE seq = ({seq} - 1) / 5 * 5 + 1)"
STATEMENTS = [
    "UPDATE entries SET event = replace(event, 'word', 'ward') WHERE seq = {seq}",
    "UPDATE entries SET event = CAST(event AS BLOB) WHERE seq = {seq}",
    "UPDATE entries SET seq = -seq WHERE seq = {seq}",
    "UPDATE entries SET seq = seq + 1000 WHERE seq = {seq}",
    "DELETE FROM entries WHERE seq = {seq}",
    "DELETE FROM entries WHERE seq >= {seq}",
    "DELETE FROM leaves WHERE seq = {seq}",
    "UPDATE leaves SET hash = zeroblob(32) WHERE seq = {seq}",
    "UPDATE leaves SET seq = seq + 1000 WHERE seq = {seq}",
    "UPDATE payloads SET body = '{{}}' WHERE {named}",
    "UPDATE payloads SET salt = zeroblob(32) WHERE {named}",
    "UPDATE payloads SET digest = 'a' WHERE {named}",
    "UPDATE payloads SET digest = CAST(digest AS BLOB) WHERE {named}",
    "INSERT INTO payloads VALUES ('a{seq}', x'00', '{{}}')",
    "UPDATE checkpoints SET note = replace(note, '=', 'a') WHERE size = (SELECT min(size) FROM checkpoints"
    " WHERE size >= {seq})",
    "UPDATE checkpoints SET size = -size WHERE size = (SELECT min(size) FROM checkpoints WHERE size >= {seq})",
    "INSERT INTO checkpoints SELECT {seq} * 1000, note FROM checkpoints WHERE size = 600",
    "UPDATE nodes SET hash = zeroblob(32) WHERE place = {seq} % 2",
    "UPDATE nodes SET place = place + 5 WHERE place = {seq} % 2",
    "INSERT INTO nodes VALUES ({seq} + 1, 0, zeroblob(32))",
    "INSERT INTO nodes VALUES (0, {seq}, zeroblob(32))",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_whatever_is_altered_is_doubted_and_then_named(
    original: Path, folder: Path, key: Verifier, processes: str, statement: str
) -> None:
    """Two places with each of two processes, one in each half; with one process more places, some by chance."""
    more = random.Random(f"{SEED} {statement}").sample(range(2, ENTRIES - 4), 4)
    for seq in [7, ENTRIES - 2] if processes == "two processes" else [1, ENTRIES, *more]:
        shutil.copy(original / "audit.db", folder)
        alter(folder / "audit.db", statement.format(seq=seq, named=NAMED.format(seq=seq)))
        with pytest.raises(sweep.Doubt):
            swept(folder, key)
        assert verify(folder / "audit.db", str(key)).problem is not None, (statement, seq)


def test_a_checkpoint_beside_the_log_that_is_about_another_is_doubted(
    folder: Path, original: Path, key: Verifier, processes: str
) -> None:
    signer = Signer.load_or_create(original / "keys")
    head = Head(folder / "audit.db").read(key)
    assert head is not None
    for size, root in ((ENTRIES, bytes(32)), (300, bytes(32)), (ENTRIES + 1, head.root)):
        Head(folder / "audit.db").path.write_text(signer.sign(size, root).note)
        with pytest.raises(sweep.Doubt):
            swept(folder, key)


def test_where_no_second_process_can_be_started_one_does_it(
    folder: Path, key: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object, **options: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(sweep, "TOGETHER", 0)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert swept(folder, key).size == ENTRIES
