"""The tree's stored interior hashes: of every 256 leaves, of every 256 of those, and so on.

With them a root or a proof takes a few tiles of 256 hashes instead of every leaf. They are no evidence, only a saving:
whatever is computed from them counts when it leads to a root that was signed, and can be computed anew from the leaves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from policies.audit.merkle import CompactRange, node_hash, peaks

HEIGHT = 8
"""How many levels of the tree lie between two stored ones."""

WIDTH = 1 << HEIGHT
"""How many hashes make a tile."""

Node = tuple[int, int, bytes]
"""A row of `nodes`: its level from 1, its place there from 0, and the hash over WIDTH ** level leaves."""


def completed(roots: Sequence[bytes], size: int) -> list[Node]:
    """The nodes to be stored after a leaf was appended.

    Args:
        roots: the subtrees that it completed, as `CompactRange.append` returns them.
        size: the tree's size with it.
    """
    return [(height // HEIGHT, (size - 1) >> height, roots[height]) for height in range(HEIGHT, len(roots), HEIGHT)]


def expected(size: int) -> int:
    """How many nodes are stored of a tree of `size` leaves."""
    count = 0
    while size:
        size >>= HEIGHT
        count += size
    return count


def nodes_over(leaves: Iterable[bytes]) -> Iterator[Node]:
    """All nodes of the tree over these leaf hashes."""
    tree = CompactRange()
    for leaf in leaves:
        yield from completed(tree.append(leaf), tree.size)


def has_nodes(connection: sqlite3.Connection) -> bool:
    """Whether the log is new enough to have interior hashes."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'nodes'").fetchone()
    return found is not None


def described(node: Node) -> str:
    """Which entries a node is over."""
    level, place, _ = node
    return f"entries {(place << level * HEIGHT) + 1} to {place + 1 << level * HEIGHT}"


def pyramid(hashes: list[bytes]) -> list[list[bytes]]:
    """The hashes, then those over 2, 4, 8, … of them, as far as they are complete."""
    rows = [hashes]
    while len(below := rows[-1]) > 1:
        rows.append([node_hash(*pair) for pair in zip(below[::2], below[1::2], strict=False)])
    return rows


class Tiles:
    """The tree of one log, read a tile at a time within the connection's present transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._read: dict[tuple[int, int], list[list[bytes]]] = {}
        self._stored = has_nodes(connection)

    def root(self, covered: range) -> bytes:
        """The hash over these leaves, counted from 0; they must be such as `merkle.peaks` takes apart.

        Raises:
            LookupError: the log does not have them all.
        """
        return CompactRange.of_peaks(len(covered), self._peaks(covered)).root()

    def tree(self, size: int) -> CompactRange:
        """The tree as it was with `size` leaves, to grow on from there.

        Raises:
            LookupError: the log does not have so many.
        """
        return CompactRange.of_peaks(size, self._peaks(range(size)))

    def _peaks(self, covered: range) -> list[bytes]:
        return [self._node(each.start, len(each)) for each in peaks(covered.start, covered.stop)]

    def _node(self, begin: int, width: int) -> bytes:
        """The hash over one complete subtree."""
        level, height = divmod(width.bit_length() - 1, HEIGHT)
        tile, place = divmod(begin >> level * HEIGHT, WIDTH)
        try:
            return self._tile(level, tile)[height][place >> height]
        except IndexError:
            which = f"entry {begin + 1}" if width == 1 else f"entries {begin + 1} to {begin + width}"
            raise LookupError(f"the hash over {which} is not there") from None

    def _tile(self, level: int, tile: int) -> list[list[bytes]]:
        """The pyramid over what is stored of a tile."""
        known = self._read.get((level, tile))
        if known is not None:
            return known
        rows = self._read[level, tile] = pyramid(self._hashes(level, tile))
        return rows

    def _hashes(self, level: int, tile: int) -> list[bytes]:
        """What is stored of a tile, up to the first gap."""
        first = tile * WIDTH
        if level == 0:
            query = "SELECT seq - 1, CAST(hash AS BLOB) FROM leaves WHERE seq > ? AND seq <= ? ORDER BY seq"
            found = self._connection.execute(query, (first, first + WIDTH)).fetchall()
        elif self._stored:
            query = (
                "SELECT place, CAST(hash AS BLOB) FROM nodes"
                " WHERE level = ? AND place >= ? AND place < ? ORDER BY place"
            )
            found = self._connection.execute(query, (level, first, first + WIDTH)).fetchall()
        else:
            raise LookupError("this log has no interior hashes yet; they are made when DevOS opens it for writing")
        return [digest for place, (at, digest) in enumerate(found, first) if place == at]
