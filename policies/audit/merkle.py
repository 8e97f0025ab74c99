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

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the end."""
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1

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


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root, lowest first (RFC 6962, 2.1.1).

    Args:
        leaves: the leaf hashes of the whole tree.
        index: from 0.

    Raises:
        IndexError: the tree has no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"a tree of {len(leaves)} leaves has no leaf {index}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return [*inclusion_proof(left, index), CompactRange(right).root()]
    return [*inclusion_proof(right, index - split), CompactRange(left).root()]


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


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The hashes that show that the tree of the first `old` leaves is the beginning of this one (RFC 6962, 2.1.2).

    Raises:
        IndexError: the tree never had that size.
    """
    if not 0 <= old <= len(leaves):
        raise IndexError(f"a tree of {len(leaves)} leaves never had {old}")
    return _subproof(leaves, old, known=True) if old else []


def _subproof(leaves: Sequence[bytes], old: int, *, known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962; `known` says that the old tree's root is the hash of these leaves' first `old`."""
    if old == len(leaves):
        return [] if known else [CompactRange(leaves).root()]
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if old <= split:
        return [*_subproof(left, old, known=known), CompactRange(right).root()]
    return [*_subproof(right, old - split, known=False), CompactRange(left).root()]


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


def _split(size: int) -> int:
    """The largest power of two below `size`, which must be at least 2."""
    return 1 << (size - 1).bit_length() - 1
