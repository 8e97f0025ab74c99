"""The question a policy answers, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
    cost: int | None = None
    """US dollars a month."""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When; rules see the local weekday, hour and date."""
    groups: frozenset[str] = frozenset()
    """The configured groups that the person is in."""
    outside: tuple[str, ...] = ()
    """The names of the selecting arguments whose values may come from text that others wrote."""
    opened: tuple[str, ...] = ()
    """Where the values came from that the run opened so far: "jira DEV-456 description"; rules see the systems."""


@dataclass(frozen=True)
class Demand:
    """Whose yes is needed."""

    level: Level
    """CONFIRM: the asker's own. APPROVE: somebody else's."""
    group: str | None = None
    """Of which group the others must be; None for anybody else."""
    votes: int = 1
    """How many different people must say yes."""
    reason: bool = False
    """Whether an answer must say why."""
    rule: str = ""
    where: str = ""


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
    demands: tuple[Demand, ...] = ()
    """Whose yes it takes, in the order in which they are asked; nobody's for auto and deny.

    At level change the asker confirms, whoever other matching rules name approves, and then the change request decides.
    """
