"""The record as pages show it: entries in words, by what they can be told apart, and one of them whole."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from daemon.web.audit_pages import Audit, Entry, Facet, Filters, Option, Row, Verification
from daemon.web.question_view import change_of
from daemon.web.run_view import path_of
from daemon.web.texts import text_of
from policies.action import Json
from policies.audit.event import Stored
from policies.audit.index import Facets
from policies.audit.verify import Report
from policies.outside import plain

LABELS: Mapping[str, str] = {
    "devos.daemon.started": "DevOS started",
    "devos.run.started": "Run started",
    "devos.run.planned": "Run planned",
    "devos.run.resumed": "Run resumed",
    "devos.run.finished": "Run finished",
    "devos.approval.asked": "Approval asked for",
    "devos.approval.answered": "Approval answered",
    "devos.approval.refused": "Answer refused",
    "devos.action.asked": "Action waits",
    "devos.action.intended": "Action intended",
    "devos.action.done": "Action done",
    "devos.action.failed": "Action failed",
    "devos.action.refused": "Action refused",
    "devos.brake.on": "Everything frozen",
    "devos.brake.off": "Thawed",
}
"""What happened, in words; a kind that is not here is spelt out."""

TONES: Mapping[str, str] = {
    **dict.fromkeys(("done", "found"), "good"),
    **dict.fromkeys(("failed", "refused", "denied", "on"), "bad"),
    **dict.fromkeys(("asked",), "wait"),
}
"""How the last word of a kind sounds; plain where it is not here."""

VALUES = 12
"""How many values of one property are offered, the most frequent first."""

SUMMARY = ("target", "level", "answer", "status", "because", "problem", "how", "version")
"""Of an entry's fields those that a line of the list shows, where it has them."""


def label(kind: str) -> str:
    """A kind of entry in words."""
    return LABELS.get(kind) or kind.removeprefix("devos.").replace(".", " ").replace("_", " ").capitalize()


def tone(entry: Stored) -> str:
    """How an entry sounds: good, bad, wait or plain."""
    if entry.data.get("answer") == "no" or entry.data.get("status") in ("failed", "denied"):
        return "bad"
    if entry.data.get("answer") == "yes" or entry.data.get("status") == "done":
        return "good"
    return TONES.get(entry.type.rpartition(".")[2], "plain")


def audit_page(
    entries: Sequence[Stored],
    filters: Filters,
    facets: Facets,
    days: Sequence[tuple[date, int]],
    *,
    before: int | None,
    limit: int,
    size: int,
) -> Audit:
    """A page of the record.

    Args:
        entries: newest first; one more than `limit` where there are more.
        filters: what was searched for.
        facets: what occurs in the whole record.
        days: the days on which something was recorded, newest first.
        before: only entries with a smaller seq were looked for; None on the first page.
        limit: how many a page shows.
        size: how many entries the log has.
    """
    shown = entries[:limit]
    found = {"person": facets.persons, "system": facets.systems, "rule": facets.rules, "type": facets.types}
    counted: list[tuple[str, str, Mapping[str, int]]] = [
        ("type", "What", found["type"]),
        ("person", "Person", found["person"]),
        ("system", "System", found["system"]),
        ("rule", "Rule", found["rule"]),
        ("day", "Day", {day.isoformat(): count for day, count in days}),
    ]
    older = _path(filters, before=shown[-1].seq) if len(entries) > limit else ""
    return Audit(
        rows=tuple(_row(entry) for entry in shown),
        filters=filters,
        facets=tuple(_facet(name, said, counts, filters) for name, said, counts in counted),
        size=size,
        newest="" if before is None else _path(filters),
        older=older,
        clear="" if filters == Filters() else "/audit",
        problem="",
    )


def unreadable(filters: Filters, problem: str) -> Audit:
    """The page where the record cannot be searched."""
    return Audit((), filters, (), 0, "", "", "/audit", problem)


def entry_page(entry: Stored, size: int, plan: Sequence[Mapping[str, Any]]) -> Entry:
    """One entry whole.

    Args:
        entry: the entry.
        size: how many the log has.
        plan: for an entry about an approval, the plan that was shown with the question.
    """
    payload = entry.payload
    return Entry(
        seq=entry.seq,
        id=entry.id,
        time=entry.time,
        type=entry.type,
        label=label(entry.type),
        tone=tone(entry),
        action=entry.action or "",
        run=entry.run or "",
        run_path=_run_path(entry.run),
        step=entry.step,
        fields=tuple((name, text_of(value)) for name, value in entry.data.items() if value is not None),
        payload="" if payload is None else json.dumps(plain(payload), indent=2, ensure_ascii=False),
        changes=tuple(change_of(change) for change in plan),
        proof=f"/audit/{entry.seq}/proof",
        older=f"/audit/{entry.seq - 1}" if entry.seq > 1 else "",
        newer=f"/audit/{entry.seq + 1}" if entry.seq < size else "",
    )


def verification_page(report: Report, ms: int, key: str, at: Any) -> Verification:
    """What a verification came to."""
    return Verification(
        ok=report.ok,
        entries=report.entries,
        root=report.root,
        signed=report.signed,
        erased=report.erased,
        bad=report.bad,
        bad_path="" if report.bad is None else f"/audit/{report.bad}",
        problem=report.problem or "",
        ms=ms,
        at=at,
        key=key,
    )


def entry_json(entry: Stored) -> dict[str, Json]:
    """An entry for programs, as `devos audit list --json` writes it."""
    return {**asdict(entry), "time": entry.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def _row(entry: Stored) -> Row:
    data = entry.data
    summary = " · ".join(text_of(data[name]) for name in SUMMARY if data.get(name))
    return Row(
        seq=entry.seq,
        path=f"/audit/{entry.seq}",
        time=entry.time,
        type=entry.type,
        label=label(entry.type),
        tone=tone(entry),
        action=entry.action or "",
        run=entry.run or "",
        run_path=_run_path(entry.run),
        person=str(data.get("by") or data.get("approved_by") or data.get("person") or ""),
        summary=summary,
        rule=str(data.get("rule") or ""),
    )


def _run_path(run: str | None) -> str:
    """Where the run of an entry is shown; nowhere for what belongs to none, as reading the names that exist."""
    return path_of(run) if run and run[:1].isdigit() else ""


def _facet(name: str, said: str, counts: Mapping[str, int], filters: Filters) -> Facet:
    chosen = getattr(filters, name)
    offered = dict(list(counts.items())[:VALUES])
    if chosen:
        offered = {chosen: counts.get(chosen, 0), **offered}
    options = (
        Option(value, count, value == chosen, _path(replace(filters, **{name: "" if value == chosen else value})))
        for value, count in offered.items()
    )
    return Facet(name, said, tuple(options))


def _path(filters: Filters, **more: object) -> str:
    wanted = {name: value for name, value in {**vars(filters), **more}.items() if value}
    return f"/audit?{urlencode(wanted)}" if wanted else "/audit"
