"""The index's file: what stands in the way of writing it is said, and deletes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from policies.audit.index_file import IndexFile


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        IndexFile(tmp_path / "no-such-folder" / "index.db")


def test_a_wrong_statement_costs_no_index(tmp_path: Path) -> None:
    with closing(IndexFile(tmp_path / "index.db")) as file:
        file.add([(1, None), (2, None)], 0, b"leaf")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            file.read("SELECT * FROM aunts")
        assert file.known() == (2, b"leaf")


def test_only_what_follows_is_added(tmp_path: Path) -> None:
    with closing(IndexFile(tmp_path / "index.db")) as file:
        file.add([(1, None)], 0, b"one")
        file.add([(1, None), (2, None)], 0, b"two")
        assert file.known() == (1, b"one"), "another process had been there"
        file.begin_anew()
        assert file.known() == (0, None)


def test_a_file_that_is_held_by_another_is_waited_for_and_not_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "index.db"
    monkeypatch.setattr("policies.audit.index_file.LOCK_SECONDS", 0.01)
    with closing(IndexFile(place)) as file, closing(sqlite3.connect(place, isolation_level=None)) as other:
        file.add([(1, None)], 0, b"leaf")
        other.execute("BEGIN IMMEDIATE")
        for use in (lambda: file.add([(2, None)], 1, b"more"), lambda: IndexFile(place)):
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                use()
        other.execute("ROLLBACK")
        assert file.known() == (1, b"leaf")


def test_nothing_forgotten_is_nothing_to_purge(tmp_path: Path) -> None:
    with closing(IndexFile(tmp_path / "index.db")) as file:
        assert file.purge() is False
