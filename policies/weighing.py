"""What the rules that match ask for together: how strict it gets, which rule says so, and whose yes it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from policies.decision import Demand, Level
from policies.rule import Rule


@dataclass(frozen=True)
class Weighed:
    """What rules that match come to."""

    level: Level
    rule: Rule
    """The one that decides."""
    demands: tuple[Demand, ...] = ()


def weigh(matching: Sequence[Rule]) -> Weighed | None:
    """Weigh the rules that match one action.

    A forbid goes before everything; of the permits the strictest decides, and of equally strict ones the first. Where
    a rule asks for one more, that is one level above what the permits come to, `change` at most; several such rules
    raise no higher than one.

    Args:
        matching: the rules, in the order in which equally strict ones go first.

    Returns:
        What they come to; None where none of them permits or forbids anything.
    """
    forbids = [rule for rule in matching if rule.level is Level.DENY]
    if forbids:
        return Weighed(Level.DENY, forbids[0])
    permits = [rule for rule in matching if not rule.one_more]
    if not permits:
        return None
    strictest = max(permits, key=lambda rule: rule.level)
    raising = next((rule for rule in matching if rule.one_more), None)
    if raising is None or strictest.level is Level.CHANGE:
        return Weighed(strictest.level, strictest, _demands(strictest.level, permits, strictest))
    level = Level(strictest.level + 1)
    return Weighed(level, raising, _demands(level, permits, raising))


def _demands(level: Level, permits: Iterable[Rule], deciding: Rule) -> tuple[Demand, ...]:
    """Whose yes a level takes.

    A reason that a rule demands of the asker is never lost: where the asker is not asked, the first of the others
    gives it.
    """
    own = Demand(Level.CONFIRM, reason=any(rule.reason for rule in permits if rule.level is Level.CONFIRM))
    others = _others(permits)
    if level is Level.CHANGE:
        return (own, *others)
    if level is Level.APPROVE:
        first, *rest = others or (Demand(Level.APPROVE, rule=deciding.id, where=deciding.where),)
        return (replace(first, reason=first.reason or own.reason), *rest)
    return (own,) if level is Level.CONFIRM else ()


def _others(permits: Iterable[Rule]) -> tuple[Demand, ...]:
    """What the rules ask of others: one demand for each group, with the most votes that any of them wants."""
    found: dict[str | None, Demand] = {}
    for rule in permits:
        if rule.level is Level.APPROVE:
            new = Demand(Level.APPROVE, rule.group, rule.votes, rule.reason, rule.id, rule.where)
            known = found.get(rule.group, new)
            found[rule.group] = replace(known, votes=max(known.votes, new.votes), reason=known.reason or new.reason)
    return tuple(found.values())
