"""The slow pass: it agrees with the quick one about what holds, and knows each interior hash that does not."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from policies.audit.checkpoint import Checkpoint, Signer, Verifier
from policies.audit.head import Head
from policies.audit.log import Entry, Log
from policies.audit.schema import open_for_reading
from policies.audit.thorough import Report, thorough
from policies.audit.verify import verify


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    log = Log(folder / "audit.db", Signer.load_or_create(folder / "keys"))
    for n in range(1, 521):
        log.append_now(Entry("devos.action.done", "run-1", n, None, {"n": n}, {"n": n} if n % 3 else None))
    log.close()
    return folder


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    shutil.copy(original / "audit.checkpoint", tmp_path)
    return Path(shutil.copy(original / "audit.db", tmp_path))


@pytest.fixture
def key(original: Path) -> Verifier:
    return Verifier.parse((original / "keys" / "audit.pub").read_text())


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(path, isolation_level=None)
    yield made
    made.close()


def report(path: Path, key: Verifier) -> Report:
    witness: Checkpoint | None = Head(path).read(key)
    with closing(open_for_reading(path)) as connection:
        connection.text_factory = bytes
        return thorough(connection, key, witness, alone=False)


def test_both_passes_agree_about_what_holds(path: Path, key: Verifier, connection: sqlite3.Connection) -> None:
    assert report(path, key) == verify(path, str(key))
    connection.execute("DELETE FROM payloads WHERE digest = (SELECT payload FROM entries WHERE seq = 7)")
    assert report(path, key) == verify(path, str(key))
    assert report(path, key).erased == 1


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE nodes SET hash = zeroblob(32) WHERE place = 1",
            "The stored hash over entries 257 to 512 was altered; the entries hold.",
        ),
        (
            "UPDATE nodes SET hash = zeroblob(32)",
            "The stored hash over entries 1 to 256 was altered; the entries hold.",
        ),
        (
            "INSERT INTO nodes VALUES (2, 0, zeroblob(32))",
            "There is a stored hash 2/0 over entries that are not there.",
        ),
    ],
)
def test_an_interior_hash_that_is_wrong_is_named_and_no_entry_blamed(
    path: Path, key: Verifier, connection: sqlite3.Connection, statement: str, problem: str
) -> None:
    connection.execute(statement)
    found = verify(path, str(key))
    assert (found.problem, found.bad, found.entries) == (problem, None, 520)


def test_an_altered_entry_comes_before_the_hashes_over_it(
    path: Path, key: Verifier, connection: sqlite3.Connection
) -> None:
    connection.execute("DROP TRIGGER entries_stay_as_they_are")
    connection.execute("UPDATE entries SET event = replace(event, 'run-1', 'run-2') WHERE seq = 300")
    connection.execute("UPDATE nodes SET hash = zeroblob(32)")
    assert verify(path, str(key)).problem == "Entry 300 was altered: it is not what was signed."


def test_a_log_without_interior_hashes_holds(path: Path, key: Verifier, connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM nodes WHERE place = 1")
    assert verify(path, str(key)).ok
    connection.execute("DROP TABLE nodes")
    assert verify(path, str(key)).ok
    assert report(path, key).ok
