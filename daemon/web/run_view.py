"""Runs as pages show them: a list, and one run on its time line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from daemon.web.pages import Argument, Question, Run, RunRow, Runs, Step
from daemon.web.render import took
from daemon.web.texts import moment, pieces_of, text_of
from policies.action import Json
from policies.runs import ENDED

LEAST = 0.6
"""How much of the line a step takes at least, in percent."""

TICKS = 4
"""Into how many parts the time line is marked."""


def runs_page(found: Sequence[Mapping[str, Json]], limit: int, most: int) -> Runs:
    """The newest runs; `limit` is how many were asked for, `most` how many can be."""
    rows = [row_of(run) for run in found]
    more = f"/runs?limit={min(limit * 4, most)}" if len(rows) == limit < most else ""
    return Runs(
        live=tuple(row for row in rows if row.status not in ENDED),
        ended=tuple(row for row in rows if row.status in ENDED),
        more=more,
    )


def row_of(run: Mapping[str, Any]) -> RunRow:
    """One run in the list."""
    steps = run["steps"]
    asked = run["approvals"][0]["because"] if run["approvals"] else ""
    return RunRow(
        run=run["run"],
        path=path_of(run["run"]),
        text=run["utterance"]["text"],
        channel=run["utterance"]["channel"],
        intent=run["intent"],
        status=run["status"],
        note=run["said"] or asked or run["waits_for"] or run["doing"] or "",
        started=_started(run),
        ms=run["ms"],
        steps=len(steps),
        ended_steps=sum(step["status"] not in ("running", "asking") for step in steps),
    )


def run_page(run: Mapping[str, Any], questions: Sequence[Question], changes: Callable[[str], bool]) -> Run:
    """One run.

    Args:
        run: as the contract's JSON.
        questions: those of it that are open.
        changes: whether the action of that name changes anything.
    """
    ended = run["status"] in ENDED
    changed = any(step["status"] == "done" and changes(step["action"]) for step in run["steps"])
    began, whole = _started(run), max(run["ms"], 1)
    path = path_of(run["run"])
    return Run(
        run=run["run"],
        text=run["utterance"]["text"],
        channel=run["utterance"]["channel"],
        confidence=run["utterance"]["confidence"],
        intent=run["intent"],
        slots=tuple((name, text_of(value)) for name, value in run["slots"].items() if value is not None),
        tier=run["tier"],
        status=run["status"],
        said=run["said"] or "",
        waits_for=run["waits_for"] or "",
        doing=run["doing"] or "",
        started=began,
        ms=run["ms"],
        cost_usd=run["cost_usd"],
        steps=tuple(_step(step, began, whole) for step in run["steps"]),
        ticks=tuple((100 * part / TICKS, took(round(whole * part / TICKS))) for part in range(TICKS + 1)),
        questions=tuple(questions),
        cancel="" if ended else f"{path}/cancel",
        undo=f"{path}/undo" if ended and changed and run["intent"] != "undo" else "",
        audit=f"/audit?run={run['run']}",
    )


def path_of(run: str | None) -> str:
    """Where a run is shown; nowhere for none."""
    return f"/runs/{run}" if run else ""


def _started(run: Mapping[str, Any]) -> datetime | None:
    """When a run began, as far as it tells: otherwise when its first step did."""
    told = moment(run.get("started"))
    return told or min((datetime.fromisoformat(step["started"]) for step in run["steps"]), default=None)


def _step(step: Mapping[str, Any], began: datetime | None, whole: int) -> Step:
    started = datetime.fromisoformat(step["started"])
    offset = _percent((started - (began or started)).total_seconds() * 1000 / whole)
    rest = whole - (started - (began or started)).total_seconds() * 1000
    width = _percent((rest if step["ms"] is None else step["ms"]) / whole)
    offset = min(offset, 100 - LEAST)
    return Step(
        number=step["n"],
        action=step["action"],
        status=step["status"],
        started=started,
        ms=step["ms"],
        offset=offset,
        width=round(min(max(width, LEAST), 100 - offset), 2),
        decision=step["decision"] or "",
        rule=step["rule"] or "",
        approved_by=step["approved_by"] or "",
        via=step["via"] or "",
        arguments=tuple(Argument(name, pieces_of(value)) for name, value in (step["args"] or {}).items()),
        result=_result(step["result"]),
    )


def _percent(part: float) -> float:
    return round(min(max(100 * part, 0.0), 100.0), 2)


def _result(result: Json) -> str:
    """What a step came to: its value, the words of its error, or why it was refused."""
    if isinstance(result, dict) and {"kind", "text"} <= result.keys():
        return text_of(result["text"])
    return text_of(result)
