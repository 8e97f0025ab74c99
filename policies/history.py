"""The decisions that the audit log holds, each with the facts that it was made on.

A decision stands where an action was intended or refused. A plan with a change that a rule forbids is never begun, so
that refusal stands in the plan alone, and who asked in the run's first entry. What was asked about and not begun,
because it waits or somebody said no, stands where it was asked, and in the plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any, Protocol

from policies.action import Action, Json, Target
from policies.audit.event import Stored
from policies.decision import Facts
from policies.facts import facts_of

STARTED, PLANNED = "devos.run.started", "devos.run.planned"
ASKED, INTENDED, REFUSED = "devos.action.asked", "devos.action.intended", "devos.action.refused"
PAGE = 1000
"""How many entries are read at a time."""


class Entries(Protocol):
    """Reads the log (policies/audit/reader.py)."""

    def entries(self, *, type: str | None = None, after: int = 0, limit: int | None = None) -> list[Stored]:  # noqa: A002 - CloudEvents' own word
        """The entries of a type after a seq, oldest first."""


@dataclass(frozen=True)
class Past:
    """One decision that was made."""

    seq: int
    """The entry that holds it."""
    time: datetime
    run: str | None
    step: int | None
    facts: Facts | None
    """None where its arguments were erased, or where it was recorded before facts were."""
    level: str = ""
    rule: str = ""
    ruleset: str = ""
    """Empty where it is not known."""
    offered: bool = False
    """Whether it was only offered, and so asked about whatever the rules said."""


def entries_of(log: Entries) -> Iterator[Stored]:
    """Every entry of a log that a decision can stand in, in its order, read a page at a time."""
    pages = (_pages(log, kind) for kind in (STARTED, PLANNED, INTENDED, REFUSED))
    return merge(*pages, key=lambda entry: entry.seq)


def _pages(log: Entries, kind: str) -> Iterator[Stored]:
    after = 0
    while page := log.entries(type=kind, after=after, limit=PAGE):
        yield from page
        after = page[-1].seq


def decisions(
    entries: Iterable[Stored], actions: Mapping[str, Action[..., Any]], groups: Mapping[str, Collection[str]]
) -> Iterator[Past]:
    """Every decision that some entries hold.

    Args:
        entries: of a whole log, or of a run, in the log's order; others than those of `entries_of` are passed over.
        actions: every action there is, by full name.
        groups: the groups with their members as they are now; those of a forbidden plan are not recorded.
    """
    started: dict[str | None, dict[str, Json]] = {}
    for entry in entries:
        if entry.type == STARTED:
            started[entry.run] = entry.data
        elif entry.type == PLANNED:
            if entry.data.get("level") == "deny":
                changes = _planned(entry, started.get(entry.run, {}), actions, groups)
                yield from (each for each in changes if each.level in ("deny", ""))
        elif entry.type == INTENDED or (entry.type == REFUSED and "facts" in entry.data):  # else a person said no
            data = entry.data
            told = {name: str(data.get(name, "")) for name in ("level", "rule", "ruleset")}
            offered = data.get("offered") is True
            yield Past(entry.seq, entry.time, entry.run, entry.step, facts_of(entry), **told, offered=offered)


def foreseen(
    entries: Iterable[Stored], actions: Mapping[str, Action[..., Any]], groups: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, Past]]:
    """Every decision made before anything was begun: where it was planned, and where somebody was asked.

    Args:
        entries: of a run, in the log's order; `entries_of` leaves questions out.
        actions: every action there is, by full name.
        groups: the groups with their members as they are now; those of a plan are not recorded.

    Yields:
        The type of the entry that it stands in, and the decision.
    """
    started: dict[str | None, dict[str, Json]] = {}
    for entry in entries:
        if entry.type == STARTED:
            started[entry.run] = entry.data
        elif entry.type == PLANNED:
            for each in _planned(entry, started.get(entry.run, {}), actions, groups):
                yield PLANNED, each
        elif entry.type == ASKED:
            told = {name: str(entry.data.get(name, "")) for name in ("level", "rule", "ruleset")}
            yield ASKED, Past(entry.seq, entry.time, entry.run, entry.step, facts_of(entry), **told, offered=False)


def _planned(
    entry: Stored,
    started: Mapping[str, Json],
    actions: Mapping[str, Action[..., Any]],
    groups: Mapping[str, Collection[str]],
) -> Iterator[Past]:
    """The changes of a plan; one without a step, level and facts where the plan was erased."""
    changes = entry.payload.get("changes") if isinstance(entry.payload, dict) else None
    if not isinstance(changes, list):
        yield Past(entry.seq, entry.time, entry.run, None, None)
        return
    for change in changes:
        if isinstance(change, dict):
            facts = _facts(change, started, entry.time, actions, groups)
            level, rule = str(change.get("level")), str(change.get("rule"))
            yield Past(entry.seq, entry.time, entry.run, change.get("step"), facts, level, rule)


def _facts(
    change: Mapping[str, Json],
    started: Mapping[str, Json],
    at: datetime,
    actions: Mapping[str, Action[..., Any]],
    groups: Mapping[str, Collection[str]],
) -> Facts | None:
    try:
        action, person = actions[change["action"]], started["person"]
        return Facts(
            action=change["action"],
            effect=action.effect,
            args=change["args"],
            target=Target(change["target"], change["environment"]),
            person=person,
            channel=started["channel"],
            intent=started["intent"],
            tier=started["tier"],
            before=change["before"],
            after=change["after"],
            bound=action.bound,
            cost=change["cost"],
            at=at,
            groups=frozenset(group for group, members in groups.items() if person in members),
            outside=tuple(change["outside"]),
            opened=tuple(change["opened"]),
        )
    except (KeyError, TypeError):
        return None
