"""A run's steps, folded from what the audit log holds of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from policies.action import Json
from policies.audit.log import Stored
from policies.outside import plain

ENDS = {"devos.action.done": "done", "devos.action.failed": "failed", "devos.action.refused": "denied"}


def steps_of(entries: Iterable[Stored], *, ended: bool = False) -> list[dict[str, Json]]:
    """One JSON object for each step, in order.

    A step that was read while the run was planned stands as that reading until the run itself comes to it. Where the
    run has ended, a step without an end was cut off by its cancelling.
    """
    steps: dict[int, dict[str, Json]] = {}
    planned: set[int] = set()
    for entry in entries:
        if entry.step is None or not entry.type.startswith("devos.action."):
            continue
        if not entry.data["plan"] and entry.step in planned:
            del steps[entry.step]
            planned.discard(entry.step)
        elif entry.data["plan"] and entry.step not in steps:
            planned.add(entry.step)
        step = steps.setdefault(entry.step, _new(entry))
        payload = plain(entry.payload or {})  # for showing and for programs: what is whose stands in the log
        if entry.type == "devos.action.asked":
            step |= {"args": payload.get("args"), "status": "asking", "decision": entry.data["level"]}
            step |= {"rule": entry.data["rule"]}
        elif entry.type == "devos.action.intended":
            step |= {"args": payload.get("args"), "status": "running", "decision": entry.data["level"]}
            step |= {name: entry.data[name] for name in ("rule", "approved_by", "via")}
            step["started"] = _text(entry.time)
        else:
            result = payload.get("result", payload.get("error", payload.get("refused")))
            milliseconds = (entry.time - _started(step)).total_seconds() * 1000
            step |= {"status": ENDS[entry.type], "result": result, "ms": round(milliseconds)}
            if refused := payload.get("refused"):  # by a rule, before anybody was asked
                step["args"] = step["args"] or payload.get("args")
                step |= {"decision": step["decision"] or "deny", "rule": step["rule"] or refused[1]}
    for step in steps.values():
        if ended and step["status"] in ("asking", "running"):
            step["status"] = "cancelled"
    return [steps[number] for number in sorted(steps)]


def _new(entry: Stored) -> dict[str, Json]:
    names = ("args", "decision", "rule", "approved_by", "via", "status")
    return (
        {"n": entry.step, "action": entry.action}
        | dict.fromkeys(names)
        | {"started": _text(entry.time), "ms": None, "result": None}
    )


def _started(step: dict[str, Json]) -> datetime:
    return datetime.fromisoformat(step["started"])


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
