"""Whether everything that a rule names exists.

Cedar's own validator finds most misspellings, but not all: behind a misspelt `has` it looks no further, a comparison
of two different kinds of thing counts as merely false, and a text is any text. Each would leave a forbid that never
forbids.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
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
_ENTITIES = ("Action", "Group", "Person", "Thing", *CHOICES)
Wrong = tuple[str, str]
"""A word of a rule, and what is wrong with it."""

OTHER_SOURCES = ("mcp", "model", "unknown")
"""Where text from outside may come from besides the systems."""

_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_COMPARISONS = ("eq", "not_eq", "in", "contains", "contains_all", "contains_any")


@dataclass(frozen=True)
class _Head:
    """What the actions have that a rule's head lets in."""

    arguments: Mapping[str, Argument]
    """Their arguments merged: choices add up."""
    selecting: tuple[str, ...]
    """The names of the arguments that are more than shown."""


class Names:
    """Every word that rules about these actions and groups of people may use."""

    def __init__(
        self, actions: Mapping[str, Action[..., Any]], groups: Mapping[str, Collection[str]] | None = None
    ) -> None:
        self.actions = actions
        self.groups = groups or {}
        self.systems = tuple(dict.fromkeys(name.split(".")[0] for name in actions))
        self.entities: Mapping[str, tuple[str, ...]] = {**CHOICES, "Action": (*map(str, Effect), *actions)}
        self.arguments = {name: arguments_of(action) for name, action in actions.items()}

    def problems(self, rule: Rule) -> Iterator[Problem]:
        """Every name in a rule that does not exist, with the nearest one that does."""
        yield from (rule.statement.problem(what, word) for word, what in self._votes(rule))
        head = self._head(rule.node.action)
        for node in _nodes(rule.node):
            for word, what in self._wrong(node, head):
                yield rule.statement.problem(what, word)

    def _wrong(self, node: object, head: _Head) -> Iterator[Wrong]:
        match node:
            case pst.EntityUid():
                yield from self._entity(node)
            case pst.EntityType():
                yield from self._type(node)
            case pst.ActionEq(entity=pst.EntityUid() as one):
                yield from _group_as_action(one)
            case pst.GetAttr(base=base, attr=name):
                yield from self._attribute(_kind(base), name, head)
            case pst.HasAttr(base=base, attrs=names):
                for name in names:
                    yield from self._attribute(_kind(base), name, head)
                    base = pst.GetAttr(base, name)
            case pst.BinaryOp() if node.op in _COMPARISONS:
                yield from self._comparison(node, head)

    def _votes(self, rule: Rule) -> Iterator[Wrong]:
        """Whether the group that is asked exists, and could ever say yes."""
        if rule.group is None:
            return
        if rule.group not in self.groups:
            yield rule.group, self._no_group(rule.group)
            return
        members = len(set(self.groups[rule.group]))
        if rule.votes > members:
            have, yes = ("nobody is" if members == 0 else f"only {members} are"), "yes" if rule.votes == 1 else "yeses"
            yield rule.group, f"{have} in the group {rule.group!r}, so {rule.votes} {yes} can never come together."

    def _no_group(self, name: str) -> str:
        if not self.groups:
            return f"there is no Group {name!r}: the settings name no groups; add [groups] to config.toml."
        return f"there is no Group {name!r}{did_you_mean(name, self.groups)}"

    def _head(self, scope: pst.ActionConstraint) -> _Head:
        """What the actions have that a rule's head lets in."""
        match scope:
            case pst.ActionEq(entity=one):
                wanted = {one.id}
            case pst.ActionIn(entities=several):
                wanted = {each.id for each in several}
            case _:  # whichever action there is
                wanted = set(Effect)
        merged: dict[str, Argument] = {}
        selecting: dict[str, None] = {}
        for name, action in self.actions.items():
            if name in wanted or action.effect in wanted:
                selecting |= dict.fromkeys(each for each in action.hints if each not in action.content)
                for key, argument in self.arguments[name].items():
                    known = merged.get(key, argument).choices
                    choices = known + argument.choices if known and argument.choices else ()
                    merged[key] = replace(argument, choices=choices)
        return _Head(merged, tuple(selecting))

    def _type(self, kind: pst.EntityType) -> Iterator[Wrong]:
        name = str(kind)
        if name not in _ENTITIES:
            yield kind.basename, f"there is no type {name!r}{did_you_mean(name, _ENTITIES)}"

    def _entity(self, uid: pst.EntityUid) -> Iterator[Wrong]:
        known = self.entities.get(str(uid.type))
        if str(uid.type) == "Group" and uid.id not in self.groups:
            yield uid.id, self._no_group(uid.id)
        if known is not None and uid.id not in known:
            yield uid.id, f"there is no {uid.type} {uid.id!r}{did_you_mean(uid.id, known)}"
        system = uid.id.split("/")[0]
        if str(uid.type) == "Thing" and system not in self.systems:
            what = f"a Thing is called system/id, and there is no system {system!r}{did_you_mean(system, self.systems)}"
            yield uid.id, what

    def _attribute(self, kind: str, name: str, head: _Head) -> Iterator[Wrong]:
        known: Mapping[str, tuple[str, ...]] = {
            "principal": (),
            "action": (),
            "resource": tuple(RESOURCE),
            "context": ("args", *CONTEXT, *NUMBERS),
            "context.args": tuple(head.arguments),
        }
        owner = {kind: variable for variable, kind in _KINDS.items()}.get(kind, kind)
        if owner in known and name not in known[owner]:
            yield name, f"{owner} has no attribute {name!r}{did_you_mean(name, known[owner])}"

    def _comparison(self, node: pst.BinaryOp, head: _Head) -> Iterator[Wrong]:
        for one, other in product(_elements(node.left), _elements(node.right)):
            left, right = _kind(one), _kind(other)
            of_group = node.op == "in" and (left, right) == ("Person", "Group")
            if left != right and not of_group and {left, right} <= set(_ENTITIES):
                word = right if isinstance(other, pst.EntityLit) else left
                yield word, f"one side is of type {left}, the other {right}: they are never the same."
            for path, value in ((one, other), (other, one)):
                known = self._values(path, head)
                if isinstance(value, pst.StringLit) and _is_date(path) and not _DATE.fullmatch(value.value):
                    yield value.value, f"{_path(path)} is never {value.value!r}; it is written like '2026-12-24'."
                if isinstance(value, pst.StringLit) and known and value.value not in known:
                    yield value.value, f"{_path(path)} is never {value.value!r}{did_you_mean(value.value, known)}"
                if isinstance(value, pst.EntityLit) and node.op != "in":
                    yield from _group_as_action(value.value)

    def _values(self, path: pst.Expr, head: _Head) -> tuple[str, ...]:
        """All the texts a path can be, or have in it, where that is known."""
        match path:
            case pst.GetAttr(base=base, attr="system") if _kind(base) == "Thing":
                return self.systems
            case pst.GetAttr(base=base, attr="opened") if _kind(base) == "context":
                return (*self.systems, *OTHER_SOURCES)
            case pst.GetAttr(base=base, attr="outside") if _kind(base) == "context":
                return head.selecting
            case pst.GetAttr(base=base, attr=name) if _kind(base) == "context.args" and name in head.arguments:
                return head.arguments[name].choices
            case _:
                return ()


def _is_date(path: pst.Expr) -> bool:
    return isinstance(path, pst.GetAttr) and path.attr == "date" and _kind(path.base) == "context"


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
