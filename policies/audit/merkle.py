"""The Merkle tree of RFC 6962: hashing, roots, and the two proofs.

Every hash is 32 bytes of SHA-256. Leaf indices count from 0, so entry `seq` of the log is leaf `seq - 1`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """A growing tree of which only the roots of its complete subtrees are kept, largest first: O(log n) memory."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        for leaf in leaves:
            self.append(leaf)

    @classmethod
    def of_peaks(cls, size: int, peaks: Iterable[bytes]) -> CompactRange:
        """The range over `size` leaves whose complete subtrees have these roots, largest first."""
        found = cls()
        found.size, found._peaks = size, list(peaks)
        return found

    def append(self, leaf: bytes) -> list[bytes]:
        """Add one leaf hash at the end.

        Returns:
            The roots of the complete subtrees that end with this leaf: of 1 leaf (itself), 2 leaves, 4 leaves, ….
        """
        completed, size = [leaf], self.size
        while size & 1:
            completed.append(node_hash(self._peaks.pop(), completed[-1]))
            size >>= 1
        self._peaks.append(completed[-1])
        self.size += 1
        return completed

    def peaks(self) -> list[bytes]:
        """The roots of its complete subtrees, largest first."""
        return self._peaks.copy()

    def root(self) -> bytes:
        """The hash of the whole tree."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node

    def copy(self) -> CompactRange:
        """A range of the same size that grows apart from this one."""
        twin = CompactRange()
        twin.size, twin._peaks = self.size, self._peaks.copy()
        return twin


def peaks(begin: int, end: int) -> list[range]:
    """The complete subtrees that the leaves from `begin` up to `end` fall into, largest first.

    Args:
        begin: a multiple of the largest power of two that is not above `end - begin`.
        end: the first leaf that no longer belongs to it.
    """
    found = []
    while begin < end:
        width = 1 << (end - begin).bit_length() - 1
        found.append(range(begin, begin + width))
        begin += width
    return found


def inclusion_path(index: int, size: int) -> list[range]:
    """Which leaves each hash of an inclusion proof covers, lowest first (RFC 6962, 2.1.1).

    Raises:
        IndexError: a tree of `size` leaves has no leaf `index`.
    """
    if not 0 <= index < size:
        raise IndexError(f"a tree of {size} leaves has no leaf {index}")
    path, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(range(middle, end))
            end = middle
        else:
            path.append(range(begin, middle))
            begin = middle
    return path[::-1]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root, lowest first (RFC 6962, 2.1.1).

    Args:
        leaves: the leaf hashes of the whole tree.
        index: from 0.

    Raises:
        IndexError: the tree has no such leaf.
    """
    return [_root(leaves, covered) for covered in inclusion_path(index, len(leaves))]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that the tree of `size` leaves under `root` holds the leaf hash `leaf` at `index`."""
    if not 0 <= index < size:
        return False
    node, position, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and node == root


def consistency_path(old: int, size: int) -> list[range]:
    """Which leaves each hash of a consistency proof covers, in its order (RFC 6962, 2.1.2).

    Raises:
        IndexError: a tree of `size` leaves never had `old`.
    """
    if not 0 <= old <= size:
        raise IndexError(f"a tree of {size} leaves never had {old}")
    if old in (0, size):
        return []
    path, begin, end = [], 0, size
    while old < end:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append(range(middle, end))
            end = middle
        else:
            path.append(range(begin, middle))
            begin = middle
    # The old root itself is known to whoever asks; it is left out where the path ends in it.
    return [*([range(begin, end)] if begin else []), *path[::-1]]


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The hashes that show that the tree of the first `old` leaves is the beginning of this one (RFC 6962, 2.1.2).

    Raises:
        IndexError: the tree never had that size.
    """
    return [_root(leaves, covered) for covered in consistency_path(old, len(leaves))]


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `new` leaves only adds to the tree of `old` leaves."""
    if not 0 <= old <= new:
        return False
    if old in (0, new):
        return not proof and old_root == (EMPTY_ROOT if old == 0 else new_root)
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    # A complete old tree is itself the first node of the path; the proof leaves it out.
    path = list(proof) if position else [old_root, *proof]
    if not path:
        return False
    old_node = new_node = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_node = node_hash(new_node, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and old_node == old_root and new_node == new_root


def _root(leaves: Sequence[bytes], covered: range) -> bytes:
    """The hash over these of the leaves."""
    return CompactRange(leaves[covered.start : covered.stop]).root()


def _split(size: int) -> int:
    """The largest power of two below `size`, which must be at least 2."""
    return 1 << (size - 1).bit_length() - 1
