"""One part of a log, checked as quickly as can be: whether everything in it holds, not what does not.

Most of the work is hashing. As the tree over the events has the root that was signed, the events are byte for byte what
was signed; so they are not parsed again. What one says of its own place, log and payload is read off its end, where the
writer always puts it. Whatever looks another way is a doubt, never an answer.

Also a program of its own, so that a second processor can take a part: see `sweep`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from policies.audit.checkpoint import Verifier
from policies.audit.merkle import CompactRange, peaks
from policies.audit.schema import open_for_reading
from policies.audit.tiles import HEIGHT, WIDTH, Tiles, has_nodes, pyramid

ENTRIES = (
    "SELECT entries.seq, event, CAST(hash AS BLOB) FROM entries JOIN leaves ON leaves.seq = entries.seq"
    " WHERE entries.seq > ? AND entries.seq <= ? AND typeof(event) = 'text' ORDER BY entries.seq"
)
PAYLOAD = "SELECT digest, CAST(salt AS BLOB), CAST(body AS BLOB) FROM payloads"
PAYLOADS = f"{PAYLOAD} WHERE rowid >= ? AND typeof(digest) = 'text' ORDER BY rowid"
NODES = "SELECT level, place, CAST(hash AS BLOB) FROM nodes WHERE (place + 1) << level * 8 BETWEEN ? AND ?"
NOTES = "SELECT size, CAST(note AS BLOB) FROM checkpoints WHERE size > ? AND size <= ? ORDER BY size"


class Doubt(Exception):
    """Something does not hold, or does not look as the writer would have written it."""


@dataclass(frozen=True)
class Part:
    """What was found in a part in which everything holds."""

    root: str
    """Of the tree up to its end, in hexadecimal."""
    payloads: int
    erased: int
    notes: int
    """How many checkpoints it has."""
    nodes: int
    """How many interior hashes."""


def check(connection: sqlite3.Connection, verifier: Verifier, begin: int, end: int) -> Part:
    """Check the entries after `begin` up to `end`, their payloads, and the checkpoints and interior hashes over them.

    The tree before the part is taken from the interior hashes; whether it is the one that the part before ends with is
    for the caller to see.

    Args:
        connection: the log; its text_factory must be bytes.
        verifier: the log's public key.
        begin: a multiple of `WIDTH`.
        end: the last entry.

    Raises:
        Doubt: not everything holds for certain.
        sqlite3.Error: the file is damaged.
    """
    return _Pass(connection, verifier, begin).run(end)


class _Pass:
    """The work on one part, a block of `WIDTH` entries after the other."""

    def __init__(self, connection: sqlite3.Connection, verifier: Verifier, begin: int) -> None:
        self._connection, self._verifier, self._begin = connection, verifier, begin
        try:
            before = Tiles(connection).tree(begin)
        except LookupError as error:
            raise Doubt from error
        # The tree over blocks, whose leaves are the roots of the blocks.
        self._blocks = CompactRange.of_peaks(begin // WIDTH, before.peaks())
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._payloads = _Payloads(connection)
        self._end_of_event = f'","source":"{verifier.name}","specversion":"1.0"'.encode()

    def run(self, end: int) -> Part:
        notes = self._connection.execute(NOTES, (self._begin, end)).fetchall()
        waiting, root, at = iter(notes), CompactRange().root(), self._begin
        note = next(waiting, None)
        rows = self._connection.execute(ENTRIES, (self._begin, end))
        while block := rows.fetchmany(WIDTH):
            seqs, events, stored = zip(*block, strict=True)
            if seqs != tuple(range(at + 1, at + 1 + len(block))):
                raise Doubt
            leaves = [hashlib.sha256(b"\x00" + event).digest() for event in events]
            if leaves != [*stored]:
                raise Doubt
            self._check_ends(seqs, events)
            levels = pyramid(leaves)
            while note is not None and note[0] <= seqs[-1]:
                self._check_note(note[0], note[1], self._root(levels, note[0] - at))
                note = next(waiting, None)
            root, at = self._root(levels, len(block)), seqs[-1]
            if len(block) == WIDTH:
                self._complete(levels[HEIGHT][0])
        if at != end:
            raise Doubt
        nodes = self._check_nodes(end)
        return Part(root.hex(), self._payloads.held, self._payloads.erased, len(notes), nodes)

    def _check_ends(self, seqs: Sequence[int], events: Sequence[bytes]) -> None:
        """Check what the events say of their place, their log and their payload."""
        told, before, identified = b',"sequence":"', b',"payload":"', b'},"datacontenttype":"application/json","id":"'
        room, to_id, named = len(before) + 65, len(identified) + 37, []
        for seq, event in zip(seqs, events, strict=True):
            at = event.rfind(told)
            if not event.startswith(b"%b%020d%b" % (told, seq, self._end_of_event), at):
                raise Doubt
            if event.startswith(before, at - room):
                named.append(event[at - 65 : at - 1])
                at -= room
            if not event.startswith(identified, at - to_id):
                raise Doubt
            # An escape is rare, and the one thing that can be spelled in several ways without a look at the rest.
            if b"\\" in event and not _is_canonical(event):
                raise Doubt
        self._payloads.check(named)

    def _root(self, levels: list[list[bytes]], count: int) -> bytes:
        """The root of the tree with the first `count` entries of the present block."""
        inside = [levels[len(each).bit_length() - 1][each.start // len(each)] for each in peaks(0, count)]
        return CompactRange.of_peaks(self._blocks.size * WIDTH + count, [*self._blocks.peaks(), *inside]).root()

    def _check_note(self, size: int, note: bytes, root: bytes) -> None:
        """Check a checkpoint's signature and what it says."""
        try:
            checkpoint = self._verifier.open(note.decode())
        except ValueError as error:
            raise Doubt from error
        if (checkpoint.size, checkpoint.root) != (size, root):
            raise Doubt

    def _complete(self, block: bytes) -> None:
        """Take a full block into the tree, and remember the nodes that must be stored for it."""
        for height, root in enumerate(self._blocks.append(block)[::HEIGHT]):
            self._nodes[height + 1, (self._blocks.size - 1) >> height * HEIGHT] = root

    def _check_nodes(self, end: int) -> int:
        """Check the interior hashes that end within the part, and count them."""
        if not has_nodes(self._connection):
            return 0
        rows = self._connection.execute(NODES, (self._begin + 1, end)).fetchall()
        if any(self._nodes.get((level, place)) != digest for level, place, digest in rows):
            raise Doubt
        return len(rows)


