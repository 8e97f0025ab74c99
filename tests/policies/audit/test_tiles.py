"""The stored interior hashes: what they give is what all leaves together give, whatever the size."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log
from policies.audit.merkle import CompactRange, consistency_proof, inclusion_path, inclusion_proof
from policies.audit.tiles import WIDTH, Tiles, completed, expected, nodes_over

SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 700]
LEAVES = [hashlib.sha256(n.to_bytes(4)).digest() for n in range(WIDTH * WIDTH + 300)]


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    """Leaves and nodes of a tree of three levels of tiles."""
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE leaves (seq INTEGER PRIMARY KEY, hash BLOB)")
    made.execute("CREATE TABLE nodes (level INTEGER, place INTEGER, hash BLOB, PRIMARY KEY (level, place))")
    made.executemany("INSERT INTO leaves VALUES (?, ?)", enumerate(LEAVES, 1))
    made.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes_over(LEAVES))
    yield made
    made.close()


@pytest.mark.parametrize("size", [0, *SIZES, WIDTH * WIDTH - 1, WIDTH * WIDTH, len(LEAVES)])
def test_the_tree_of_any_size_is_the_one_over_its_leaves(connection: sqlite3.Connection, size: int) -> None:
    from_tiles, from_leaves = Tiles(connection).tree(size), CompactRange(LEAVES[:size])
    assert (from_tiles.size, from_tiles.root()) == (size, from_leaves.root())
    assert from_tiles.append(LEAVES[0]) == from_leaves.append(LEAVES[0])
    assert from_tiles.root() == from_leaves.root()


@pytest.mark.parametrize("size", SIZES)
def test_proofs_from_tiles_are_those_from_leaves(connection: sqlite3.Connection, size: int) -> None:
    tiles = Tiles(connection)
    for index in {0, size // 3, size - 1}:
        assert [tiles.root(each) for each in inclusion_path(index, size)] == inclusion_proof(LEAVES[:size], index)
    for old in {1, size // 2, size - 1}:
        proof = consistency_proof(LEAVES[:size], old)
        assert len(proof) == len(set(proof))


def test_a_leaf_that_completes_a_tile_completes_its_node() -> None:
    tree = CompactRange(LEAVES[: WIDTH - 1])
    assert completed(tree.append(LEAVES[WIDTH - 1]), WIDTH) == [(1, 0, CompactRange(LEAVES[:WIDTH]).root())]
    assert completed(tree.append(LEAVES[WIDTH]), WIDTH + 1) == []


@pytest.mark.parametrize("size", [0, 255, 256, 512, len(LEAVES)])
def test_it_is_known_how_many_nodes_there_must_be(size: int) -> None:
    nodes = [*nodes_over(LEAVES[:size])]
    assert len(nodes) == len({(level, place) for level, place, _ in nodes}) == expected(size)


def test_appending_stores_each_node_with_the_entry_that_completes_it(
    path: Path, log: Log, entry: Callable[..., Entry]
) -> None:
    connection = sqlite3.connect(path)
    found = []
    for n in range(1, 2 * WIDTH + 2):
        log.append_now(entry(n, payload=None))
        if n in (WIDTH - 1, WIDTH, 2 * WIDTH - 1, 2 * WIDTH + 1):
            found.append(connection.execute("SELECT count(*) FROM nodes").fetchone()[0])
    stored = connection.execute("SELECT level, place, hash FROM nodes ORDER BY level, place").fetchall()
    leaves = [leaf for (leaf,) in connection.execute("SELECT hash FROM leaves ORDER BY seq")]
    connection.close()
    assert found == [0, 1, 1, 2]
    assert stored == [*nodes_over(leaves)]


def test_a_log_from_before_there_were_nodes_is_filled_when_it_is_opened(
    path: Path, signer: Signer, open_log: Callable[..., Log], entry: Callable[..., Entry]
) -> None:
    log = open_log()
    for n in range(1, WIDTH + 10):
        log.append_now(entry(n, payload=None))
    log.close()
    connection = sqlite3.connect(path)
    (before,) = connection.execute("SELECT hash FROM nodes").fetchall()
    connection.executescript("DROP TABLE nodes; PRAGMA user_version = 1;")
    with pytest.raises(LookupError, match="no interior hashes yet"):
        Tiles(connection).tree(WIDTH)
    open_log().close()
    assert connection.execute("SELECT hash FROM nodes").fetchall() == [before]
    connection.close()


def test_what_is_not_there_is_not_made_up(connection: sqlite3.Connection) -> None:
    with pytest.raises(LookupError, match=f"the hash over entry {len(LEAVES) + 1} is not there"):
        Tiles(connection).tree(len(LEAVES) + 1)
    empty = sqlite3.connect(":memory:")
    empty.execute("CREATE TABLE leaves (seq INTEGER PRIMARY KEY, hash BLOB)")
    empty.execute("CREATE TABLE nodes (level INTEGER, place INTEGER, hash BLOB)")
    with pytest.raises(LookupError, match="the hash over entries 1 to 256 is not there"):
        Tiles(empty).root(range(WIDTH))
    empty.close()
