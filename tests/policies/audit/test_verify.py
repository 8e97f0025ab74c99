"""Whatever is altered in a log of fifty entries, the verification finds it and names the entry.

Long because every way to alter a log is tried here, on the same one.
"""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policies.action import Json
from policies.audit.checkpoint import Signer, WrongKey
from policies.audit.log import Entry, Log
from policies.audit.merkle import CompactRange, leaf_hash
from policies.audit.verify import Report, verify

ENTRIES = 50
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Tampered:
    """A copy of the log, in the hands of somebody who may do anything but sign."""

    path: Path
    signer: Signer
    connection: sqlite3.Connection

    def edit(self, statement: str, *values: object) -> None:
        self.connection.execute(statement, values)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.connection.execute(query).fetchall()

    def verify(self, *, alone: bool = False) -> Report:
        return verify(self.path, str(self.signer.verifier), alone=alone)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Signer]:
    """Fifty entries, the odd ones with a payload, and no triggers any more."""
    folder = tmp_path_factory.mktemp("original")
    signer = Signer.load_or_create(folder / "keys")
    moments = iter(START + timedelta(seconds=n) for n in range(ENTRIES))
    log = Log(folder / "audit.db", signer, clock=lambda: next(moments))
    for n in range(1, ENTRIES + 1):
        log.append_now(
            Entry(
                type="devos.action.intended" if n % 2 else "devos.action.done",
                run=f"run-{n // 10}",
                step=n,
                action="kubernetes.scale",
                data={"effect": "change", "person": "ana", "args": {"deployment": "web-app", "replicas": n}, "on": [n]},
                payload={"result": n} if n % 2 else None,
            )
        )
    log.close()
    connection = sqlite3.connect(folder / "audit.db")
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.close()
    return folder, signer


