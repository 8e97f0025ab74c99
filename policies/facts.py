"""The facts of a decision as the audit log keeps them, so that changed rules can be asked about the past.

What may have to be erased, the arguments, stands in the entry's payload; everything else stands in its data.
"""

from __future__ import annotations

from datetime import UTC, datetime

from policies.action import Effect, Json, Target
from policies.audit.event import Stored
from policies.decision import Facts


def facts_json(facts: Facts) -> dict[str, Json]:
    """What goes into an entry's data under "facts"; its payload holds the arguments under "args"."""
    return {
        "person": facts.person,
        "channel": facts.channel,
        "intent": facts.intent,
        "tier": facts.tier,
        "before": facts.before,
        "after": facts.after,
        "bound": facts.bound,
        "cost": facts.cost,
        "at": facts.at.astimezone(UTC).isoformat(),
        "groups": sorted(facts.groups),
        "outside": list(facts.outside),
        "opened": list(facts.opened),
        "effect": str(facts.effect),
        "target": facts.target.id,
        "environment": facts.target.environment,
    }


def facts_of(entry: Stored) -> Facts | None:
    """The facts that an entry's decision was made on.

    Returns:
        The facts; None where the entry holds none that can be read, or its arguments were erased.
    """
    told, payload = entry.data.get("facts"), entry.payload
    args = payload.get("args") if isinstance(payload, dict) else None
    if entry.action is None or not isinstance(told, dict) or not isinstance(args, dict):
        return None
    try:
        return Facts(
            action=entry.action,
            effect=Effect(told["effect"]),
            args=args,
            target=Target(_text(told["target"]), _text(told["environment"])),
            person=_text(told["person"]),
            channel=_text(told["channel"]),
            intent=_text(told["intent"]),
            tier=_text(told["tier"]),
            **{name: _number(told[name]) for name in ("before", "after", "bound", "cost")},
            at=_moment(told["at"]),
            groups=frozenset(map(_text, told["groups"])),
            outside=tuple(map(_text, told["outside"])),
            opened=tuple(map(_text, told["opened"])),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: Json) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise TypeError(f"{value!r} is no number")
    return value


def _moment(value: Json) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} names no time zone")
    return moment
