"""One part of a log: what is found in it, what a second process prints about it, and what is left to the slow pass."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.audit.checkpoint import Signer, Verifier
from policies.audit.log import Entry, Log
from policies.audit.merkle import CompactRange, leaf_hash
from policies.audit.part import Doubt, Part, check
from policies.audit.schema import open_for_reading

ROOT = Path(__file__).parents[3]
ENTRIES = 300


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    log = Log(
        folder / "audit.db",
        Signer.load_or_create(folder / "keys"),
        clock=lambda: datetime(2026, 3, 1, 9, 0, tzinfo=UTC),
    )
    for n in range(1, ENTRIES + 1):
        run = None if n % 7 == 0 else 'a "run"' if n % 11 == 0 else "run-1"
        log.append_now(Entry("devos.action.done", run, n, None, {"n": n}, {"n": n} if n % 3 else None))
    log.close()
    return folder


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(original / "audit.db", tmp_path))


@pytest.fixture
def key(original: Path) -> Verifier:
    return Verifier.parse((original / "keys" / "audit.pub").read_text())


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_for_reading(path)) as made:
        made.text_factory = bytes
        yield made


def root(connection: sqlite3.Connection, size: int) -> str:
    rows = connection.execute("SELECT event FROM entries WHERE seq <= ? ORDER BY seq", (size,))
    return CompactRange(leaf_hash(event) for (event,) in rows).root().hex()


@pytest.mark.parametrize(("begin", "end", "nodes"), [(0, ENTRIES, 1), (0, 256, 1), (256, ENTRIES, 0), (0, 100, 0)])
def test_a_part_that_holds_is_summed_up(
    connection: sqlite3.Connection, key: Verifier, begin: int, end: int, nodes: int
) -> None:
    (notes,) = connection.execute(
        "SELECT count(*) FROM checkpoints WHERE size > ? AND size <= ?", (begin, end)
    ).fetchone()
    payloads = len([n for n in range(begin + 1, end + 1) if n % 3])
    assert check(connection, key, begin, end) == Part(root(connection, end), payloads, 0, notes, nodes)


def test_a_second_process_says_the_same(connection: sqlite3.Connection, path: Path, key: Verifier) -> None:
    command = [sys.executable, "-m", "policies.audit.part", path, str(key), "0", "256"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == asdict(check(connection, key, 0, 256))
    beyond = subprocess.run([*command[:-1], "301"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (beyond.returncode, beyond.stdout) == (1, "")


def test_a_part_that_is_not_there_is_doubted(connection: sqlite3.Connection, key: Verifier) -> None:
    for begin, end in ((0, ENTRIES + 1), (256, ENTRIES + 1), (512, 600)):
        with pytest.raises(Doubt):
            check(connection, key, begin, end)


def resigned(path: Path, signer: Signer, forge: Callable[[str], str]) -> None:
    """One entry, forged and signed again with the right key."""
    connection = sqlite3.connect(path)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    for table, column in (("entries", "seq"), ("leaves", "seq"), ("checkpoints", "size")):
        connection.execute(f"DELETE FROM {table} WHERE {column} > 1")
    connection.execute("DELETE FROM nodes")
    (text,) = connection.execute("SELECT event FROM entries").fetchone()
    event = forge(text)
    leaf = leaf_hash(event.encode())
    connection.execute("UPDATE entries SET event = ?", (event,))
    connection.execute("UPDATE leaves SET hash = ?", (leaf,))
    connection.execute("UPDATE checkpoints SET note = ?", (signer.sign(1, leaf).note,))
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "forge",
    [
        lambda text: "nothing",
        lambda text: text.replace(":", ": "),
        lambda text: text.replace("done", "d\\u006fne"),
        lambda text: text.replace('"specversion":"1.0",', ""),
        lambda text: text.replace(f"{1:020d}", f"{2:020d}"),
        lambda text: text.replace("devos/audit", "other/audit"),
        lambda text: text.replace('"payload":"', '"payload":"00'),
        lambda text: text.replace('"id":"', '"id":"00'),
    ],
)
def test_what_the_key_signed_in_another_form_is_doubted(
    path: Path, original: Path, key: Verifier, forge: Callable[[str], str]
) -> None:
    signer = Signer.load_or_create(original / "keys")
    resigned(path, signer, lambda text: text)
    with closing(open_for_reading(path)) as connection:
        connection.text_factory = bytes
        assert check(connection, key, 0, 1).payloads == 1
    resigned(path, signer, forge)
    with closing(open_for_reading(path)) as connection:
        connection.text_factory = bytes
        with pytest.raises(Doubt):
            check(connection, key, 0, 1)