@pytest.fixture
def log(original: tuple[Path, Signer], tmp_path: Path) -> Iterator[Tampered]:
    folder, signer = original
    for each in ("audit.db", "audit.checkpoint"):
        shutil.copy(folder / each, tmp_path)
    connection = sqlite3.connect(tmp_path / "audit.db", isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    yield Tampered(tmp_path / "audit.db", signer, connection)
    connection.close()


def alterations(value: Json) -> Iterator[Json]:
    """The value with each thing in it changed, each member dropped and one added, one at a time."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            for altered in alterations(each):
                yield {**value, name: altered}
        yield {**value, "zz": 1}
    elif isinstance(value, list):
        yield [*value, value[0]]
        for place, each in enumerate(value):
            for altered in alterations(each):
                yield [*value[:place], altered, *value[place + 1 :]]
    else:
        yield f"{value}0" if isinstance(value, str) else value + 1


def as_written(event: Json) -> str:
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_an_untouched_log_holds(log: Tampered) -> None:
    report = log.verify()
    assert report.ok
    assert (report.entries, report.signed, report.erased, report.bad, report.problem) == (
        ENTRIES,
        ENTRIES,
        0,
        None,
        None,
    )
    (events,) = zip(*log.rows("SELECT event FROM entries ORDER BY seq"), strict=True)
    assert report.root == CompactRange(leaf_hash(str(each).encode()) for each in events).root().hex()


@pytest.mark.parametrize("seq", range(1, ENTRIES + 1))
def test_every_field_of_every_entry_is_bound(log: Tampered, seq: int) -> None:
    ((text,),) = log.rows(f"SELECT event FROM entries WHERE seq = {seq}")
    event = json.loads(str(text))
    assert as_written(event) == text
    altered = [*alterations(event)]
    assert len(altered) > 60
    for each in altered:
        log.edit("UPDATE entries SET event = ? WHERE seq = ?", as_written(each), seq)
        report = log.verify()
        assert (report.bad, report.entries, report.ok) == (seq, seq - 1, False), each
        assert f"entry {seq} " in str(report.problem).lower()


@pytest.mark.parametrize(("first", "second"), [(1, 2), (7, 31), (49, 50)])
def test_two_entries_that_changed_places_are_named(log: Tampered, first: int, second: int) -> None:
    log.edit(f"UPDATE entries SET seq = seq - {first + second} WHERE seq IN (?, ?)", first, second)
    assert log.verify().problem == f"Entry 1 is missing: the next one in the log is entry -{second}."
    log.edit("UPDATE entries SET seq = -seq WHERE seq < 0")
    report = log.verify()
    assert report.bad == first
    assert report.problem == f"Entry {first} was exchanged: it holds an event that says it is '{second:020d}'."


@pytest.mark.parametrize("seq", [1, 2, 25, 49, 50])
def test_an_entry_that_was_removed_is_named(log: Tampered, seq: int) -> None:
    log.edit("DELETE FROM entries WHERE seq = ?", seq)
    report = log.verify()
    assert report.bad == seq
    assert str(report.problem).startswith(f"Entry {seq} is missing")


def test_an_entry_that_was_removed_and_the_gap_closed_is_named(log: Tampered) -> None:
    for table in ("entries", "leaves"):
        log.edit(f"DELETE FROM {table} WHERE seq = 20")
        for seq in range(21, ENTRIES + 1):
            log.edit(f"UPDATE {table} SET seq = ? WHERE seq = ?", seq - 1, seq)
    report = log.verify()
    assert report.bad == 20
    assert "another place" in str(report.problem)


def test_entries_cut_off_the_end_are_named(log: Tampered) -> None:
    log.edit("DELETE FROM entries WHERE seq > 45")
    assert log.verify().problem == "Entry 46 is missing: 50 were signed."
    log.edit("DELETE FROM checkpoints WHERE size > 45")
    assert log.verify().problem == "Entry 46 is missing: the log still has the leaf hash of entry 50."
    log.edit("DELETE FROM leaves WHERE seq > 45")
    assert log.verify().problem == "Entry 2 and what follows it were never signed."


def test_a_log_set_back_to_an_earlier_state_is_noticed_by_the_checkpoint_beside_it(
    log: Tampered, tmp_path: Path
) -> None:
    for table, column in (("entries", "seq"), ("leaves", "seq"), ("checkpoints", "size")):
        log.edit(f"DELETE FROM {table} WHERE {column} > 1")
    log.edit("DELETE FROM payloads WHERE digest NOT IN (SELECT payload FROM entries)")
    report = log.verify()
    assert (report.bad, report.signed) == (2, 1)
    assert report.problem == "Entry 2 is missing: 50 were signed, says the checkpoint beside the log."
    (tmp_path / "audit.checkpoint").unlink()
    assert str(log.verify().problem).startswith("The checkpoint beside the log is missing")
    assert log.verify().bad is None
    assert log.verify(alone=True).ok


def test_an_entry_that_was_added_is_named(log: Tampered) -> None:
    ((text,),) = log.rows("SELECT event FROM entries WHERE seq = 50")
    event = as_written({**json.loads(str(text)), "sequence": f"{51:020d}"})
    log.edit("INSERT INTO entries (seq, event) VALUES (51, ?)", event)
    assert log.verify().problem == "The leaf hash of entry 51 was removed."
    log.edit("INSERT INTO leaves VALUES (51, ?)", leaf_hash(event.encode()))
    assert log.verify().problem == "Entry 51 and what follows it were never signed."
    assert log.verify().bad == 51


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ("nothing of the kind", "Entry 9 was altered: it is not JSON any more."),
        ("[1]", "Entry 9 was altered: it is not JSON any more."),
        ("[" * 100_000, "Entry 9 was altered: it is not JSON any more."),
        ("{}", "Entry 9 was exchanged: it holds an event that says it is None."),
        (b"\xff\xfe", "Entry 9 was altered: its event is no text."),
        (b"{}", "Entry 9 was altered: its event is no text."),
    ],
)
def test_an_event_that_is_none_any_more_is_named(log: Tampered, event: str | bytes, problem: str) -> None:
    log.edit("UPDATE entries SET event = ? WHERE seq = 9", event)
    assert (log.verify().problem, log.verify().bad) == (problem, 9)


def test_an_event_written_another_way_is_named(log: Tampered) -> None:
    ((text,),) = log.rows("SELECT event FROM entries WHERE seq = 9")
    log.edit("UPDATE entries SET event = ? WHERE seq = 9", json.dumps(json.loads(str(text))))
    assert log.verify().problem == "Entry 9 was altered: it is not what was signed."


@pytest.mark.parametrize("leaf", [b"\x00" * 32, b"", 7, "text"])
def test_an_altered_leaf_hash_is_named(log: Tampered, leaf: object) -> None:
    log.edit("UPDATE leaves SET hash = ? WHERE seq = 9", leaf)
    assert (log.verify().problem, log.verify().bad) == ("The leaf hash of entry 9 was altered.", 9)


def test_an_event_altered_together_with_its_leaf_hash_is_bounded_by_the_checkpoints(log: Tampered) -> None:
    ((text,),) = log.rows("SELECT event FROM entries WHERE seq = 9")
    event = str(text).replace("web-app", "web-axe")
    log.edit("UPDATE entries SET event = ? WHERE seq = 9", event)
    log.edit("UPDATE leaves SET hash = ? WHERE seq = 9", leaf_hash(event.encode()))
    report = log.verify()
    assert report.bad == 2
    assert str(report.problem).startswith("One of the entries 2 to 50 was altered together with its leaf hash")
    log.edit("DELETE FROM checkpoints WHERE size > 1")
    assert str(log.verify().problem).endswith("the checkpoint beside the log was signed over another.")


def test_the_first_entry_altered_together_with_its_leaf_hash_is_named(log: Tampered) -> None:
    ((text,),) = log.rows("SELECT event FROM entries WHERE seq = 1")
    event = str(text).replace("web-app", "web-axe")
    log.edit("UPDATE entries SET event = ? WHERE seq = 1", event)
    log.edit("UPDATE leaves SET hash = ? WHERE seq = 1", leaf_hash(event.encode()))
    assert log.verify().bad == 1
    assert str(log.verify().problem).startswith("Entry 1 was altered together with its leaf hash")


def test_without_a_signature_that_tells_both_are_suspected(log: Tampered) -> None:
    log.edit("UPDATE entries SET event = '{}' WHERE seq = 9")
    undecided = "The event and the leaf hash of entry 9 do not agree, and no signature tells which was altered."
    log.edit("UPDATE checkpoints SET note = 'nothing' WHERE size = 50")
    assert (log.verify().problem, log.verify().bad) == (undecided, 9)
    log.edit("DELETE FROM checkpoints WHERE size = 50")
    assert log.verify().problem == undecided


@pytest.mark.parametrize("column", ["salt", "body", "digest"])
@pytest.mark.parametrize("seq", [1, 25, 49])
@pytest.mark.parametrize("value", ["another", b"\xff", 7])
def test_an_altered_payload_is_named(log: Tampered, column: str, seq: int, value: object) -> None:
    ((digest,),) = log.rows(f"SELECT payload FROM entries WHERE seq = {seq}")
    log.edit(f"UPDATE payloads SET {column} = ? WHERE digest = ?", value, digest)
    report = log.verify()
    assert report.bad == seq
    assert str(report.problem).startswith(f"The payload of entry {seq} was ")


def test_a_payload_without_a_digest_is_named(log: Tampered) -> None:
    ((digest,),) = log.rows("SELECT payload FROM entries WHERE seq = 25")
    log.edit("UPDATE payloads SET digest = NULL WHERE digest = ?", digest)
    assert log.verify().bad == 25


def test_a_payload_exchanged_together_with_its_digest_is_named(log: Tampered) -> None:
    ((digest,),) = log.rows("SELECT payload FROM entries WHERE seq = 25")
    forged = hashlib.sha256(b"salt" + b"body").hexdigest()
    log.edit("UPDATE payloads SET salt = ?, body = 'body', digest = ? WHERE digest = ?", b"salt", forged, digest)
    assert log.verify().bad == 25
    assert log.verify().problem == "The payload of entry 25 was exchanged for one that no entry names."


def test_a_payload_that_belongs_to_no_entry_is_found(log: Tampered) -> None:
    log.edit("INSERT INTO payloads VALUES ('a', x'00', '{}')")
    assert (log.verify().problem, log.verify().bad) == ("There is a payload that belongs to no entry.", None)


def test_an_erased_payload_is_counted_and_no_fault(log: Tampered) -> None:
    ((first,), (second,)) = log.rows("SELECT payload FROM entries WHERE seq IN (1, 25)")
    log.edit("DELETE FROM payloads WHERE digest IN (?, ?)", first, second)
    report = log.verify()
    assert report.ok
    assert report.erased == 2


@pytest.mark.parametrize("size", [1, 50])
def test_every_character_of_a_checkpoint_is_bound(log: Tampered, size: int) -> None:
    ((note,),) = log.rows(f"SELECT note FROM checkpoints WHERE size = {size}")
    text = str(note)
    for place, character in enumerate(text):
        altered = text[:place] + ("A" if character != "A" else "B") + text[place + 1 :]
        log.edit("UPDATE checkpoints SET note = ? WHERE size = ?", altered, size)
        report = log.verify()
        assert report.bad == size, altered
        assert str(report.problem).startswith(f"The checkpoint at entry {size} was altered")


@pytest.mark.parametrize("note", ["", b"\xff"])
def test_a_checkpoint_that_is_none_any_more_is_named(log: Tampered, note: object) -> None:
    log.edit("UPDATE checkpoints SET note = ? WHERE size = 50", note)
    assert log.verify().bad == 50


def test_a_checkpoint_in_the_place_of_another_is_named(log: Tampered) -> None:
    log.edit("UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 1) WHERE size = 50")
    assert log.verify().problem == "The checkpoint at entry 50 was exchanged for the one at entry 1."


def test_an_altered_checkpoint_beside_the_log_is_found(log: Tampered, tmp_path: Path) -> None:
    beside = tmp_path / "audit.checkpoint"
    beside.write_text(beside.read_text().replace("\n50\n", "\n49\n"))
    assert log.verify().problem == "The checkpoint beside the log cannot be relied on: its signature is wrong."
    assert log.verify().bad is None


def test_another_key_signed_none_of_it(log: Tampered, tmp_path: Path) -> None:
    other = Signer.load_or_create(tmp_path / "other")
    assert not verify(log.path, str(other.verifier)).ok
    with pytest.raises(WrongKey):
        verify(log.path, "no key")


@pytest.mark.parametrize(
    ("forge", "problem"),
    [
        (lambda text: text.replace(":", ": "), "Entry 1 is not canonical JSON."),
        (lambda text: text.replace("web-app", "\\ud800"), "Entry 1 is not canonical JSON."),
        (lambda text: "nothing", "Entry 1 is not canonical JSON."),
        (lambda text: text.replace(f"{1:020d}", f"{2:020d}"), "Entry 1 holds an event that says it belongs to another"),
        (lambda text: text.replace("devos/audit", "other/audit"), "Entry 1 holds an event that says it belongs to"),
    ],
)
def test_what_the_key_signed_must_still_be_a_log(
    log: Tampered, tmp_path: Path, forge: Callable[[str], str], problem: str
) -> None:
    ((text,),) = log.rows("SELECT event FROM entries WHERE seq = 1")
    event = forge(str(text))
    for table, column in (("entries", "seq"), ("leaves", "seq"), ("checkpoints", "size")):
        log.edit(f"DELETE FROM {table} WHERE {column} > 1")
    log.edit("DELETE FROM payloads")
    log.edit("UPDATE entries SET event = ?", event)
    log.edit("UPDATE leaves SET hash = ?", leaf_hash(event.encode()))
    note = log.signer.sign(1, leaf_hash(event.encode())).note
    log.edit("UPDATE checkpoints SET note = ?", note)
    (tmp_path / "audit.checkpoint").write_text(note)
    assert str(log.verify().problem).startswith(problem)
    assert log.verify().bad == 1


def test_a_damaged_file_is_reported(log: Tampered) -> None:
    content = bytearray(log.path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    log.path.write_bytes(content)
    assert log.verify().problem == (
        "The file is damaged; it cannot be read from entry 1 on: database disk image is malformed."
    )


def test_a_log_that_is_not_there_is_reported(tmp_path: Path, signer: Signer) -> None:
    report = verify(tmp_path / "audit.db", str(signer.verifier))
    assert "unable to open database file" in str(report.problem)
    assert (report.entries, report.bad) == (0, None)


def test_a_log_without_entries_holds(path: Path, signer: Signer, open_log: Callable[..., Log], tmp_path: Path) -> None:
    (tmp_path / "audit.db").touch()
    assert verify(path, str(signer.verifier)).ok
    open_log().close()
    assert verify(path, str(signer.verifier)).ok


def test_a_log_that_is_being_written_can_be_verified(
    path: Path, signer: Signer, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    log = open_log()
    for n in range(1, 4):
        log.append_now(entry(n))
        report = verify(path, str(signer.verifier))
        assert (report.ok, report.entries) == (True, n)


def test_a_log_nobody_may_write_can_be_verified(
    original: tuple[Path, Signer], public_folder: Path, ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    folder, signer = original
    for name in ("audit.db", "audit.checkpoint"):
        shutil.copy(folder / name, public_folder)
        (public_folder / name).chmod(0o444)
    public_folder.chmod(0o555)
    with ordinary_user():
        report = verify(public_folder / "audit.db", str(signer.verifier))
    public_folder.chmod(0o755)
    assert report.ok
    assert sorted(each.name for each in public_folder.iterdir()) == ["audit.checkpoint", "audit.db"]


def test_a_log_one_may_not_read_is_reported(
    original: tuple[Path, Signer], public_folder: Path, ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    folder, signer = original
    for name in ("audit.db", "audit.checkpoint"):
        shutil.copy(folder / name, public_folder)
        (public_folder / name).chmod(0)
    with ordinary_user():
        assert "Permission denied" in str(verify(public_folder / "audit.db", str(signer.verifier)).problem)
