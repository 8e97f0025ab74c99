"""The question a policy answers, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from policies.action import Effect, Json, Target


class Level(IntEnum):
    """How much agreement an action needs; a larger one includes nothing of the smaller."""

    AUTO = 0
    CONFIRM = 1
    """The person who asked says yes to the plan."""
    APPROVE = 2
    """Somebody else says yes."""
    CHANGE = 3
    """The person who asked says yes, and a ServiceNow change request is approved."""
    DENY = 4

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Facts:
    """Everything a rule may look at."""

    action: str
    effect: Effect
    args: Mapping[str, Json]
    """The arguments as JSON. Only strings, integers, booleans and lists of them reach the rules; null is left out."""
    target: Target
    person: str
    channel: str
    """voice, file, typed, hotkey, web."""
    intent: str
    tier: str
    before: int | None = None
    after: int | None = None
    bound: int | None = None


@dataclass(frozen=True)
class Decision:
    """What the rules say about one action."""

    level: Level
    rule: str
    """The deciding rule's id, or "no-match" or "error" for a refusal that no rule made."""
    where: str
    """The deciding rule's file and line: "careful.cedar:21"."""
    because: str
    """One sentence for a person."""
    ruleset: str
    """SHA-256 of the rule set that decided, in hexadecimal."""
    somebody_else: bool = False
    """Whether any matching rule wants somebody else's yes: a change request does not stand for that."""
