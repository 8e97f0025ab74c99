"""Handing the record on: as lines of JSON, as a table, and as a bundle that a stranger can check.

All three read one snapshot of the log, and what is handed on was compared with its leaf hash on the way.
"""

from __future__ import annotations

import csv
import hashlib
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TextIO

from policies.audit.event import Stored, canonical, stored
from policies.audit.merkle import leaf_hash
from policies.visible import visible

COLUMNS = ("seq", "time", "type", "run", "step", "action", "person", "data", "payload")
"""Of the table."""

FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
"""What begins a formula in a spreadsheet, also in its full-width forms."""

Progress = Callable[[], None]
"""Called once for each entry."""


class Altered(Exception):
    """An entry is not what its leaf hash says, so it is not handed on."""


@dataclass(frozen=True)
class Selection:
    """Which entries."""

    run: str | None = None
    first: date | None = None
    """From the beginning of this day, in local time."""
    last: date | None = None
    """To the end of this day, in local time."""

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    def condition(self) -> tuple[str, dict[str, str | None]]:
        """What SQL asks for."""
        asked = {
            "entries.run = :run": self.run,
            "json_extract(event, '$.time') >= :begin": None if self.first is None else _midnight(self.first),
            "json_extract(event, '$.time') < :end": None if self.last is None else _midnight(self.last, days=1),
        }
        values = dict(zip(("run", "begin", "end"), asked.values(), strict=True))
        return " AND ".join(name for name, value in asked.items() if value is not None) or "TRUE", values


@dataclass(frozen=True)
class Exported:
    """One entry on its way out."""

    seq: int
    event: str
    digest: str | None
    salt: bytes | None
    body: str | None
    """The payload's JSON, with its salt and the digest of both; None where there is none, or where it was erased."""

    def read(self) -> Stored:
        """The entry's parts."""
        return stored(self.seq, self.event, self.body)


def count(connection: sqlite3.Connection, selection: Selection) -> int:
    """How many entries there will be."""
    condition, values = selection.condition()
    found: int = connection.execute(f"SELECT count(*) FROM entries WHERE {condition}", values).fetchone()[0]
    return found


def selected(connection: sqlite3.Connection, selection: Selection) -> Iterator[Exported]:
    """The entries, oldest first.

    Raises:
        Altered: one of them is not what its leaf hash says.
    """
    condition, values = selection.condition()
    rows = connection.execute(
        "SELECT entries.seq, event, CAST(hash AS BLOB), digest, CAST(salt AS BLOB), CAST(body AS TEXT)"
        " FROM entries"
        " LEFT JOIN leaves ON leaves.seq = entries.seq LEFT JOIN payloads ON digest = entries.payload"
        f" WHERE {condition} ORDER BY entries.seq",
        values,
    )
    for seq, event, leaf, digest, salt, body in rows:
        if not isinstance(event, str) or leaf_hash(event.encode()) != leaf:
            raise Altered(f"Entry {seq} was altered; nothing was exported. `devos audit verify` says more.")
        if digest is not None and hashlib.sha256(salt + body.encode()).hexdigest() != digest:
            raise Altered(f"The payload of entry {seq} was altered; nothing was exported.")
        yield Exported(seq, event, digest, salt, body)


def write_file(
    out: Path,
    write: Callable[[Iterator[Exported], TextIO, Progress], None],
    entries: Iterator[Exported],
    done: Progress,
) -> None:
    """Write a file whole, or not at all; nobody else may read it.

    Raises:
        Altered: as `selected`.
        OSError: it cannot be written.
    """
    draft = out.with_name(f".{out.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", 1 << 16, "utf-8") as file:
            write(entries, file, done)
        draft.rename(out)
    finally:
        draft.unlink(missing_ok=True)


def write_lines(entries: Iterator[Exported], out: TextIO, done: Progress) -> None:
    """Write each entry as one line of JSON: its number, its event exactly as it was signed, and its payload."""
    for entry in entries:
        out.write(f'{{"seq":{entry.seq},"event":{entry.event},"payload":{entry.body or "null"}}}\n')
        done()


def write_table(entries: Iterator[Exported], out: TextIO, done: Progress) -> None:
    """Write the entries as CSV (RFC 4180), safe to be opened in a spreadsheet: no cell is taken for a formula."""
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for each in entries:
        entry = each.read()
        person = entry.data.get("person")
        table.writerow(
            [
                entry.seq,
                entry.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                *(defused(text or "") for text in (entry.type, entry.run)),
                "" if entry.step is None else entry.step,
                defused(entry.action or ""),
                defused(person if isinstance(person, str) else ""),
                defused(canonical(entry.data)),
                defused(each.body or ""),
            ]
        )
        done()


def defused(text: str) -> str:
    """A cell that a spreadsheet takes for text: with an apostrophe before what would begin a formula."""
    shown = visible(text, lines=False)
    return f"'{shown}" if shown.lstrip().startswith(tuple(FORMULA)) else shown


def _midnight(day: date, *, days: int = 0) -> str:
    """When a day begins here, or so many days later, as events write their time."""
    begin = datetime.combine(day + timedelta(days=days), time()).astimezone()
    return begin.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
