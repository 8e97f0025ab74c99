"""The rules as pages show them: each with its text, and how one action would be decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from daemon.web.pages import Asked, Considered, Explained, Rule, RuleFile, Rules
from policies.action import Action, Json, Target
from policies.decision import Decision, Demand, Facts, Level
from policies.engine import Rules as RuleSet
from policies.rule import Rule as Read
from policies.schema import CHOICES, arguments_of


class NotAsked(ValueError):
    """The facts that were asked about are not complete, or do not fit the action; the message says which."""


def rules_page(rules: RuleSet, problem: str | None, home: Path, question: Asked) -> Rules:
    """The rules in force.

    Args:
        rules: those in force.
        problem: what is wrong with the files as they are now, if anything.
        home: whose folder `rules` holds the person's own.
        question: the form that explains them.
    """
    files: dict[str, list[Rule]] = {}
    for rule in rules.rules:
        files.setdefault(rule.statement.file, []).append(_shown(rule))
    own = {each.name for each in (home / "rules").glob("*.cedar")}
    shown = tuple(RuleFile(name, name in own, tuple(found)) for name, found in files.items())
    return Rules(shown, rules.ruleset, problem or "", question)


def asked(rules: RuleSet, **filled: str) -> Asked:
    """The form, with what was filled in."""
    return Asked(tuple(sorted(rules.actions)), CHOICES["Environment"], CHOICES["Channel"], **filled)


def facts_of(question: Asked, actions: Mapping[str, Action[..., Any]], person: str) -> Facts:
    """The facts that a filled-in form is about.

    Raises:
        NotAsked: something is missing or does not fit.
    """
    if question.action not in actions:
        raise NotAsked(f"There is no action {question.action!r}.")
    action = actions[question.action]
    return Facts(
        action=question.action,
        effect=action.effect,
        args=_arguments(question.arguments, action),
        target=Target(question.target, question.environment),
        person=person,
        channel=question.channel,
        intent="",
        tier="simple",
        before=_number("before", question.before),
        after=_number("after", question.after),
        bound=action.bound,
    )


def explained_page(question: Asked, rules: RuleSet, facts: Facts) -> Explained:
    """How these facts are decided, and every rule that was considered."""
    decision = rules.decide(facts)
    try:
        matching = rules.matched(facts)
    except ValueError:
        matching = ()
    others = [rule for rule in rules.rules if rule not in matching]
    return Explained(
        question=question,
        level=str(decision.level),
        rule=decision.rule,
        where=decision.where,
        because=decision.because,
        who=who_could(decision),
        ruleset=decision.ruleset,
        considered=tuple(_considered(rule, decision, matching) for rule in (*matching, *others)),
    )


def who_could(decision: Decision) -> str:
    """Who could allow it, in a sentence."""
    if decision.level is Level.DENY:
        return "Nobody; the rules would have to be others."
    if decision.level is Level.AUTO:
        return "Nobody has to."
    said = [_demand(each) for each in decision.demands]
    change = ["an approved change request"] if decision.level is Level.CHANGE else []
    return f"It takes {', and '.join([*said, *change])}."


def _demand(demand: Demand) -> str:
    why = " with a reason" if demand.reason else ""
    if demand.level is Level.CONFIRM:
        return f"the asker's own yes{why}"
    whom = f"of the group {demand.group}" if demand.group else "of somebody else"
    return (f"the yes {whom}" if demand.votes == 1 else f"{demand.votes} times the yes {whom}") + why


def _considered(rule: Read, decision: Decision, matching: Sequence[Read]) -> Considered:
    if rule.where == decision.where and decision.rule == "error":
        return Considered(_shown(rule), "error", decision.because)
    if rule.id == decision.rule:
        return Considered(_shown(rule), "decides", decision.because)
    return Considered(_shown(rule), "matches" if rule in matching else "does not match", "")


def _shown(rule: Read) -> Rule:
    level = "one-more" if rule.one_more else str(rule.level)
    return Rule(rule.id, rule.where, level, rule.because, rule.statement.text)


def _arguments(text: str, action: Action[..., Any]) -> dict[str, Json]:
    known = arguments_of(action)
    found: dict[str, Json] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, separator, value = (each.strip() for each in line.partition("="))
        if not separator or name not in known:
            raise NotAsked(f"{line!r} is no name=value; {action.name} has {', '.join(known) or 'no arguments'}.")
        found[name] = _value(name, value, known[name].type)
    return found


def _value(name: str, text: str, kind: str) -> Json:
    if kind.startswith("Set<"):
        return [_value(name, each.strip(), kind[4:-1]) for each in text.split(",") if each.strip()]
    if kind == "Long":
        return _number(name, text)
    return text.lower() in ("true", "yes") if kind == "Bool" else text


def _number(name: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise NotAsked(f"{name} has to be a number, not {text!r}.") from None
