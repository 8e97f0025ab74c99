"""The words a rule may use: a Cedar schema, generated from the actions' signatures.

Rules are checked against it when they are loaded, so a rule about an action, an argument or an environment that does
not exist is an error then, and never a rule that silently matches nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from policies.action import Action, Effect, Json, Outside

CHOICES: Mapping[str, tuple[str, ...]] = {
    "Environment": ("production", "staging", "development", "unknown", "none"),
    "Channel": ("voice", "file", "typed", "hotkey", "web"),
    "Tier": ("simple", "medium", "complex", "local", "large"),
    "Weekday": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
}
"""The enumerated entity types with all their values: `Environment::"staging"`."""

RESOURCE: Mapping[str, str] = {"system": "String", "id": "String", "environment": "Environment"}
"""The attributes of `resource`, with their Cedar types."""

CONTEXT: Mapping[str, str] = {
    "channel": "Channel",
    "tier": "Tier",
    "intent": "String",
    "weekday": "Weekday",
    "hour": "Long",
    "date": "String",
    "outside": "Set<String>",
    "opened": "Set<String>",
}
"""The attributes of `context` that every request has, beside `args`; the moment is in local time."""

NUMBERS = ("before", "after", "bound", "cost")
"""The attributes of `context` that only some requests have: a rule asks `context has after` first."""

_SEQUENCES = (list, set, frozenset, tuple, Sequence)
_PYTHON_TYPES: Mapping[str, type] = {"String": str, "Long": int, "Bool": bool}


@dataclass(frozen=True)
class Argument:
    """How one parameter of an action looks to a rule."""

    type: str
    """String, Long or Bool, or a set of one of them: `Set<String>`."""
    optional: bool = False
    """Whether it may be missing, so that a rule must ask `context.args has …` first."""
    choices: tuple[str, ...] = ()
    """All the values it can have, where the signature lists them."""

    def fits(self, value: Json) -> bool:
        """Whether a value, as JSON, is one that Cedar can carry as this type."""
        if self.type.startswith("Set<"):
            return isinstance(value, list) and all(Argument(self.type[4:-1]).fits(each) for each in value)
        wanted = _PYTHON_TYPES[self.type]
        return isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool)


def arguments_of(action: Action[..., Any]) -> dict[str, Argument]:
    """The parameters of an action that rules can see, by name.

    Numbers with a fraction and structured values are left out: Cedar has no type for them.
    """
    found = {name: _argument(hint) for name, hint in action.hints.items()}
    return {name: argument for name, argument in found.items() if argument is not None}


def schema_of(actions: Mapping[str, Action[..., Any]], groups: Collection[str] = ()) -> str:
    """Write the Cedar schema for these actions, in Cedar's own readable syntax.

    Args:
        actions: every action there is, by full name ("kubernetes.scale").
        groups: the names of the configured groups of people.
    """
    choices = {**CHOICES, **({"Group": sorted(groups)} if groups else {})}
    lines = [f"entity {name} enum [{', '.join(map(_quoted, values))}];" for name, values in choices.items()]
    lines += [] if groups else ["entity Group;"]  # an enumeration of nothing is no Cedar; policies/names.py refuses all
    lines += ["entity Person in [Group];", f"entity Thing = {_record(RESOURCE)};", ""]
    # The groups stand for themselves too: a rule about an effect is then valid even while no action has that effect.
    lines += [f"action {', '.join(_quoted(effect) for effect in Effect)} {_applies_to({}, ())};"]
    for name, action in sorted(actions.items()):
        arguments = arguments_of(action)
        unseen = [each for each in action.hints if each not in arguments]
        lines += ["", *(f"// A rule cannot see the argument {each}: Cedar has no type for it." for each in unseen)]
        types = {each: argument.type for each, argument in arguments.items()}
        optional = [each for each, argument in arguments.items() if argument.optional]
        lines += [f"action {_quoted(name)} in [Action::{_quoted(action.effect)}] {_applies_to(types, optional)};"]
    return "\n".join(lines) + "\n"


def _argument(hint: Any) -> Argument | None:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _argument(inner[0])
    if origin in (Union, UnionType):
        present = {_argument(each) for each in inner if each is not NoneType}  # text, boxed or not, is text
        only = present.pop() if len(present) == 1 else None
        return None if only is None else replace(only, optional=only.optional or NoneType in inner)
    if origin is Outside:
        return _argument(inner[0])
    if origin in _SEQUENCES and (origin is not tuple or inner[1:] == (...,)):
        element = _argument(inner[0])
        fits = element is not None and not element.optional and element.type in _PYTHON_TYPES
        return replace(element, type=f"Set<{element.type}>") if element is not None and fits else None
    if origin is Literal and all(isinstance(each, str) for each in inner):
        return Argument("String", choices=inner)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Argument("String", choices=tuple(map(str, hint)))
    return next((Argument(name) for name, python in _PYTHON_TYPES.items() if hint is python), None)


def _applies_to(arguments: Mapping[str, str], optional: Sequence[str]) -> str:
    context = {"args": _record(arguments, optional), **CONTEXT, **dict.fromkeys(NUMBERS, "Long")}
    return f"appliesTo {{ principal: Person, resource: Thing, context: {_record(context, NUMBERS)} }}"


def _record(types: Mapping[str, str], optional: Sequence[str] = ()) -> str:
    fields = (f"{_quoted(name)}{'?' if name in optional else ''}: {kind}" for name, kind in types.items())
    return "{" + ", ".join(fields) + "}"


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