class _Payloads:
    """The payloads, read in the order in which they were written, which is that of their entries."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rows: sqlite3.Cursor | None = None
        self._waiting: list[tuple[bytes, bytes, bytes]] = []
        self.held = self.erased = 0

    def check(self, named: list[bytes]) -> None:
        """Check what is stored apart for the next entries that name something, as far as it still is.

        Args:
            named: the digests that they name.
        """
        rows = self._following(named)
        if [row[0] for row in rows] != named:
            rows = self._looked_up(named, rows)
        hashes = [hashlib.sha256(salt + body).hexdigest() for _, salt, body in rows]
        if hashes != [digest.decode("ascii", "replace") for digest, _, _ in rows]:
            raise Doubt
        self.held += len(rows)
        self.erased += len(named) - len(rows)

    def _following(self, named: list[bytes]) -> list[tuple[bytes, bytes, bytes]]:
        """As many of the next payloads as were named; they begin with the first that is named and there."""
        for digest in named if self._rows is None else ():
            place = "SELECT rowid FROM payloads WHERE digest = ?"
            found = self._connection.execute(place, (digest.decode("ascii", "replace"),)).fetchone()
            if found is not None:
                self._rows = self._connection.execute(PAYLOADS, found)
                break
        if self._rows is None:
            return []
        rows, self._waiting = self._waiting, []
        return rows + self._rows.fetchmany(max(0, len(named) - len(rows)))

    def _looked_up(
        self, named: list[bytes], rows: list[tuple[bytes, bytes, bytes]]
    ) -> list[tuple[bytes, bytes, bytes]]:
        """The payloads that were named, where some were erased or stand in another order."""
        known, found = {row[0]: row for row in rows}, []
        for digest in named:
            row = known.pop(digest, None)
            if row is None:
                one = f"{PAYLOAD} WHERE digest = ?"
                row = self._connection.execute(one, (digest.decode("ascii", "replace"),)).fetchone()
            if row is not None and row[0] == digest:
                found.append(row)
        # What was not named yet is next; but in a log in great disorder each is looked up instead of all being kept.
        self._waiting = [*known.values()] if len(known) < 4 * WIDTH else []
        return found


def _is_canonical(event: bytes) -> bool:
    """Whether the event is the one text of what it says."""
    from policies.audit.event import canonical  # rarely needed, and would take most of the second process's start

    try:
        return canonical(json.loads(event)).encode() == event
    except (ValueError, RecursionError):
        return False


def main(path: str, key: str, begin: str, end: str) -> int:
    """Check a part for another process: print what was found and return 0, or print nothing and return 1."""
    try:
        with closing(open_for_reading(Path(path))) as connection:
            connection.text_factory = bytes
            connection.execute("BEGIN")
            print(json.dumps(asdict(check(connection, Verifier.parse(key), int(begin), int(end)))))
    except (Doubt, sqlite3.Error):
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
