"""The tree as the last writer left it, compared with what was last signed."""

from __future__ import annotations

import sqlite3

from policies.audit.checkpoint import Checkpoint, Verifier
from policies.audit.head import RolledBack
from policies.audit.merkle import CompactRange
from policies.audit.tiles import Tiles, expected, nodes_over

LEAVES = "SELECT seq, CAST(hash AS BLOB) FROM leaves ORDER BY seq"
NEWEST = "SELECT size, CAST(note AS BLOB) FROM checkpoints ORDER BY size DESC LIMIT 1"


def recover(connection: sqlite3.Connection, last_signed: Checkpoint | None, verifier: Verifier) -> CompactRange:
    """Take up the tree where it was left, and fill in its interior hashes where they are not there.

    What is read is the right edge of the tree: as its root is the one that was signed, so is every hash on the edge,
    and whatever is signed from here on continues what was signed before. Where the edge does not lead to the signed
    root, or interior hashes are missing, the tree is built from all leaf hashes instead: they decide.

    Whether the events are still what their leaf hashes say is `verify`'s work, not done at every start.

    Args:
        connection: the log.
        last_signed: the checkpoint beside the log, read before the log is.
        verifier: the log's public key.

    Raises:
        RolledBack: entries are missing, or the tree is not the one that was signed.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        tree = _edge(connection, last_signed, verifier)
        if tree is None:
            tree = _whole(connection, last_signed, verifier)
            connection.execute("DELETE FROM nodes")
            leaves = (leaf for _, leaf in connection.execute(LEAVES))
            connection.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes_over(leaves))
        connection.commit()
    finally:
        if connection.in_transaction:
            connection.rollback()
    return tree


def _edge(connection: sqlite3.Connection, last_signed: Checkpoint | None, verifier: Verifier) -> CompactRange | None:
    """The tree by its interior hashes; None unless everything fits together."""
    rows = "SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM leaves), (SELECT count(*) FROM nodes)"
    held, size, interior = connection.execute(rows).fetchone()
    newest = connection.execute(NEWEST).fetchone()
    if held != size or interior != expected(size) or newest is None or last_signed is None or last_signed.size > size:
        return None
    tiles = Tiles(connection)
    try:
        tree, then = tiles.tree(size), tiles.tree(last_signed.size)
        head = verifier.open(newest[1].decode())
    except (LookupError, ValueError):
        return None
    fits = (head.size, head.root, last_signed.root) == (size, tree.root(), then.root())
    return tree if fits else None


def _whole(connection: sqlite3.Connection, last_signed: Checkpoint | None, verifier: Verifier) -> CompactRange:
    """The tree by its leaf hashes: one pass over 32 bytes per entry, which can say what does not fit.

    Raises:
        RolledBack: something does not.
    """
    tree, root_then = CompactRange(), CompactRange().root()
    for seq, leaf in connection.execute(LEAVES):
        tree.append(leaf)
        if seq != tree.size:
            raise RolledBack(f"The audit log has lost the leaf hash of entry {tree.size}.")
        if last_signed is not None and seq == last_signed.size:
            root_then = tree.root()
    held, last = connection.execute("SELECT count(*), coalesce(max(seq), 0) FROM entries").fetchone()
    if held != tree.size or last != tree.size:
        raise RolledBack(f"The audit log has {held} entries up to {last}, but {tree.size} leaf hashes.")
    if last_signed is None and tree.size:
        raise RolledBack(
            f"The audit log has {tree.size} entries, but the checkpoint that belongs beside it is missing."
        )
    if last_signed is not None and last_signed.size > tree.size:
        raise RolledBack(f"The audit log was set back: it has {tree.size} entries, {last_signed.size} were signed.")
    if last_signed is not None and last_signed.root != root_then:
        raise RolledBack(f"The audit log's first {last_signed.size} entries are not those that were signed.")
    if tree.size:
        _compare(connection.execute(NEWEST).fetchone(), tree, verifier)
    return tree


def _compare(newest: tuple[int, bytes] | None, tree: CompactRange, verifier: Verifier) -> None:
    """Check that the log's own newest checkpoint is about all of it."""
    if newest is None:
        raise RolledBack("The audit log's entries were never signed.")
    try:
        head = verifier.open(newest[1].decode())
    except ValueError as error:
        raise RolledBack(f"The audit log's checkpoint at entry {tree.size} cannot be relied on: {error}.") from error
    if (head.size, head.root) != (tree.size, tree.root()):
        raise RolledBack(f"The audit log's entries are not those that were signed at entry {tree.size}.")
