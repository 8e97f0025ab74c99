"""The quick pass over a whole log, by two processes where it is long: everything holds, or there is a doubt."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from policies.audit.checkpoint import Checkpoint, Verifier
from policies.audit.part import Doubt, Part, check
from policies.audit.tiles import WIDTH, Tiles, has_nodes

__all__ = ["Doubt", "Swept", "sweep"]

TOGETHER = 50_000
"""From how many entries on a second process pays for its start."""

HEAD_START = 5_000
"""How many entries fewer it gets than half, because it has to start first."""


@dataclass(frozen=True)
class Swept:
    """What was found where everything holds."""

    size: int
    root: bytes
    erased: int


def sweep(connection: sqlite3.Connection, path: Path, verifier: Verifier, witness: Checkpoint | None) -> Swept:
    """Check a whole log.

    Args:
        connection: the log, within a transaction; its text_factory must be bytes.
        path: the same log, for a second process.
        verifier: the log's public key.
        witness: the checkpoint beside it, read before the transaction began.

    Raises:
        Doubt: not everything holds for certain.
        sqlite3.Error: the file is damaged, or is no log.
    """
    size = _size(connection)
    shared = size >= TOGETHER and (os.cpu_count() or 1) > 1
    middle = max(WIDTH, size // 2 - HEAD_START) // WIDTH * WIDTH if shared and size > WIDTH else 0
    # What stands before the middle changes no more, but for payloads that are erased; so it may be read a moment later.
    other = _start(path, verifier, 0, middle) if middle else None
    if other is None:
        middle = 0
    try:
        parts = [check(connection, verifier, middle, size)]
    except BaseException:
        if other is not None:
            other.kill()
            other.communicate()
        raise
    if other is not None:
        parts.append(_result(other))
    _check_sums(connection, parts)
    tiles = Tiles(connection)
    try:
        fits = (other is None or tiles.tree(middle).root().hex() == parts[1].root) and (
            witness is None or tiles.tree(witness.size).root() == witness.root
        )
    except LookupError as error:
        raise Doubt from error
    if not fits:
        raise Doubt
    return Swept(size, bytes.fromhex(parts[0].root), sum(each.erased for each in parts))


def _size(connection: sqlite3.Connection) -> int:
    """How many entries the log has, by all that says so."""
    (first, last), leaves, (notes,) = (
        connection.execute(query).fetchone()
        for query in (
            "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM entries",
            "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM leaves",
            "SELECT coalesce(max(size), 0) FROM checkpoints",
        )
    )
    if (first, last) != leaves or first != 1 or notes != last:
        raise Doubt
    return int(last)


def _check_sums(connection: sqlite3.Connection, parts: list[Part]) -> None:
    """Check that no payload, checkpoint or interior hash stands outside of the parts."""
    held = "SELECT (SELECT count(*) FROM payloads), (SELECT count(*) FROM checkpoints)"
    payloads, notes = connection.execute(held).fetchone()
    nodes = connection.execute("SELECT count(*) FROM nodes").fetchone()[0] if has_nodes(connection) else 0
    found = sum(each.payloads for each in parts), sum(each.notes for each in parts), sum(each.nodes for each in parts)
    if found != (payloads, notes, nodes):
        raise Doubt


def _start(path: Path, verifier: Verifier, begin: int, end: int) -> subprocess.Popen[str] | None:
    """Have a part checked by another process; None where none can be started."""
    command = [sys.executable, "-P", "-m", "policies.audit.part", str(path), str(verifier), str(begin), str(end)]
    places = [str(Path(__file__).parents[2]), *filter(None, sys.path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places)}
    try:
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return None


def _result(other: subprocess.Popen[str]) -> Part:
    """What the other process found."""
    told, _ = other.communicate()
    if other.returncode != 0:
        raise Doubt
    return Part(**json.loads(told))
