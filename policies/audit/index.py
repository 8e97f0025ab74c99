"""Finding entries by words, run, person, system, rule, kind and day: a file of its own, derived from the log.

The index proves nothing and holds nothing that the log does not. It may be deleted at any time, and is made anew when
it is missing, damaged, from another version, or about another log.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from threading import RLock

from policies.audit.event import Stored, Unreadable, stored
from policies.audit.index_file import COUNTED, QUARTER, IndexFile
from policies.audit.schema import open_for_reading
from policies.audit.terms import query

AT_ONCE = 2000
"""Entries that are taken into the index in one transaction; a search itself catches up with so many and no more."""

_ENTRY = "SELECT seq, event, body FROM entries LEFT JOIN payloads ON digest = entries.payload"


@dataclass(frozen=True)
class Facets:
    """By what the entries can be told apart, each value with how many entries have it, the most frequent first."""

    persons: dict[str, int]
    systems: dict[str, int]
    rules: dict[str, int]
    types: dict[str, int]


class Index:
    """The search index of one log; usable from any thread, and beside other processes."""

    def __init__(self, log: Path, index: Path, *, zone: tzinfo | None = None) -> None:
        """Open the index, or begin it.

        Args:
            log: the audit log; it is only read.
            index: the index's file, made with mode 0600.
            zone: whose days are meant; by default this machine's.

        Raises:
            OSError, sqlite3.Error: the index cannot be made there.
        """
        self._log, self._zone = log, zone
        self._file = IndexFile(index)
        self._lock = RLock()

    def refresh(self) -> int:
        """Take in what the log has more, and forget what was erased in it; how many entries were new.

        Raises:
            NewerFile: the log was written by a later DevOS.
            OSError, sqlite3.Error: the log cannot be read, or the index not written.
        """
        new = 0
        while taken := self._take():
            new += taken
        while self._purge():
            pass
        return new

    def find(
        self,
        *,
        text: str | None = None,
        run: str | None = None,
        person: str | None = None,
        system: str | None = None,
        rule: str | None = None,
        day: date | None = None,
        type: str | None = None,  # noqa: A002 - CloudEvents' own word
        before: int | None = None,
        limit: int = 50,
    ) -> list[Stored]:
        """The entries that have all of the given properties, newest first.

        An index that is only a little behind catches up first; one that is far behind answers with what it has.

        Args:
            text: words that must all be in it; word* for a beginning; in quotation marks, words in that order.
            run: the run they belong to.
            person: somebody who asked for it, did it, agreed to it or answered it.
            system: the action's system, for example "kubernetes".
            rule: the rule that decided.
            day: a day in local time.
            type: what happened, for example "devos.action.done".
            before: only entries with a smaller seq: the last one of the page before.
            limit: at most so many.

        Raises:
            Unreadable: one of them was altered so that it is no entry any more.
            NewerFile, OSError, sqlite3.Error: the log or the index cannot be read.
        """
        with self._lock:
            return self._find(
                query(text, {"run": run, "person": person, "system": system, "rule": rule, "type": type}),
                day,
                before or 1 << 62,
                limit,
            )

    def days(self) -> list[tuple[date, int]]:
        """Every day on which something was recorded, in local time, with how many entries; the newest first."""
        with self._lock:
            moments = self._file.read("SELECT quarter, count FROM moments ORDER BY quarter")
        counted: dict[date, int] = {}
        ends = 0
        for quarter, count in moments:
            if quarter >= ends:
                day = self._day(datetime.fromtimestamp(quarter * QUARTER, UTC))
                ends = self._midnight(day + timedelta(days=1))
                counted[day] = 0
            counted[day] += count
        return sorted(counted.items(), reverse=True)

    def facets(self) -> Facets:
        """The people, systems, rules and kinds that occur."""
        counted: dict[str, dict[str, int]] = {kind: {} for kind in COUNTED}
        select = "SELECT kind, value, count FROM facets ORDER BY count DESC, value"
        with self._lock:
            rows = self._file.read(select)
        for kind, value, count in rows:
            counted[kind][value] = count
        return Facets(*(counted[kind] for kind in COUNTED))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def _find(self, expression: str | None, day: date | None, before: int, limit: int) -> list[Stored]:
        self._take()
        first, end = (0, before) if day is None else self._bounds(day, before)
        found: list[Stored] = []
        with self._reading() as log:
            while len(found) < limit:
                page = self._page(log, expression, first, end, limit)
                # Where the clock was set back, other days' entries lie between those of one day.
                found += [each for each in page if day is None or self._day(each.time) == day]
                if len(page) < limit:
                    break
                end = page[-1].seq
        return found[:limit]

    def _take(self) -> int:
        """Take in the next entries of the log, so many at most that nobody waits for long; how many they were."""
        with self._lock, self._reading() as log:
            known, leaf = self._file.known()
            if known and _leaf(log, known) != leaf:  # another log, or this one set back
                self._file.begin_anew()
                known = 0
            rows = log.execute(f"{_ENTRY} WHERE seq > ? ORDER BY seq LIMIT ?", (known, AT_ONCE)).fetchall()
            if not rows:
                return 0
            read = [(seq, _read(seq, event, body)) for seq, event, body in rows]
            last = rows[-1][0]
            self._file.add(read, known, _leaf(log, last))
        return len(rows)

    def _purge(self) -> bool:
        with self._lock:
            return self._file.purge()

    def _page(self, log: sqlite3.Connection, expression: str | None, first: int, end: int, limit: int) -> list[Stored]:
        """At most `limit` entries from `first` on and below `end`, newest first."""
        bounds = {"first": first, "end": end, "limit": limit}
        if expression is None:
            where, wanted = "seq >= :first AND seq < :end", ""
        else:
            seqs = self._file.matches(expression, first, end, limit)
            where, wanted = "seq IN (SELECT value FROM json_each(:wanted))", json.dumps(seqs)
        statement = f"{_ENTRY} WHERE {where} ORDER BY seq DESC LIMIT :limit"
        return [stored(*row) for row in log.execute(statement, {**bounds, "wanted": wanted}).fetchall()]

    def _bounds(self, day: date, before: int) -> tuple[int, int]:
        """Between which seqs a local day's entries lie: from the first on, below the second."""
        begins, ends = self._midnight(day), self._midnight(day + timedelta(days=1))
        select = "SELECT min(first), max(last) FROM moments WHERE quarter >= ? AND quarter < ?"
        ((first, last),) = self._file.read(select, (begins, ends))
        return (0, 0) if first is None else (first, min(last + 1, before))

    def _midnight(self, day: date) -> int:
        """The quarter of an hour of UTC in which a local day begins."""
        return int(datetime.combine(day, time(), self._zone).astimezone(UTC).timestamp()) // QUARTER

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The log, opened anew each time: it may have been exchanged meanwhile."""
        with closing(open_for_reading(self._log)) as connection:
            yield connection


def _read(seq: int, event: str, body: str | None) -> Stored | None:
    """An entry; None where it was altered: the index passes over it, and `verify` names it."""
    try:
        return stored(seq, event, body)
    except Unreadable:
        return None


def _leaf(log: sqlite3.Connection, seq: int) -> bytes | None:
    """The leaf hash of an entry; None where there is none."""
    row = log.execute("SELECT CAST(hash AS BLOB) FROM leaves WHERE seq = ?", (seq,)).fetchone()
    return bytes(row[0]) if row else None
