"""The state all simulated systems share: objects by kind and key, every change an event, all of it on disk.

Nothing in here happens by itself: whatever takes time (a rollout, an approval) is worked out from stored timestamps and
`now()` when somebody looks, so it goes on while the process is down and a test may bring its own clock.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from integrations.sandbox.settings import Settings

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    revision INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_kind ON events (kind, revision);
CREATE TABLE IF NOT EXISTS counters (series TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
_SETTINGS = ("sandbox/settings", "settings")


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Event:
    """One change of one object."""

    revision: int
    kind: str
    key: str
    type: str
    """ADDED, MODIFIED or DELETED."""
    body: dict[str, Any]
    """The object after the change; when it was deleted, as it last was."""


class World:
    """Objects, events and counters in one SQLite file that only its owner can read.

    May be used from several threads; a transaction belongs to the thread that opened it.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = utc_now) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / "world.db"
        file.touch(mode=0o600)
        self.folder = folder
        self.clock = clock
        self.lock = threading.RLock()
        self.database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=NORMAL")
        self.database.executescript(_SCHEMA)
        self._depth = 0
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._revision = self._stored_revision()

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self.database.close()

    def now(self) -> datetime:
        """The time in this world, in UTC."""
        return self.clock()

    @property
    def revision(self) -> int:
        """The number of the latest event; it never falls, not even when everything is reset."""
        return self._revision

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """The object, or None. Changing the dictionary changes nothing here: `put` it."""
        with self.lock:
            row = self.database.execute("SELECT body FROM objects WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else _read(row[0])

    def all(self, kind: str, prefix: str = "") -> dict[str, dict[str, Any]]:
        """The objects of a kind whose keys start with `prefix`, by key, in the order of the keys."""
        with self.lock:
            rows = self.database.execute(
                "SELECT key, body FROM objects WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY key",
                (kind, len(prefix), prefix),
            ).fetchall()
        return {key: _read(body) for key, body in rows}

    def put(self, kind: str, key: str, body: dict[str, Any]) -> int:
        """Store the object; the revision of the event it made."""
        with self.transaction():
            type_ = "ADDED" if self.get(kind, key) is None else "MODIFIED"
            text = json.dumps(body, ensure_ascii=False)
            self.database.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?)", (kind, key, text))
            return self._happened(kind, key, type_, text)

    def delete(self, kind: str, key: str) -> int:
        """Remove the object; the revision of the event it made, or the present one where there was no such object."""
        with self.transaction():
            body = self.get(kind, key)
            if body is None:
                return self._revision
            self.database.execute("DELETE FROM objects WHERE kind = ? AND key = ?", (kind, key))
            return self._happened(kind, key, "DELETED", json.dumps(body, ensure_ascii=False))

    def since(self, kind: str, revision: int) -> list[Event]:
        """The events of a kind after `revision`, oldest first."""
        with self.lock:
            rows = self.database.execute(
                "SELECT revision, kind, key, type, body FROM events WHERE kind = ? AND revision > ? ORDER BY revision",
                (kind, revision),
            ).fetchall()
        return [Event(number, kind, key, type_, _read(body)) for number, kind, key, type_, body in rows]

    async def changed(self, revision: int, timeout: float) -> bool:  # noqa: ASYNC109 -- False is an answer, no error
        """Wait until something has happened after `revision`; False when `timeout` seconds passed without."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        with self.lock:
            self._waiting.add(entry)
        try:
            async with asyncio.timeout(timeout):
                while self._revision <= revision:
                    entry[1].clear()
                    if self._revision <= revision:
                        await entry[1].wait()
        except TimeoutError:
            return False
        finally:
            with self.lock:
                self._waiting.discard(entry)
        return True

    def next_number(self, series: str, start: int) -> int:
        """The next number of a series, beginning with `start`."""
        with self.transaction():
            row = self.database.execute("SELECT value FROM counters WHERE series = ?", (series,)).fetchone()
            number = start if row is None else max(start, row[0] + 1)
            self.database.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", (series, number))
            return number

    @property
    def settings(self) -> Settings:
        """How this world behaves."""
        return Settings.read(self.get(*_SETTINGS) or {})

    def change_settings(self, **changes: Any) -> Settings:
        """Change settings by name; the new ones.

        Raises:
            ValueError: there is no such setting, or the value is of the wrong type.
        """
        with self.transaction():
            settings = Settings.read({**self.settings.json(), **changes})
            self.put(*_SETTINGS, settings.json())
            return settings

    def clear(self) -> None:
        """Delete everything, settings and counters included; watchers see it as deletions."""
        with self.transaction():
            rows = self.database.execute("SELECT kind, key FROM objects ORDER BY kind, key").fetchall()
            for kind, key in rows:
                self.delete(kind, key)
            self.database.execute("DELETE FROM counters")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is changed inside is kept together, or not at all when an exception leaves; may be nested.

        Must not be held across an `await`: other requests would take part in it.
        """
        with self.lock:
            if self._depth == 0:
                self.database.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self.database.execute("ROLLBACK")
                    self._revision = self._stored_revision()
                raise
            self._depth -= 1
            if self._depth == 0:
                self.database.execute("COMMIT")
                self._wake()

    def _happened(self, kind: str, key: str, type_: str, body: str) -> int:
        cursor = self.database.execute(
            "INSERT INTO events (kind, key, type, body) VALUES (?, ?, ?, ?)", (kind, key, type_, body)
        )
        assert cursor.lastrowid is not None
        self._revision = cursor.lastrowid
        return self._revision

    def _stored_revision(self) -> int:
        row = self.database.execute("SELECT max(revision) FROM events").fetchone()
        return row[0] or 0

    def _wake(self) -> None:
        for loop, event in self._waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)


def _read(text: str) -> dict[str, Any]:
    body = json.loads(text)
    assert isinstance(body, dict)
    return body
