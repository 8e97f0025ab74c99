"""The recorded history decided again: what a changed rule set would have said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import merge
from typing import Protocol

from policies.action import Json
from policies.audit.event import Stored
from policies.decision import Level
from policies.engine import Rules
from policies.facts import facts_of

HISTORY = ("devos.action.intended", "devos.action.refused")
"""The types of the entries that hold a decision."""

PAGE = 1000
"""How many entries are read at a time."""


class Entries(Protocol):
    """Reads the log (policies/audit/reader.py)."""

    def entries(self, *, type: str | None = None, after: int = 0, limit: int | None = None) -> list[Stored]:  # noqa: A002 - CloudEvents' own word
        """The entries of a type after a seq, oldest first."""


@dataclass(frozen=True)
class Difference:
    """One decision that would be another one now."""

    seq: int
    time: datetime
    run: str | None
    step: int | None
    action: str
    target: str
    before: str
    before_rule: str
    now: str
    now_rule: str
    now_where: str
    because: str

    @property
    def stricter(self) -> bool:
        """Whether more would be asked now than was then."""
        return Level[self.now.upper()] > Level[self.before.upper()]

    @property
    def looser(self) -> bool:
        """Whether less would be asked now than was then; neither where only the rule is another one."""
        return Level[self.now.upper()] < Level[self.before.upper()]

    def json(self) -> dict[str, Json]:
        """The same as JSON."""
        return {
            "seq": self.seq,
            "time": self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "run": self.run,
            "step": self.step,
            "action": self.action,
            "target": self.target,
            "before": {"level": self.before, "rule": self.before_rule},
            "now": {"level": self.now, "rule": self.now_rule, "where": self.now_where, "because": self.because},
        }


@dataclass
class Replayed:
    """What came of a replay."""

    decisions: int = 0
    """How many were decided again."""
    same_rules: int = 0
    """How many of them had been decided by this very rule set."""
    untold: int = 0
    """How many could not be: their arguments were erased, or they were recorded before facts were."""
    differences: list[Difference] = field(default_factory=list)


def replay(
    history: Iterable[Stored],
    rules: Rules,
    *,
    since: datetime | None = None,
    progress: Callable[[int], None] = lambda seq: None,
) -> Replayed:
    """Decide what was decided once more, by other rules.

    Groups that are not configured any more are left out of the facts, as nobody is in them now.

    Args:
        history: entries of the types in `HISTORY`, in any order; see `history_of`.
        rules: what decides now.
        since: only decisions from this moment on.
        progress: told the seq of each entry as it is done.
    """
    found = Replayed()
    for entry in history:
        if since is None or entry.time >= since:
            _again(entry, rules, found)
        progress(entry.seq)
    return found


def history_of(log: Entries) -> Iterator[Stored]:
    """Everything in a log that holds a decision, in its order, a page at a time."""
    return merge(*(_pages(log, kind) for kind in HISTORY), key=lambda entry: entry.seq)


def _pages(log: Entries, kind: str) -> Iterator[Stored]:
    after = 0
    while page := log.entries(type=kind, after=after, limit=PAGE):
        yield from page
        after = page[-1].seq


def _again(entry: Stored, rules: Rules, found: Replayed) -> None:
    if entry.type.endswith("refused") and "facts" not in entry.data:  # a person's no, and no rule's
        return
    facts = facts_of(entry)
    if facts is None:
        found.untold += 1
        return
    found.decisions += 1
    found.same_rules += entry.data.get("ruleset") == rules.ruleset
    decision = rules.decide(replace(facts, groups=facts.groups & set(rules.groups)))
    level = decision.level
    if entry.data.get("offered") and level is Level.AUTO:  # what is offered is confirmed, whatever the rules say
        level = Level.CONFIRM
    before, before_rule = str(entry.data.get("level")), str(entry.data.get("rule"))
    if before.upper() not in Level.__members__ or (str(level), decision.rule) == (before, before_rule):
        return
    found.differences.append(
        Difference(
            entry.seq,
            entry.time,
            entry.run,
            entry.step,
            facts.action,
            facts.target.id,
            before,
            before_rule,
            str(level),
            decision.rule,
            decision.where,
            decision.because,
        )
    )
