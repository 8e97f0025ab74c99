"""What DevOS says about runs, in words for the ear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LONGEST = 400
"""Characters of an outcome that are said; nobody listens to more."""
ENDED = ("done", "failed", "denied", "cancelled")


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words in a row: "one, two and three"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def name_of(run: Mapping[str, Any]) -> str:
    """What a run is called when it is spoken of: what was asked for."""
    text = str(run["utterance"]["text"]).strip().rstrip(".!?")
    return text[:1].lower() + text[1:] if text else str(run["intent"]).replace("_", " ")


def doing(runs: Sequence[Mapping[str, Any]]) -> str:
    """The runs that are under way, in one sentence."""
    if not runs:
        return "Nothing is under way."
    told = [f"{name_of(run)}, {_state(run)}" for run in runs[:3]]
    more = len(runs) - len(told)
    several = [*told, *([f"{more} more"] if more else [])]
    if len(runs) == 1:
        return f"One request is under way: {told[0]}."
    return f"{len(runs)} requests are under way: {'; '.join(several)}."


def _state(run: Mapping[str, Any]) -> str:
    match run["status"]:
        case "asking":
            return "which waits for an answer"
        case "waiting":
            return f"which waits: {run['waits_for']}" if run.get("waits_for") else "which waits"
    doing = run.get("doing")
    return f"which is at {doing}" if isinstance(doing, str) and doing else "which is being done"


def waits(run: Mapping[str, Any], why: str) -> str:
    """That a run waits, and for what."""
    return f"It waits: {why.rstrip('.')}." if why else f"{name_of(run).capitalize()} waits."


def outcome(run: Mapping[str, Any]) -> str:
    """How a run ended."""
    said = shortened(str(run["said"] or ""))
    match run["status"]:
        case "failed":
            return f"That failed. {said}".strip()
        case "denied":
            return f"It was not done. {said}".strip()
        case "cancelled":
            return "It was cancelled."
    return said or "Done."


def shortened(text: str) -> str:
    """As much of a text as is said; at a sentence's end, where there is one."""
    if len(text) <= LONGEST:
        return text
    cut = text[:LONGEST]
    end = max(cut.rfind(". "), cut.rfind("; "))
    return f"{cut[: end + 1] if end > 0 else cut.rpartition(' ')[0]} The rest is on the dashboard."
