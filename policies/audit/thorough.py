"""The slow pass over a log: parses every event, follows every reference, names the first thing that does not hold."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from policies.action import Json
from policies.audit.checkpoint import BadCheckpoint, Checkpoint, Verifier
from policies.audit.event import canonical
from policies.audit.merkle import CompactRange, leaf_hash
from policies.audit.tiles import Node, completed, described, has_nodes

PAYLOADS = "SELECT CAST(salt AS BLOB), CAST(body AS BLOB) FROM payloads"
"""What a payload's digest is made of. The casts are for values that were replaced by those of another type."""


@dataclass(frozen=True)
class Report:
    """What a verification found."""

    entries: int
    """How many entries hold, counted from the first."""
    root: str
    """The root of the tree over them, in hexadecimal."""
    signed: int
    """Up to which entry a signed checkpoint was found to hold."""
    erased: int
    """How many of their payloads were erased, which is allowed."""
    bad: int | None = None
    """The first entry that does not hold; None where all do, or where the fault is in no entry."""
    problem: str | None = None
    """What is wrong, in one sentence; None when nothing is."""

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return self.problem is None


class _Fault(Exception):
    """The first thing found wrong, and the entry it is about."""

    def __init__(self, seq: int | None, problem: str) -> None:
        super().__init__(problem)
        self.seq = seq


def thorough(
    connection: sqlite3.Connection,
    verifier: Verifier,
    witness: Checkpoint | BadCheckpoint | None,
    *,
    alone: bool,
) -> Report:
    """Check every entry, payload and checkpoint within the connection's present transaction.

    Args:
        connection: the log; its text_factory must be bytes.
        verifier: the log's public key.
        witness: what was read beside the log, before it.
        alone: nothing needs to be beside it.
    """
    return _Verification(connection, verifier, witness).report(alone=alone)


