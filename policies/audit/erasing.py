"""Which payloads a log still holds, and how they are taken out so that nothing of them stays on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from policies.action import Json
from policies.audit.schema import open_for_reading, open_for_writing

BATCH = 500
"""Payloads that are deleted in one transaction: a few milliseconds in which nothing can be appended."""

PAUSE = 0.03
"""Seconds between two of them: an append that waits for the file gets it then."""

PATIENCE = 100
"""How often the write-ahead log is tried to be emptied; what remains in it is overwritten by later entries."""

OVERHEAD = 200
"""Bytes that a payload takes beside its body: salt, digest, and the index over the digests."""

_HELD = (
    "SELECT seq, run, length(CAST(body AS BLOB)) + {overhead}, {chosen}"
    " FROM entries JOIN payloads ON digest = entries.payload {where} ORDER BY seq {order}"
).replace("{overhead}", str(OVERHEAD))

_GOING_ON = """
    SELECT run FROM entries WHERE type IN ('devos.run.started', 'devos.run.resumed', 'devos.run.finished')
    GROUP BY run HAVING max(seq) > max(CASE WHEN type = 'devos.run.finished' THEN seq ELSE 0 END)
"""


class BadChoice(ValueError):
    """It is not clear whose payloads are to go."""


@dataclass(frozen=True)
class Choice:
    """Whose payloads are to go: exactly one of these is given."""

    run: str | None = None
    before: datetime | None = None
    """Everything older."""
    entries: tuple[int, ...] | None = None
    megabytes: float | None = None
    """The oldest ones, until so many millions of bytes of payloads are left."""

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Choice:
        """What somebody asks for: "run", "before" (with a time zone) or "entries"; other members are passed over.

        Raises:
            BadChoice: it is none of them, more than one, or not what it should be.
        """
        run, before, entries = value.get("run"), value.get("before"), value.get("entries")
        if sum(each is not None for each in (run, before, entries)) != 1:
            raise BadChoice("Say which payloads are to go: those of a run, of some entries, or before a day.")
        try:
            if before is not None:
                moment = datetime.fromisoformat(before)
                if moment.tzinfo is None:
                    raise ValueError("it has no time zone")
                return cls(before=moment)
            if run is not None:
                return cls(run=str(run))
            return cls(entries=tuple(int(seq) for seq in entries or ()))
        except (TypeError, ValueError) as error:
            raise BadChoice(f"{before or entries!r} says no moment and no entries: {error}") from None

    def to_json(self) -> dict[str, Json]:
        """What was chosen, for the record."""
        before = None if self.before is None else self.before.astimezone(UTC).isoformat(timespec="seconds")
        entries = None if self.entries is None else list(self.entries)
        values = {"run": self.run, "before": before, "entries": entries, "megabytes": self.megabytes}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Chosen:
    """The payloads that a choice comes to, without those of runs that go on."""

    payloads: int
    bytes: int
    ranges: tuple[tuple[int, int], ...]
    """First and last seq; within them no payload stays."""
    kept: tuple[str, ...]
    """The runs that were chosen too, but go on and need theirs."""

    def to_json(self) -> dict[str, Json]:
        """As JSON."""
        ranges: list[Json] = [list(each) for each in self.ranges]
        return {"payloads": self.payloads, "bytes": self.bytes, "ranges": ranges, "kept": list(self.kept)}


def choose(path: Path, choice: Choice, going_on: Collection[str]) -> Chosen:
    """Find what a choice comes to.

    Args:
        path: the log.
        choice: whose payloads.
        going_on: runs that are to keep theirs, besides those that have no end in the log.

    Raises:
        NewerFile, sqlite3.Error: the log cannot be read.
    """
    with closing(open_for_reading(path)) as connection:
        connection.execute("BEGIN")
        kept_runs = {run for (run,) in connection.execute(_GOING_ON)} | set(going_on)
        payloads = size = 0
        ranges: list[tuple[int, int]] = []
        kept: set[str] = set()
        open_range = False
        for seq, run, bytes_, wanted in _held(connection, choice):
            needed = run is not None and run in kept_runs
            if wanted and needed:
                kept.add(str(run))
            if not wanted or needed:
                open_range = False
                continue
            payloads, size = payloads + 1, size + bytes_
            if open_range:
                ranges[-1] = (ranges[-1][0], seq)
            else:
                ranges.append((seq, seq))
            open_range = choice.run is None and choice.entries is None
    return Chosen(payloads, size, tuple(_joined(ranges)), tuple(sorted(kept)))


def _held(connection: sqlite3.Connection, choice: Choice) -> Iterable[tuple[int, str | None, int, bool]]:
    """The payloads that are there, oldest first: seq, run, bytes, and whether they are chosen."""
    if choice.run is not None:
        statement = _HELD.format(chosen="1", where="WHERE run = ?", order="ASC")
        return connection.execute(statement, (choice.run,))
    if choice.entries is not None:
        statement = _HELD.format(chosen="1", where="WHERE seq IN (SELECT value FROM json_each(?))", order="ASC")
        return connection.execute(statement, (str(list(choice.entries)),))
    if choice.before is not None:
        limit = choice.before.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        statement = _HELD.format(chosen="json_extract(event, '$.time') < ?", where="", order="ASC")
        return connection.execute(statement, (limit,))
    assert choice.megabytes is not None
    return _beyond(connection, choice.megabytes * 1_000_000)


def _beyond(connection: sqlite3.Connection, limit: float) -> Iterator[tuple[int, str | None, int, bool]]:
    """All payloads, oldest first; chosen is what does not fit when the newest ones are kept first."""
    total, first_kept = 0.0, 1 << 62
    for seq, _, bytes_, _ in connection.execute(_HELD.format(chosen="1", where="", order="DESC")):
        total += bytes_
        if total > limit:
            break
        first_kept = seq
    for seq, run, bytes_, _ in connection.execute(_HELD.format(chosen="1", where="", order="ASC")):
        yield seq, run, bytes_, seq < first_kept


def _joined(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges that follow upon one another as one."""
    last: tuple[int, int] | None = None
    for each in ranges:
        if last is not None and each[0] == last[1] + 1:
            last = (last[0], each[1])
            continue
        if last is not None:
            yield last
        last = each
    if last is not None:
        yield last


