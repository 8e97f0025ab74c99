"""The rules as pages show them: each with its text, and how one action would be decided."""

from __future__ import annotations

from pathlib import Path

from daemon.explaining import facts_asked
from daemon.web.rules_pages import Asked, Considered, Explained, Rule, RuleFile, Rules
from policies.decision import Facts
from policies.engine import Rules as RuleSet
from policies.explain import Considered as Looked
from policies.explain import explain
from policies.rule import Rule as Read
from policies.schema import CHOICES


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


def facts_of(question: Asked, rules: RuleSet, person: str) -> Facts:
    """The facts that a filled-in form is about.

    Raises:
        NotAsked: something is missing or does not fit.
    """
    numbers = {name: _number(name, getattr(question, name)) for name in ("before", "after")}
    try:
        return facts_asked(
            rules.actions,
            question.action,
            [each.strip() for each in question.arguments.splitlines() if each.strip()],
            question.target,
            question.environment,
            person,
            question.channel,
            rules.groups,
            {"tier": "simple", "cost": None, "at": "", "outside": (), **numbers},
        )
    except ValueError as problem:
        raise NotAsked(str(problem)) from None


def explained_page(question: Asked, rules: RuleSet, facts: Facts) -> Explained:
    """How these facts are decided, and every rule that was considered: the deciding one first, then what matches."""
    explanation = explain(rules, facts)
    decision = explanation.decision
    considered = sorted(explanation.considered, key=lambda each: (not each.decides, not each.matched))
    return Explained(
        question=question,
        level=str(decision.level),
        rule=decision.rule,
        where=decision.where,
        because=decision.because,
        who=" ".join(explanation.who),
        ruleset=decision.ruleset,
        considered=tuple(_considered(each) for each in considered),
    )


def _considered(looked: Looked) -> Considered:
    verdict = "decides" if looked.decides else "matches" if looked.matched else "does not match"
    if looked.why.startswith("could not be evaluated"):
        verdict = "error"
    return Considered(_shown(looked.rule), verdict, looked.why)


def _shown(rule: Read) -> Rule:
    level = "one-more" if rule.one_more else str(rule.level)
    return Rule(rule.id, rule.where, level, rule.because, rule.statement.text)


def _number(name: str, text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise NotAsked(f"{name} has to be a whole number, not {text!r}.") from None
