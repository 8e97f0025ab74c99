"""The log's file: one SQLite database that only grows, readable by nobody but its owner."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

LOCK_SECONDS = 1.0
"""How long another program may hold the file before an append gives up."""

MIGRATIONS = [
    """
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY CHECK (seq > 0),
        event TEXT NOT NULL,
        run TEXT AS (CASE WHEN json_valid(event) THEN json_extract(event, '$.subject') END) VIRTUAL,
        step INTEGER AS (CASE WHEN json_valid(event) THEN json_extract(event, '$.step') END) VIRTUAL,
        type TEXT AS (CASE WHEN json_valid(event) THEN json_extract(event, '$.type') END) VIRTUAL,
        payload TEXT AS (CASE WHEN json_valid(event) THEN json_extract(event, '$.payload') END) VIRTUAL
    );
    CREATE INDEX entries_by_run ON entries (run, step) WHERE run IS NOT NULL;
    CREATE INDEX entries_by_type ON entries (type);
    CREATE TABLE leaves (seq INTEGER PRIMARY KEY CHECK (seq > 0), hash BLOB NOT NULL);
    CREATE TABLE payloads (digest TEXT PRIMARY KEY, salt BLOB NOT NULL, body TEXT NOT NULL);
    CREATE TABLE checkpoints (size INTEGER PRIMARY KEY CHECK (size > 0), note TEXT NOT NULL);

    CREATE TRIGGER entries_stay BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
    CREATE TRIGGER entries_stay_as_they_are BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
    CREATE TRIGGER leaves_stay BEFORE DELETE ON leaves
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
    CREATE TRIGGER leaves_stay_as_they_are BEFORE UPDATE ON leaves
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;
    CREATE TRIGGER payloads_stay_as_they_are BEFORE UPDATE ON payloads
        BEGIN SELECT RAISE(ABORT, 'a payload may be erased, not changed'); END;
    """,
    # Filled by `recover`, which has the hash function that SQL has not.
    """
    CREATE TABLE nodes (
        level INTEGER NOT NULL CHECK (level > 0),
        place INTEGER NOT NULL CHECK (place >= 0),
        hash BLOB NOT NULL,
        PRIMARY KEY (level, place)
    ) WITHOUT ROWID;
    """,
]
"""Each takes the file from the version of its index to the next. What stands here is never edited, only added to."""


class NewerFile(Exception):
    """The file was written by a later DevOS than this one."""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open the log for its one writer, made or brought up to date where needed; usable from any thread.

    Every commit waits until it is on disk.

    Raises:
        NewerFile: this code is too old for the file.
        OSError, sqlite3.Error: it cannot be opened, made or written.
    """
    # SQLite gives its -wal and -shm files the mode of the database, so making it first makes all three private.
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if mode & 0o077:
            os.fchmod(descriptor, mode & 0o700)
    finally:
        os.close(descriptor)
    connection = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open the log without any way to change it, also where its folder is read-only; usable from any thread.

    Raises:
        NewerFile: this code is too old for the file.
        sqlite3.Error: there is no such log, or it cannot be read.
    """
    # Without a write-ahead log nobody has the file open and all of it is in the one file: only then may it be called
    # immutable, which spares SQLite the -shm file that it could not make beside a read-only log.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=LOCK_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _check_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to the newest version, each step whole or not at all."""
    for version in range(_check_version(connection, path), len(MIGRATIONS)):
        connection.executescript(f"BEGIN EXCLUSIVE; {MIGRATIONS[version]} PRAGMA user_version = {version + 1}; COMMIT;")


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    """The file's version."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise NewerFile(
            f"{path} has version {version}; this DevOS knows versions up to {len(MIGRATIONS)}. Install a newer DevOS."
        )
    return version
