"""The search index's file: full-text tables of SQLite, counts beside them, and how they are written."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from policies.audit.event import ERASED, Stored
from policies.audit.terms import terms_of, token

T = TypeVar("T")

VERSION = 1
"""Raised with every change of what the index holds; a file of another version is made anew."""

COUNTED = ("person", "system", "rule", "type")
"""The kinds of facets whose values are counted, in the order in which they are shown."""

QUARTER = 900
"""Seconds of a quarter of an hour, of which every time zone's days are made; entries are counted by them, in UTC."""

PAGES = 500
"""How much is merged in one step: some tens of milliseconds, for which a search waits."""

LOCK_SECONDS = 30.0
"""How long another process may be busy indexing before this one gives up."""

_TABLES = """
    CREATE TABLE state (known INTEGER NOT NULL, leaf BLOB, merging INTEGER NOT NULL);
    CREATE TABLE runs (run TEXT PRIMARY KEY, person TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE facets (kind TEXT, value TEXT, count INTEGER NOT NULL, PRIMARY KEY (kind, value)) WITHOUT ROWID;
    CREATE TABLE moments (quarter INTEGER PRIMARY KEY, count INTEGER NOT NULL, first INTEGER, last INTEGER);
    CREATE VIRTUAL TABLE words USING fts5(facets, said, apart);
    INSERT INTO state VALUES (0, NULL, 0);
"""

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_READONLY_DBMOVED")
"""How the names of the errors begin that speak against the file itself; the last one says that it was deleted."""


class _OtherVersion(Exception):
    """The file was written by another DevOS."""


