"""The log's one writer: appends entries, signs every new head, and answers only when both are on disk."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import sqlite3
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from policies.action import Json
from policies.audit.checkpoint import BadCheckpoint, Checkpoint, Signer
from policies.audit.event import Entry, Stored, canonical, envelope, plain
from policies.audit.head import Head, RolledBack
from policies.audit.merkle import CompactRange, leaf_hash
from policies.audit.reader import Reader
from policies.audit.recover import recover
from policies.audit.redact import redact as redacted
from policies.audit.schema import NewerFile, open_for_writing
from policies.audit.tiles import Node, completed

__all__ = ["CannotRecord", "Checkpoint", "Entry", "Log", "NewerFile", "RolledBack", "Stored", "utc_now"]

GROUP = 1000
"""The most entries that share one transaction: bounds how long the first of them waits."""

BLOCK = 64
"""Of every so many entries at least one checkpoint stays in the log: bounds where damage can be."""


class CannotRecord(Exception):
    """The entry was not recorded, so what it announces must not be done. The message says what stood in the way."""


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class _Pending:
    """An entry on its way to the disk, checked and redacted, with the one who waits for its seq."""

    entry: Entry
    payload: tuple[str, bytes, str] | None
    """Digest, salt and body."""
    seq: Future[int] = field(default_factory=Future)


class Log:
    """An append-only log in one SQLite file, with a signed Merkle tree over its entries.

    Appends from any thread and any event loop that come at the same time share one transaction, one signature and one
    wait for the disk. Only one process may append at a time; a second one is noticed and refused.
    """

    def __init__(
        self,
        path: Path,
        signer: Signer,
        *,
        clock: Callable[[], datetime] = utc_now,
        redact: Callable[[Json], Json] = redacted,
    ) -> None:
        """Open the log, or make it.

        Raises:
            RolledBack: the log is not the one whose head was last signed.
            NewerFile: the file was written by a later DevOS.
            CannotRecord: the file cannot be opened for writing.
        """
        self._signer, self._clock, self._redact = signer, clock, redact
        self._file = Head(path)
        try:
            last_signed = self._file.read(signer.verifier)
            with contextlib.ExitStack() as opened:
                self._connection = opened.enter_context(contextlib.closing(open_for_writing(path)))
                self._tree = recover(self._connection, last_signed, signer.verifier)
                self._head = signer.sign(self._tree.size, self._tree.root())
                if last_signed is None:
                    self._file.create(self._head)
                self._reader = Reader(path)
                opened.pop_all()
        except BadCheckpoint as error:
            raise RolledBack(f"{self._file.path} cannot be relied on: {error}.") from error
        except (OSError, sqlite3.Error) as error:
            raise CannotRecord(f"The audit log {path} cannot be written: {error}.") from error
        self._gate, self._closed = Lock(), False
        self._queue: SimpleQueue[_Pending | None] = SimpleQueue()
        self._writer = Thread(target=self._run, name="audit-log", daemon=True)
        self._writer.start()

    async def append(self, entry: Entry) -> int:
        """Record an entry and return its seq once it is on disk.

        Raises:
            CannotRecord: it is not, and nothing may be done that relies on it.
        """
        return await asyncio.wrap_future(self._submit(entry))

    def append_now(self, entry: Entry) -> int:
        """Record an entry and return its seq once it is on disk; blocks the calling thread.

        Raises:
            CannotRecord: it is not, and nothing may be done that relies on it.
        """
        return self._submit(entry).result()

    def entries(
        self,
        *,
        run: str | None = None,
        step: int | None = None,
        type: str | None = None,  # noqa: A002 - CloudEvents' own word
        after: int = 0,
        limit: int | None = None,
        newest: bool = False,
    ) -> list[Stored]:
        """The entries that have all of the given properties, oldest first, or newest first with `newest`."""
        return self._reader.entries(run=run, step=step, type=type, after=after, limit=limit, newest=newest)

    def checkpoint(self) -> Checkpoint:
        """The signed head of the tree as it is now."""
        return self._head

    def close(self) -> None:
        """Write what is still under way, then let go of the file. Later appends raise `CannotRecord`."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._writer.join()
        self._reader.close()
        self._connection.close()

    def _submit(self, entry: Entry) -> Future[int]:
        """Check and redact an entry and queue it."""
        try:
            data = self._redact(plain(entry.data))
            canonical([entry.type, entry.run, entry.step, entry.action, data])
            payload = None
            if entry.payload is not None:
                body, salt = canonical(self._redact(plain(entry.payload))), os.urandom(32)
                payload = hashlib.sha256(salt + body.encode()).hexdigest(), salt, body
        except (TypeError, ValueError, RecursionError) as error:
            raise CannotRecord(f"The entry {entry.type!r} is not JSON: {error}.") from error
        pending = _Pending(replace(entry, data=data, payload=None), payload)
        with self._gate:
            if self._closed:
                raise CannotRecord("The audit log is closed.")
            self._queue.put(pending)
        return pending.seq

    def _run(self) -> None:
        """The writer thread: take what waits, write it as one group, repeat until closed."""
        going_on = True
        while going_on:
            group = [self._queue.get()]
            with contextlib.suppress(Empty):
                while group[-1] is not None and len(group) < GROUP:
                    group.append(self._queue.get_nowait())
            going_on = group[-1] is not None
            # Whoever gave up waiting before the write began has nothing recorded.
            wanted = [each for each in group if each is not None and each.seq.set_running_or_notify_cancel()]
            if wanted:
                self._answer(wanted)

    def _answer(self, group: list[_Pending]) -> None:
        """Write a group and tell everyone in it how it went."""
        first = self._tree.size + 1
        try:
            self._write(group)
        except Exception as error:  # whatever it was, whoever waits must hear of it
            for each in group:
                refusal = CannotRecord(f"The audit log cannot be written: {error}.")
                refusal.__cause__ = error
                each.seq.set_exception(refusal)
        else:
            for seq, each in enumerate(group, first):
                each.seq.set_result(seq)

    def _write(self, group: list[_Pending]) -> None:
        """Write a group whole or not at all. The order matters: see `Head`."""
        tree, connection = self._tree.copy(), self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()
            if last != tree.size:
                raise CannotRecord(f"its last entry is {last}, but this process wrote up to {tree.size}")
            self._insert(group, tree)
            head = self._signer.sign(tree.size, tree.root())
            self._keep(head)
            self._file.prepare(head)
            connection.commit()
        finally:
            if connection.in_transaction:
                connection.rollback()
        self._tree, self._head = tree, head
        self._file.publish()

    def _insert(self, group: list[_Pending], tree: CompactRange) -> None:
        """Add the entries to the transaction and to the tree."""
        entries: list[tuple[int, str]] = []
        leaves: list[tuple[int, bytes]] = []
        nodes: list[Node] = []
        for seq, pending in enumerate(group, tree.size + 1):
            digest = None if pending.payload is None else pending.payload[0]
            event = envelope(pending.entry, seq, str(uuid.uuid4()), self._clock(), self._signer.origin, digest)
            leaf = leaf_hash(event.encode())
            entries.append((seq, event))
            leaves.append((seq, leaf))
            nodes += completed(tree.append(leaf), seq)
        payloads = (each.payload for each in group if each.payload is not None)
        self._connection.executemany("INSERT INTO payloads VALUES (?, ?, ?)", payloads)
        self._connection.executemany("INSERT INTO entries (seq, event) VALUES (?, ?)", entries)
        self._connection.executemany("INSERT INTO leaves VALUES (?, ?)", leaves)
        self._connection.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)

    def _keep(self, head: Checkpoint) -> None:
        """Store the new head; the one before it goes unless it is the first of its block."""
        self._connection.execute(
            "DELETE FROM checkpoints WHERE size = :size AND EXISTS"
            " (SELECT 1 FROM checkpoints WHERE size < :size AND size / :block = :size / :block)",
            {"size": self._tree.size, "block": BLOCK},
        )
        self._connection.execute("INSERT INTO checkpoints VALUES (?, ?)", (head.size, head.note))
