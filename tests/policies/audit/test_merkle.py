"""The tree against the published vectors of Certificate Transparency, and its proofs in all small cases."""

import hashlib
from collections.abc import Callable

import pytest

from policies.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    includes,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    node_hash,
)

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(bytes.fromhex(each)) for each in INPUTS]
FIRST_OF_EIGHT = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
MANY = [leaf_hash(bytes([n])) for n in range(17)]


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962's definition, word for word: split at the largest power of two below the size."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = max(2**k for k in range(8) if 2**k < len(leaves))
    return hashlib.sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    assert CompactRange(LEAVES[:size]).root().hex() == ROOTS[size - 1]


def test_the_path_of_the_first_of_eight_is_the_published_one() -> None:
    assert [each.hex() for each in inclusion_proof(LEAVES, 0)] == FIRST_OF_EIGHT


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert CompactRange().root() == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_growing_tree_has_the_defined_root_at_every_size() -> None:
    tree = CompactRange()
    for size, leaf in enumerate(MANY, 1):
        tree.append(leaf)
        assert (tree.size, tree.root()) == (size, root(MANY[:size]))


def test_a_copy_grows_apart() -> None:
    tree = CompactRange(MANY[:5])
    twin = tree.copy()
    twin.append(MANY[5])
    assert (tree.size, tree.root()) == (5, root(MANY[:5]))
    assert (twin.size, twin.root()) == (6, root(MANY[:6]))


def test_a_node_cannot_be_passed_off_as_a_leaf() -> None:
    left, right = MANY[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize("size", range(1, 18))
def test_every_leaf_has_a_proof_and_no_other_leaf_place_or_root_has_the_same(size: int) -> None:
    leaves, whole = MANY[:size], root(MANY[:size])
    for index in range(size):
        proof = inclusion_proof(leaves, index)
        assert includes(leaves[index], index, size, proof, whole)
        assert not includes(leaf_hash(b"another"), index, size, proof, whole)
        assert not includes(leaves[index], index, size, proof, leaf_hash(b"another"))
        assert not includes(leaves[index], index, size, [*proof, whole], whole)
        if proof:
            assert not includes(leaves[index], index, size, proof[:-1], whole)
            assert not includes(leaves[index], index ^ 1, size, proof, whole)


@pytest.mark.parametrize("new", range(1, 18))
def test_every_earlier_tree_is_shown_to_be_the_beginning_and_no_other_is(new: int) -> None:
    whole, another = root(MANY[:new]), leaf_hash(b"another")
    for old in range(new + 1):
        proof, before = consistency_proof(MANY[:new], old), root(MANY[:old])
        assert is_consistent(old, new, before, whole, proof)
        assert not is_consistent(old, new, another, whole, proof)
        assert not is_consistent(old, new, before, whole, [*proof, whole])
        if 0 < old < new:
            assert not is_consistent(old, new, before, another, proof)
            assert not is_consistent(old, new, before, whole, proof[:-1])
            assert not is_consistent(old, new, before, whole, [])


@pytest.mark.parametrize(
    "ask", [lambda: inclusion_proof(MANY, 17), lambda: inclusion_proof(MANY, -1), lambda: consistency_proof(MANY, 18)]
)
def test_a_proof_of_what_is_not_there_is_an_error(ask: Callable[[], object]) -> None:
    with pytest.raises(IndexError, match="a tree of 17 leaves"):
        ask()


def test_a_place_outside_the_tree_proves_nothing() -> None:
    assert not includes(MANY[0], 1, 1, [], MANY[0])
    assert not includes(MANY[0], -1, 1, [], MANY[0])
    assert not is_consistent(3, 2, root(MANY[:3]), root(MANY[:2]), [])
