"""The facts of one action as Cedar is asked about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from policies.action import Action, Effect, Json
from policies.decision import Facts
from policies.outside import plain
from policies.schema import CHOICES, Argument, arguments_of


class Stranger(ValueError):
    """Something in the facts is not in the rules' vocabulary, so no rule can be trusted to have looked at it."""


@dataclass(frozen=True)
class Question:
    """One request, ready for Cedar."""

    request: dict[str, Json]
    entities: list[dict[str, Json]]


class Questions:
    """Puts facts as questions, about known actions and groups only."""

    def __init__(self, actions: Mapping[str, Action[..., Any]], groups: Collection[str]) -> None:
        self._actions: dict[str, tuple[Effect, dict[str, Argument]]] = {
            name: (action.effect, arguments_of(action)) for name, action in actions.items()
        }
        self._groups = frozenset(groups)

    def of(self, facts: Facts) -> Question:
        """Put facts as a question.

        Raises:
            Stranger: something in them is outside the schema, which Cedar itself does not check requests against.
            ValueError, OverflowError: they cannot be put at all.
        """
        args = plain(dict(facts.args))
        self._check(facts, args)
        effect, arguments = self._actions[facts.action]
        system = facts.action.split(".")[0]
        action = {"type": "Action", "id": facts.action}
        thing = {"type": "Thing", "id": f"{system}/{facts.target.id}"}
        person = {"type": "Person", "id": facts.person}
        environment = _enumerated("Environment", facts.target.environment)
        local = facts.at.astimezone()
        numbers = {"before": facts.before, "after": facts.after, "bound": facts.bound, "cost": facts.cost}
        context: dict[str, Json] = {
            "args": {name: args[name] for name, argument in arguments.items() if argument.fits(args.get(name))},
            "channel": _enumerated("Channel", facts.channel),
            "tier": _enumerated("Tier", facts.tier),
            "intent": facts.intent,
            "weekday": _enumerated("Weekday", CHOICES["Weekday"][local.weekday()]),
            "hour": local.hour,
            "date": local.date().isoformat(),
            "outside": list(facts.outside),
            "opened": systems(facts.opened),
            **{name: number for name, number in numbers.items() if number is not None},
        }
        groups = [{"type": "Group", "id": group} for group in sorted(facts.groups)]
        return Question(
            {"principal": person, "action": action, "resource": thing, "context": context},
            [
                {"uid": person, "attrs": {}, "parents": groups},
                {"uid": action, "attrs": {}, "parents": [{"type": "Action", "id": effect}]},
                {
                    "uid": thing,
                    "attrs": {"system": system, "id": facts.target.id, "environment": environment},
                    "parents": [],
                },
            ],
        )

    def _check(self, facts: Facts, args: Mapping[str, Json]) -> None:
        if facts.action not in self._actions:
            raise Stranger(f"an action {facts.action!r}")
        if facts.effect != self._actions[facts.action][0]:
            raise Stranger(f"{facts.action} as a {facts.effect}")
        numbers = (facts.before, facts.after, facts.bound, facts.cost, *args.values())
        if any(isinstance(number, int) and number.bit_length() > 63 for number in numbers):
            raise Stranger("numbers that large")
        words = {"Environment": facts.target.environment, "Channel": facts.channel, "Tier": facts.tier}
        for kind, word in words.items():
            if word not in CHOICES[kind]:
                raise Stranger(f"{kind} {word!r}")
        for group in sorted(facts.groups):
            if group not in self._groups:
                raise Stranger(f"Group {group!r}")
        if facts.at.tzinfo is None:
            raise Stranger("a moment without a time zone")


def systems(sources: Collection[str]) -> list[str]:
    """The systems that text came from: the first word of each source, once."""
    return list(dict.fromkeys(word for source in sources for word in source.split()[:1]))


def _enumerated(kind: str, value: str) -> Json:
    return {"__entity": {"type": kind, "id": value}}
