"""What the pages of the record show; pages.py says what holds for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from daemon.web.pages import Change


@dataclass(frozen=True)
class Option:
    """One value that entries can be filtered by."""

    value: str
    count: int
    chosen: bool
    path: str
    """The same page with this value chosen, or, where it is chosen, without it."""


@dataclass(frozen=True)
class Facet:
    """One property that entries can be filtered by; `name` is the query's parameter."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Filters:
    """What is searched for now; each is the value of the form's field of that name, empty where it is not used."""

    text: str = ""
    run: str = ""
    person: str = ""
    system: str = ""
    rule: str = ""
    day: str = ""
    """Like 2026-11-20, in local time."""
    type: str = ""


@dataclass(frozen=True)
class Row:
    """One entry in the list."""

    seq: int
    path: str
    time: datetime
    type: str
    label: str
    """What happened, in words: "Action intended"."""
    tone: str
    """good, bad, wait or plain."""
    action: str
    run: str
    run_path: str
    person: str
    summary: str
    """What it was about, on one line; may be empty."""
    rule: str


@dataclass(frozen=True)
class Audit:
    """audit.html: the record, searched and filtered, newest first."""

    rows: tuple[Row, ...]
    filters: Filters
    facets: tuple[Facet, ...]
    size: int
    """How many entries the log has in all."""
    newest: str
    """The path of the first page; empty where this is it."""
    older: str
    """The path of the next page; empty where this is the last."""
    clear: str
    """The path without any filter; empty where none is used."""
    problem: str
    """Why the record cannot be read or searched; empty where it can."""


@dataclass(frozen=True)
class Entry:
    """entry.html: one entry whole."""

    seq: int
    id: str
    time: datetime
    type: str
    label: str
    tone: str
    action: str
    run: str
    run_path: str
    step: int | None
    fields: tuple[tuple[str, str], ...]
    """What was recorded, name and text."""
    payload: str
    """What is stored apart, as JSON on many lines; empty where there is none, or where it was erased."""
    changes: tuple[Change, ...]
    """For an entry about an approval: the plan that was shown with the question."""
    proof: str
    """Where the proof that the log holds it can be downloaded."""
    older: str
    """The entry before it; empty for the first."""
    newer: str
    """The entry after it; empty for the last."""


@dataclass(frozen=True)
class Verification:
    """verification.html: what checking the whole log came to."""

    ok: bool
    entries: int
    root: str
    signed: int
    erased: int
    bad: int | None
    bad_path: str
    problem: str
    ms: int
    at: datetime
    key: str
    """The public key it was checked with; empty where there is none."""