def delete(path: Path, ranges: Iterable[tuple[int, int]], sleep: Callable[[float], None]) -> int:
    """Delete the payloads of these entries while others may append, overwrite them on disk; how many there were.

    Raises:
        OSError, sqlite3.Error: the log cannot be written.
    """
    deleted = 0
    with closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        for first, last in ranges:
            found = connection.execute(
                "SELECT digest FROM payloads WHERE digest IN (SELECT payload FROM entries WHERE seq BETWEEN ? AND ?)",
                (first, last),
            ).fetchall()
            for start in range(0, len(found), BATCH):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("DELETE FROM payloads WHERE digest = ?", found[start : start + BATCH])
                connection.commit()
                sleep(PAUSE)
            deleted += len(found)
        _empty_wal(connection, sleep)
    return deleted


def shrink(path: Path) -> None:
    """Give the space of what was deleted back to the disk; nobody may append meanwhile.

    Raises:
        OSError, sqlite3.Error: the log cannot be written.
    """
    with closing(open_for_writing(path)) as connection:
        connection.execute("VACUUM")


def _empty_wal(connection: sqlite3.Connection, sleep: Callable[[float], None]) -> None:
    """Cut the write-ahead log, in which what was deleted still stands; whoever is reading is waited for a while."""
    connection.execute("PRAGMA busy_timeout = 0")  # waiting for a reader, it would keep appends from the file
    for _ in range(PATIENCE):
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return
        sleep(PAUSE)