class _Verification:
    """One pass over a log."""

    def __init__(
        self, connection: sqlite3.Connection, verifier: Verifier, witness: Checkpoint | BadCheckpoint | None
    ) -> None:
        self._connection, self._verifier, self._witness = connection, verifier, witness
        self._tree, self._signed, self._erased, self._payloads = CompactRange(), 0, 0, 0
        self._notes: Iterator[tuple[int, bytes]] = iter(())
        self._note: tuple[int, bytes] | None = None
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._altered: Node | None = None

    def report(self, *, alone: bool) -> Report:
        """Everything that was found, up to the first fault."""
        bad, problem = None, None
        try:
            if self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone():
                self._check_entries()
                self._check_end()
                self._check_stray_payloads()
                self._check_nodes()
            self._check_witness(alone=alone)
        except _Fault as fault:
            bad, problem = fault.seq, str(fault)
        except sqlite3.Error as error:
            bad = self._tree.size + 1
            problem = f"The file is damaged; it cannot be read from entry {bad} on: {error}."
        return Report(self._tree.size, self._tree.root().hex(), self._signed, self._erased, bad, problem)

    def _check_entries(self) -> None:
        """Check each entry by itself and the tree at every checkpoint."""
        self._notes = iter(self._connection.execute("SELECT size, CAST(note AS BLOB) FROM checkpoints ORDER BY size"))
        self._note = next(self._notes, None)
        if has_nodes(self._connection):
            stored = self._connection.execute("SELECT level, place, CAST(hash AS BLOB) FROM nodes")
            self._nodes = {(level, place): digest for level, place, digest in stored}
        rows = self._connection.execute(
            "SELECT seq, event, typeof(event), CAST(hash AS BLOB)"
            " FROM entries LEFT JOIN leaves USING (seq) ORDER BY seq"
        )
        for seq, event, kind, leaf in rows:
            if seq != self._tree.size + 1:
                raise self._missing(f"the next one in the log is entry {seq}")
            if kind != b"text":
                raise _Fault(seq, f"Entry {seq} was altered: its event is no text.")
            self._check_entry(seq, event, leaf)
            for node in completed(self._tree.append(leaf), seq):
                if self._nodes.pop(node[:2], node[2]) != node[2] and self._altered is None:
                    self._altered = node
            if isinstance(self._witness, Checkpoint) and self._witness.size == seq:
                self._compare(self._witness, "the checkpoint beside the log")
            if self._note is not None and self._note[0] == seq:
                self._compare(self._open(*self._note), f"the checkpoint at entry {seq}")
                self._signed, self._note = seq, next(self._notes, None)

    def _check_entry(self, seq: int, event: bytes, leaf: bytes | None) -> None:
        """Check one event against its leaf hash, its own form, and its payload."""
        if leaf is None:
            raise _Fault(seq, f"The leaf hash of entry {seq} was removed.")
        if leaf_hash(event) != leaf:
            raise _Fault(seq, self._difference(seq, event, leaf))
        fields = _fields(event)
        if fields is None or not _is_canonical(fields, event):
            raise _Fault(seq, f"Entry {seq} is not canonical JSON.")
        if fields.get("sequence") != f"{seq:020d}" or fields.get("source") != self._verifier.name:
            raise _Fault(seq, f"Entry {seq} holds an event that says it belongs to another place or another log.")
        if "payload" in fields:
            self._check_payload(seq, fields["payload"])

    def _check_payload(self, seq: int, digest: str) -> None:
        """Check what is stored apart, if it still is."""
        row = self._connection.execute(f"{PAYLOADS} WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            self._erased += 1
        elif _digest(*row) != digest:
            raise _Fault(seq, f"The payload of entry {seq} was altered.")
        else:
            self._payloads += 1

    def _check_end(self) -> None:
        """Check that nothing was cut off and nothing stands beyond the last checkpoint."""
        count = self._tree.size
        if self._note is not None:
            raise self._missing(f"{self._open(*self._note).size} were signed")
        (leaves,) = self._connection.execute("SELECT max(seq) FROM leaves").fetchone()
        if leaves is not None and leaves > count:
            raise self._missing(f"the log still has the leaf hash of entry {leaves}")
        if self._signed != count:
            raise _Fault(self._signed + 1, f"Entry {self._signed + 1} and what follows it were never signed.")

    def _check_stray_payloads(self) -> None:
        """A payload whose digest was altered looks erased; what gives it away is a row that no entry names."""
        (held,) = self._connection.execute("SELECT count(*) FROM payloads").fetchone()
        if held == self._payloads:
            return
        stray = self._connection.execute(
            f"{PAYLOADS} WHERE digest IS NULL OR digest NOT IN"
            " (SELECT payload FROM entries WHERE payload IS NOT NULL) LIMIT 1"
        ).fetchone()
        owner = self._connection.execute(
            "SELECT seq FROM entries WHERE payload = ? UNION ALL SELECT min(seq) FROM entries"
            " WHERE payload NOT IN (SELECT digest FROM payloads) LIMIT 1",
            (_digest(*stray),),
        ).fetchone()[0]
        if owner is None:
            raise _Fault(None, "There is a payload that belongs to no entry.")
        raise _Fault(owner, f"The payload of entry {owner} was exchanged for one that no entry names.")

    def _check_nodes(self) -> None:
        """Check the interior hashes, last of all: an altered entry is also under one of them."""
        if self._altered is not None:
            raise _Fault(None, f"The stored hash over {described(self._altered)} was altered; the entries hold.")
        for level, place in self._nodes:
            raise _Fault(None, f"There is a stored hash {level}/{place} over entries that are not there.")

    def _check_witness(self, *, alone: bool) -> None:
        """Check what was last signed, as it is kept beside the log, against what is in it."""
        if isinstance(self._witness, BadCheckpoint):
            raise _Fault(None, f"The checkpoint beside the log cannot be relied on: {self._witness}.")
        if self._witness is None:
            if self._tree.size and not alone:
                raise _Fault(None, "The checkpoint beside the log is missing, without which a cut cannot be ruled out.")
        elif self._witness.size > self._tree.size:
            raise self._missing(f"{self._witness.size} were signed, says the checkpoint beside the log")

    def _open(self, size: int, note: bytes) -> Checkpoint:
        """A checkpoint of the log itself."""
        try:
            checkpoint = self._verifier.open(note.decode())
        except ValueError as error:
            raise _Fault(size, f"The checkpoint at entry {size} was altered: {error}.") from error
        if checkpoint.size != size:
            raise _Fault(size, f"The checkpoint at entry {size} was exchanged for the one at entry {checkpoint.size}.")
        return checkpoint

    def _compare(self, checkpoint: Checkpoint, name: str) -> None:
        """Check the tree as it is at this entry; its events and leaf hashes agree already."""
        if checkpoint.root != self._tree.root():
            first, last = self._signed + 1, self._tree.size
            which = f"Entry {last}" if first == last else f"One of the entries {first} to {last}"
            raise _Fault(first, f"{which} was altered together with its leaf hash: {name} was signed over another.")

    def _missing(self, because: str) -> _Fault:
        """The fault that the next entry is not there."""
        seq = self._tree.size + 1
        return _Fault(seq, f"Entry {seq} is missing: {because}.")

    def _difference(self, seq: int, event: bytes, leaf: bytes) -> str:
        """What became of an entry whose event and leaf hash do not agree; the next checkpoint knows the old one."""
        if self._is_signed(seq, leaf_hash(event)):
            return f"The leaf hash of entry {seq} was altered."
        if not self._is_signed(seq, leaf):
            return f"The event and the leaf hash of entry {seq} do not agree, and no signature tells which was altered."
        fields = _fields(event)
        if fields is None:
            return f"Entry {seq} was altered: it is not JSON any more."
        told = fields.get("sequence")
        if told != f"{seq:020d}":
            return f"Entry {seq} was exchanged: it holds an event that says it is {told!r}."
        return f"Entry {seq} was altered: it is not what was signed."

    def _is_signed(self, seq: int, leaf: bytes) -> bool:
        """Whether the next checkpoint was signed over this leaf hash and those that stand after it."""
        if self._note is None:
            return False
        tree, (size, note) = self._tree.copy(), self._note
        tree.append(leaf)
        later = "SELECT CAST(hash AS BLOB) FROM leaves WHERE seq > ? AND seq <= ? ORDER BY seq"
        for (each,) in self._connection.execute(later, (seq, size)):
            tree.append(each)
        try:
            return self._open(size, note).root == tree.root()
        except _Fault:
            return False


def _digest(salt: bytes, body: bytes) -> str:
    """What an entry says of its payload."""
    return hashlib.sha256(salt + body).hexdigest()


def _fields(event: bytes) -> dict[str, Json] | None:
    """An event's members; None where it is not an object in JSON."""
    try:
        fields = json.loads(event.decode())
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _is_canonical(fields: dict[str, Json], event: bytes) -> bool:
    """Whether the event is written in the one way its members can be."""
    try:
        return canonical(fields).encode() == event
    except ValueError:
        return False
