"""Whether everything that a rule names exists.

Cedar's own validator finds most misspellings, but not all: behind a misspelt `has` it looks no further, a comparison
of two different kinds of thing counts as merely false, and a text is any text. Each would leave a forbid that never
forbids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import product
from typing import Any

from cedarpy import pst

from policies.action import Action, Effect
from policies.problem import Problem, did_you_mean
from policies.rule import Rule
from policies.schema import CHOICES, CONTEXT, NUMBERS, RESOURCE, Argument, arguments_of

_KINDS: Mapping[pst.VarName, str] = {
    "principal": "Person",
    "action": "Action",
    "resource": "Thing",
    "context": "context",
}
_ENTITIES = ("Action", "Person", "Thing", *CHOICES)
Wrong = tuple[str, str]
"""A word of a rule, and what is wrong with it."""

_COMPARISONS = ("eq", "not_eq", "in", "contains", "contains_all", "contains_any")


class Names:
    """Every word that rules about these actions may use."""

    def __init__(self, actions: Mapping[str, Action[..., Any]]) -> None:
        self.actions = actions
        self.systems = tuple(dict.fromkeys(name.split(".")[0] for name in actions))
        self.entities: Mapping[str, tuple[str, ...]] = {**CHOICES, "Action": (*map(str, Effect), *actions)}
        self.arguments = {name: arguments_of(action) for name, action in actions.items()}

    def problems(self, rule: Rule) -> Iterator[Problem]:
        """Every name in a rule that does not exist, with the nearest one that does."""
        arguments = self._arguments_under(rule.node.action)
        for node in _nodes(rule.node):
            for word, what in self._wrong(node, arguments):
                yield rule.statement.problem(what, word)

    def _wrong(self, node: object, arguments: Mapping[str, Argument]) -> Iterator[Wrong]:
        match node:
            case pst.EntityUid():
                yield from self._entity(node)
            case pst.EntityType():
                yield from self._type(node)
            case pst.ActionEq(entity=pst.EntityUid() as one):
                yield from _group_as_action(one)
            case pst.GetAttr(base=base, attr=name):
                yield from self._attribute(_kind(base), name, arguments)
            case pst.HasAttr(base=base, attrs=names):
                for name in names:
                    yield from self._attribute(_kind(base), name, arguments)
                    base = pst.GetAttr(base, name)
            case pst.BinaryOp() if node.op in _COMPARISONS:
                yield from self._comparison(node, arguments)

    def _arguments_under(self, scope: pst.ActionConstraint) -> dict[str, Argument]:
        """The arguments of all actions that a rule's head lets in, merged: choices add up."""
        match scope:
            case pst.ActionEq(entity=one):
                wanted = {one.id}
            case pst.ActionIn(entities=several):
                wanted = {each.id for each in several}
            case _:  # whichever action there is
                wanted = set(Effect)
        merged: dict[str, Argument] = {}
        for name, action in self.actions.items():
            if name in wanted or action.effect in wanted:
                for key, argument in self.arguments[name].items():
                    known = merged.get(key, argument).choices
                    choices = known + argument.choices if known and argument.choices else ()
                    merged[key] = replace(argument, choices=choices)
        return merged

    def _type(self, kind: pst.EntityType) -> Iterator[Wrong]:
        name = str(kind)
        if name not in _ENTITIES:
            yield kind.basename, f"there is no type {name!r}{did_you_mean(name, _ENTITIES)}"

    def _entity(self, uid: pst.EntityUid) -> Iterator[Wrong]:
        known = self.entities.get(str(uid.type))
        if known is not None and uid.id not in known:
            yield uid.id, f"there is no {uid.type} {uid.id!r}{did_you_mean(uid.id, known)}"
        system = uid.id.split("/")[0]
        if str(uid.type) == "Thing" and system not in self.systems:
            what = f"a Thing is called system/id, and there is no system {system!r}{did_you_mean(system, self.systems)}"
            yield uid.id, what

    def _attribute(self, kind: str, name: str, arguments: Mapping[str, Argument]) -> Iterator[Wrong]:
        known: Mapping[str, tuple[str, ...]] = {
            "principal": (),
            "action": (),
            "resource": tuple(RESOURCE),
            "context": ("args", *CONTEXT, *NUMBERS),
            "context.args": tuple(arguments),
        }
        owner = {kind: variable for variable, kind in _KINDS.items()}.get(kind, kind)
        if owner in known and name not in known[owner]:
            yield name, f"{owner} has no attribute {name!r}{did_you_mean(name, known[owner])}"

    def _comparison(self, node: pst.BinaryOp, arguments: Mapping[str, Argument]) -> Iterator[Wrong]:
        for one, other in product(_elements(node.left), _elements(node.right)):
            left, right = _kind(one), _kind(other)
            if left != right and {left, right} <= set(_ENTITIES):
                word = right if isinstance(other, pst.EntityLit) else left
                yield word, f"one side is of type {left}, the other {right}: they are never the same."
            for path, value in ((one, other), (other, one)):
                known = self._values(path, arguments)
                if isinstance(value, pst.StringLit) and known and value.value not in known:
                    yield value.value, f"{_path(path)} is never {value.value!r}{did_you_mean(value.value, known)}"
                if isinstance(value, pst.EntityLit) and node.op != "in":
                    yield from _group_as_action(value.value)

    def _values(self, path: pst.Expr, arguments: Mapping[str, Argument]) -> tuple[str, ...]:
        """All the texts a path can be, where that is known."""
        match path:
            case pst.GetAttr(base=base, attr="system") if _kind(base) == "Thing":
                return self.systems
            case pst.GetAttr(base=base, attr=name) if _kind(base) == "context.args" and name in arguments:
                return arguments[name].choices
            case _:
                return ()


def _group_as_action(uid: pst.EntityUid) -> Iterator[Wrong]:
    if str(uid.type) == "Action" and uid.id in set(Effect):
        yield uid.id, f"{uid} is a group of actions and no action itself; write `action in {uid}`."


def _kind(node: pst.Expr) -> str:
    """What an expression is: an entity type, "context", "context.args", or empty where nothing needs to be known."""
    match node:
        case pst.Var(name=name):
            return _KINDS[name]
        case pst.EntityLit(value=uid):
            return str(uid.type)
        case pst.GetAttr(base=base, attr="args") if _kind(base) == "context":
            return "context.args"
        case pst.GetAttr(base=base, attr=name):
            return {"Thing": RESOURCE, "context": CONTEXT}.get(_kind(base), {}).get(name, "")
        case _:
            return ""


def _path(node: pst.Expr) -> str:
    return f"{_path(node.base)}.{node.attr}" if isinstance(node, pst.GetAttr) else str(getattr(node, "name", ""))


def _elements(node: pst.Expr) -> tuple[pst.Expr, ...]:
    return node.elements if isinstance(node, pst.Set) else (node,)


def _nodes(node: object) -> Iterator[object]:
    """The node and everything under it, in the order it is written."""
    yield node
    if isinstance(node, tuple):
        inner: list[object] = list(node)
    elif isinstance(node, Mapping):
        inner = list(node.values())
    else:
        inner = [getattr(node, each.name) for each in fields(node)] if is_dataclass(node) else []
    for each in inner:
        yield from _nodes(each)