class IndexFile:
    """One SQLite file that anybody may delete or damage: it is then begun anew. Not for two threads at once."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            OSError, sqlite3.Error: it cannot be made there.
        """
        self._path = path
        try:
            self._connection = self._opened()
        except (sqlite3.DatabaseError, _OtherVersion) as error:
            if isinstance(error, sqlite3.DatabaseError) and not _is_damage(error):
                raise
            self._remove()
            self._connection = self._opened()

    def known(self) -> tuple[int, bytes | None]:
        """Up to which entry the index goes, and that entry's leaf hash."""
        ((known, leaf),) = self.read("SELECT known, leaf FROM state")
        return known, leaf

    def read(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows that a statement finds."""
        return self._mended(lambda: self._connection.execute(statement, values).fetchall())

    def matches(self, expression: str, first: int, end: int, limit: int) -> list[int]:
        """The newest entries from `first` on and below `end` that an FTS5 expression finds, newest first."""
        statement = (
            "SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
        )
        return [seq for (seq,) in self.read(statement, (expression, first, end, limit))]

    def add(self, entries: Iterable[tuple[int, Stored | None]], known: int, leaf: bytes | None) -> None:
        """Take in what follows entry `known`, all of it or nothing; of what an entry says was erased, forget the text.

        Args:
            entries: by seq, in order; None for one that cannot be read.
            known: up to where the index went when they were read: another process may have been quicker.
            leaf: the leaf hash of the last of them.
        """
        self._mended(lambda: self._add(entries, known, leaf))

    def purge(self) -> bool:
        """Take the words of what was forgotten out of the older parts of the index, a little; whether more is left.

        FTS5 only notes what was deleted, and keeps the words until it has merged all its parts into one.
        """
        return self._mended(self._purge)

    def begin_anew(self) -> None:
        """Put an empty index in this one's place."""
        self._connection.close()
        self._remove()
        self._connection = self._opened()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _add(self, entries: Iterable[tuple[int, Stored | None]], known: int, leaf: bytes | None) -> None:
        connection, forgotten = self._connection, False
        connection.execute("BEGIN IMMEDIATE")
        try:
            if self.known()[0] != known:
                return
            counts: Counter[tuple[str, str]] = Counter()
            moments: dict[int, tuple[int, int, int]] = {}
            last = known
            for seq, entry in entries:
                last = seq
                if entry is not None:
                    self._insert(seq, entry, counts, moments)
                    if entry.type == ERASED:
                        forgotten |= self._forget(entry)
            self._count(counts, moments)
            connection.execute("UPDATE state SET known = ?, leaf = ?", (last, leaf))
            if forgotten:
                connection.execute("UPDATE state SET merging = 1")
            connection.commit()
        finally:
            if connection.in_transaction:
                connection.rollback()

    def _purge(self) -> bool:
        ((merging,),) = self.read("SELECT merging FROM state")
        if not merging:
            return False
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            before = connection.total_changes
            pages = -PAGES if merging == 1 else PAGES  # the first step says that everything is to become one
            connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
            # Where there was nothing to do, FTS5 changes one row at most.
            finished = merging > 1 and connection.total_changes - before < 2
            connection.execute("UPDATE state SET merging = ?", (0 if finished else 2,))
            connection.commit()
        finally:
            if connection.in_transaction:
                connection.rollback()
        if finished:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return not finished

    def _mended(self, work: Callable[[], T]) -> T:
        """Do it, and once more with an empty index where this one turns out to be damaged."""
        try:
            return work()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self.begin_anew()
            return work()

    def _opened(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self._path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON"):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("BEGIN IMMEDIATE")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, VERSION):
                raise _OtherVersion
            if version == 0:
                for statement in [*_TABLES.split(";"), f"PRAGMA user_version = {VERSION}"]:
                    connection.execute(statement)
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection

    def _remove(self) -> None:
        for end in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self._path.with_name(self._path.name + end).unlink()

    def _insert(
        self, seq: int, entry: Stored, counts: Counter[tuple[str, str]], moments: dict[int, tuple[int, int, int]]
    ) -> None:
        terms = terms_of(entry, self._asker(entry))
        self._connection.execute(
            "INSERT INTO words (rowid, facets, said, apart) VALUES (?, ?, ?, ?)",
            (seq, " ".join(token(*facet) for facet in terms.facets), _text(terms.said), _text(terms.apart)),
        )
        counts.update(facet for facet in terms.facets if facet[0] in COUNTED)
        quarter = int(entry.time.timestamp()) // QUARTER
        count, first, _ = moments.get(quarter, (0, seq, seq))
        moments[quarter] = (count + 1, first, seq)

    def _asker(self, entry: Stored) -> str | None:
        """Whose run an entry belongs to: the person that its first entry names."""
        if entry.run is None:
            return None
        person = entry.data.get("person")
        if isinstance(person, str):
            self._connection.execute("INSERT OR IGNORE INTO runs VALUES (?, ?)", (entry.run, _text(person)))
        found = self._connection.execute("SELECT person FROM runs WHERE run = ?", (entry.run,)).fetchone()
        return found[0] if found else None

    def _forget(self, entry: Stored) -> bool:
        """Drop the words of what was erased; whether there were any."""
        ranges = entry.data.get("ranges")
        changed = 0
        for first, last in ranges if isinstance(ranges, list) else ():
            statement = "UPDATE words SET apart = '' WHERE rowid BETWEEN ? AND ? AND rowid < ? AND apart <> ''"
            changed += self._connection.execute(statement, (first, last, entry.seq)).rowcount
        return changed > 0

    def _count(self, counts: Counter[tuple[str, str]], moments: dict[int, tuple[int, int, int]]) -> None:
        self._connection.executemany(
            "INSERT INTO facets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [(kind, _text(value), count) for (kind, value), count in counts.items()],
        )
        self._connection.executemany(
            "INSERT INTO moments VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count, last = excluded.last",
            [(quarter, *counted) for quarter, counted in moments.items()],
        )


def _text(text: str) -> str:
    """What SQLite can hold: an altered entry may hold halves of characters."""
    return text.encode("utf-8", "replace").decode()


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(_DAMAGED)
