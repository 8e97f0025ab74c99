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
    reasoned = next((rule for rule in permits if rule.level is Level.CONFIRM and rule.reason), None)
    own = Demand(Level.CONFIRM, None, 1, True, *_named(reasoned)) if reasoned else Demand(Level.CONFIRM)
    others = _others(permits)
    if level is Level.CHANGE:
        return (own, *others)
    if level is Level.APPROVE:
        first, *rest = others or (Demand(Level.APPROVE, None, 1, False, *_named(deciding)),)
        if reasoned and not first.reason:
            first = replace(first, reason=True, rule=f"{first.rule}, {own.rule}", where=f"{first.where}, {own.where}")
        return (first, *rest)
    return (own,) if level is Level.CONFIRM else ()


def _others(permits: Iterable[Rule]) -> tuple[Demand, ...]:
    """What the rules ask of others: one demand for each group, with the most votes that any of them wants."""
    groups: dict[str | None, list[Rule]] = {}
    for rule in permits:
        if rule.level is Level.APPROVE:
            groups.setdefault(rule.group, []).append(rule)
    return tuple(_together(group, rules) for group, rules in groups.items())


def _together(group: str | None, rules: Sequence[Rule]) -> Demand:
    """What rules ask of one group; named are whichever wants the most votes, and whichever wants a reason."""
    most = max(rules, key=lambda rule: (rule.votes, rule.reason))
    reasoned = next((rule for rule in rules if rule.reason), most)
    named = _named(most) if most is reasoned or most.reason else _named(most, reasoned)
    return Demand(Level.APPROVE, group, most.votes, reasoned.reason, *named)


def _named(*rules: Rule) -> tuple[str, str]:
    """Rules as a demand names them, and where they stand."""
    return ", ".join(rule.id for rule in rules), ", ".join(rule.where for rule in rules)
