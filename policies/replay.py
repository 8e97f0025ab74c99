"""The recorded history decided again: what a changed rule set would have said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from policies.action import Json
from policies.decision import Level
from policies.engine import Rules
from policies.history import Past


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
    history: Iterable[Past],
    rules: Rules,
    *,
    since: datetime | None = None,
    progress: Callable[[int], None] = lambda seq: None,
) -> Replayed:
    """Decide what was decided once more, by other rules.

    Groups that are not configured any more are left out of the facts, as nobody is in them now.

    Args:
        history: what was decided (policies/history.py).
        rules: what decides now.
        since: only decisions from this moment on.
        progress: told the seq of each decision as it is made again.
    """
    found = Replayed()
    for past in history:
        if since is None or past.time >= since:
            _again(past, rules, found)
        progress(past.seq)
    return found


def _again(past: Past, rules: Rules, found: Replayed) -> None:
    facts = past.facts
    if facts is None or past.level.upper() not in Level.__members__:
        found.untold += 1
        return
    found.decisions += 1
    found.same_rules += past.ruleset == rules.ruleset
    decision = rules.decide(replace(facts, groups=facts.groups & set(rules.groups)))
    level = Level.CONFIRM if past.offered and decision.level is Level.AUTO else decision.level
    if (str(level), decision.rule) != (past.level, past.rule):
        found.differences.append(
            Difference(
                past.seq,
                past.time,
                past.run,
                past.step,
                facts.action,
                facts.target.id,
                past.level,
                past.rule,
                str(level),
                decision.rule,
                decision.where,
                decision.because,
            )
        )
