"""Proofs for people who were not there: that the log holds an entry, and that it only grew.

A proof is made from the stored interior hashes, checked against the newest signed checkpoint as whoever receives it
will check it, and only then handed out. Its parts are those of https://c2sp.org/tlog-proof and RFC 6962, section 2.1.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from policies.action import Json
from policies.audit.checkpoint import Checkpoint, Verifier
from policies.audit.merkle import consistency_path, includes, inclusion_path, is_consistent, leaf_hash
from policies.audit.recover import NEWEST
from policies.audit.schema import open_for_reading
from policies.audit.tiles import Tiles


class Unprovable(Exception):
    """There is no proof to be had; the message says why."""


class NoSuchEntry(Unprovable):
    """The log has no such entry, or never had such a size."""


class NotTheSame(Unprovable):
    """The log does not continue the checkpoint that it was asked about: one of the two was forged or set back."""


def public_key(path: Path) -> str:
    """The text of the `audit.pub` that belongs to a log in its usual place.

    Raises:
        OSError: it is not there.
    """
    return (path.parent / "keys" / "audit.pub").read_text("utf-8")


def inclusion(path: Path, seq: int, key: str | None = None) -> dict[str, Json]:
    """Prove that the log holds an entry.

    Args:
        path: the log, `audit.db`; it is only read, also while a daemon writes to it.
        seq: the entry, from 1.
        key: the text of `audit.pub`; None takes the one in `keys` beside the log.

    Returns:
        `kind` "inclusion"; `seq` and `index` (from 0); `event`, the entry's text, whose leaf hash is `leaf`; `size` and
        `root` of the signed tree; `hashes` from the leaf's sibling to the root; `checkpoint`, the signed note; `key`;
        and `proof`, all of it but the event in C2SP's own format, to be kept in a `.tlog-proof` file. Hashes are in
        base64.

    Raises:
        NoSuchEntry: the log has no entry `seq`.
        Unprovable: what is stored does not lead to the signed root, or nothing was signed.
        WrongKey, NewerFile, OSError, sqlite3.Error: the key or the log cannot be read.
    """
    verifier = Verifier.parse(public_key(path) if key is None else key)
    with closing(open_for_reading(path)) as connection:
        connection.execute("BEGIN")
        head = _head(connection, verifier)
        if not 1 <= seq <= head.size:
            raise NoSuchEntry(f"There is no entry {seq}; the log has {head.size}.")
        row = connection.execute("SELECT CAST(event AS BLOB) FROM entries WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            raise Unprovable(f"Entry {seq} is missing. `devos audit verify` says more.")
        with _looking_up():
            tiles = Tiles(connection)
            hashes = [tiles.root(covered) for covered in inclusion_path(seq - 1, head.size)]
    leaf = leaf_hash(row[0])
    if not includes(leaf, seq - 1, head.size, hashes, head.root):
        raise Unprovable(
            f"Entry {seq} is not what was signed, or a hash on its way to the root is not."
            " `devos audit verify` says which."
        )
    return {
        "kind": "inclusion",
        "seq": seq,
        "index": seq - 1,
        "event": row[0].decode(),
        "leaf": _text(leaf),
        "size": head.size,
        "root": _text(head.root),
        "hashes": [_text(each) for each in hashes],
        "checkpoint": head.note,
        "key": str(verifier),
        "proof": tlog_proof(seq - 1, hashes, head.note),
    }


def consistency(path: Path, since: int | str, key: str | None = None) -> dict[str, Json]:
    """Prove that the log, as it is now, only added to what it was.

    Args:
        path: the log, as for `inclusion`.
        since: the old size, or a checkpoint's note that somebody kept: then its signature and root are checked too.
        key: the text of `audit.pub`, as for `inclusion`.

    Returns:
        `kind` "consistency"; `from`, the old tree's `size`, `root` and, where one was given, `checkpoint`; `size`,
        `root` and `checkpoint` of the log now; `hashes`; `key`. Hashes are in base64, in RFC 6962's order.

    Raises:
        NoSuchEntry: the log never had the size `since`.
        NotTheSame: the log is shorter than the checkpoint given, or its beginning another.
        BadCheckpoint: the note given is none that this log's key signed.
        Unprovable, WrongKey, NewerFile, OSError, sqlite3.Error: as for `inclusion`.
    """
    verifier = Verifier.parse(public_key(path) if key is None else key)
    kept = verifier.open(since) if isinstance(since, str) else None
    old = kept.size if kept is not None else int(since)
    with closing(open_for_reading(path)) as connection:
        connection.execute("BEGIN")
        head = _head(connection, verifier)
        if kept is not None and old > head.size:
            raise NotTheSame(f"The log was set back: it has {head.size} entries, the checkpoint is about {old}.")
        if not 0 <= old <= head.size:
            raise NoSuchEntry(f"The log never had {old} entries; it has {head.size}.")
        with _looking_up():
            tiles = Tiles(connection)
            hashes = [tiles.root(covered) for covered in consistency_path(old, head.size)]
            root = tiles.tree(old).root()
    if not is_consistent(old, head.size, root, head.root, hashes):
        raise Unprovable("A stored hash is not what was signed. `devos audit verify` says which.")
    if kept is not None and kept.root != root:
        raise NotTheSame(f"The log was rewritten: its first {old} entries are not those that the checkpoint is about.")
    return {
        "kind": "consistency",
        "from": {"size": old, "root": _text(root), "checkpoint": None if kept is None else kept.note},
        "size": head.size,
        "root": _text(head.root),
        "hashes": [_text(each) for each in hashes],
        "checkpoint": head.note,
        "key": str(verifier),
    }


def tlog_proof(index: int, hashes: Sequence[bytes], note: str) -> str:
    """An inclusion proof in C2SP's text format."""
    lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *(_text(each) for each in hashes)]
    return "\n".join(lines) + f"\n\n{note}"


def _head(connection: sqlite3.Connection, verifier: Verifier) -> Checkpoint:
    """The log's newest checkpoint."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'checkpoints'").fetchone()
    newest = connection.execute(NEWEST).fetchone() if found else None
    if newest is None:
        raise NoSuchEntry("The log is empty; nothing was signed yet.")
    try:
        return verifier.open(newest[1].decode())
    except ValueError as error:
        raise Unprovable(f"The log's newest checkpoint cannot be relied on: {error}.") from error


@contextmanager
def _looking_up() -> Iterator[None]:
    """Turn what the tiles do not have into the reason why there is no proof."""
    try:
        yield
    except LookupError as error:
        raise Unprovable(f"No proof can be made: {error}. `devos audit verify` says more.") from error


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
