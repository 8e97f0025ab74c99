"""What the pages of the rules show; pages.py says what holds for all of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One rule, with its text and where it stands."""

    id: str
    where: str
    level: str
    """auto, confirm, approve, change or deny."""
    because: str
    text: str
    """In Cedar, on many lines."""


@dataclass(frozen=True)
class RuleFile:
    """One file of rules."""

    name: str
    own: bool
    """Whether it is the person's own, not one that comes with DevOS."""
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Rules:
    """rules.html: the rules in force, and the form that explains them."""

    files: tuple[RuleFile, ...]
    ruleset: str
    """The digest that decisions record."""
    problem: str
    """Why the files as they are now are not in force, on many lines; empty where they are."""
    question: Asked


@dataclass(frozen=True)
class Asked:
    """The form at /rules/explain (GET), with a field for each of the texts below."""

    actions: tuple[str, ...]
    environments: tuple[str, ...]
    channels: tuple[str, ...]
    action: str = ""
    environment: str = "production"
    target: str = ""
    channel: str = "typed"
    before: str = ""
    after: str = ""
    arguments: str = ""
    """One "name=value" a line."""
    problem: str = ""
    """What is wrong with what was asked; empty where nothing is."""


@dataclass(frozen=True)
class Considered:
    """One rule, as a decision looked at it."""

    rule: Rule
    verdict: str
    """decides, matches, or "does not match"; where a rule could not be evaluated, "error"."""
    why: str
    """A sentence where there is more to say; may be empty."""


@dataclass(frozen=True)
class Explained:
    """explained.html: which rule decides about a call, and every rule that was considered, the deciding one first."""

    question: Asked
    level: str
    rule: str
    where: str
    because: str
    who: str
    """Who could allow it, in a sentence."""
    ruleset: str
    considered: tuple[Considered, ...]
