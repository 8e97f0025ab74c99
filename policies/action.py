"""The one door out: every call that leaves the machine is an action.

An integration marks its methods with `@action`. The decorator gives the call its name, its facts and its whole
shape; what happens when somebody calls it is decided by the scope the call is made in (a durable run, a plan,
a reading). Outside every scope a call is an error that says what to do.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Concatenate, Generic, ParamSpec, TypeVar, get_args, get_type_hints, overload

from pydantic import TypeAdapter

from policies.errors import IntegrationError, OutsideRun, Unreachable
from policies.outside import MustStayBoxed, Outside, said, wire
from policies.scope import Manner, Polling, Scope, current_manner, current_scope, entered, idempotency_key, performing

__all__ = [
    "Action",
    "BoundAction",
    "Call",
    "Content",
    "Effect",
    "Found",
    "IntegrationError",
    "Json",
    "Manner",
    "MustStayBoxed",
    "Outside",
    "OutsideRun",
    "Polling",
    "Preview",
    "Scope",
    "Target",
    "Unreachable",
    "action",
    "actions_of",
    "current_scope",
    "digest",
    "entered",
    "idempotency_key",
    "performing",
    "said",
    "wire",
]

P = ParamSpec("P")
T = TypeVar("T")

Json = Any
"""None, bool, int, float, str, list or dict with string keys, all the way down."""


class Effect(StrEnum):
    """What an action does to the system it calls."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"


class _ContentMark:
    """Marks an argument as text that is only shown, never one that selects."""


Content = Annotated[str | Outside[str], _ContentMark()]
"""A title, a body, a reason: text that people read, its own or from outside; `wire(...)` gives the words to be sent.

Every other argument selects (target, recipient, path, amount), and takes nothing that is boxed.
"""


@dataclass(frozen=True)
class Target:
    """What an action touches: the policy's resource."""

    id: str
    """Unique within the system, for example "production/web-app"."""
    environment: str = "none"
    """production, staging, development, unknown, or "none" where the word does not apply (a ticket, a dashboard)."""


@dataclass(frozen=True)
class Preview:
    """What a change would do, said before it is done."""

    summary: str
    """One sentence in the imperative: "Scale web-app in production from 4 to 10 replicas"."""
    undo: str = ""
    """How it would be taken back, in words; empty where it cannot be."""
    before: int | None = None
    after: int | None = None
    """The number that changes, for the rules about leaps and bounds."""
    cost: int | None = None
    """What it will cost in US dollars a month, rounded up; None where it costs nothing or that is not known."""
    evidence: str = ""
    """A diff, a cost, a server-side dry run: whatever lets a person judge."""


@dataclass(frozen=True)
class Found(Generic[T]):
    """A lookup's answer when the change did happen, with the result it had."""

    result: T


class Action(Generic[P, T]):
    """One method of an integration with everything the door has to know about it.

    The companions are set the way a property's setter is:

        @action(Effect.CHANGE, bound=50)
        async def scale(self, deployment: str, namespace: str, replicas: int) -> Scaled: ...

        @scale.target
        def _scale_target(self, deployment: str, namespace: str, replicas: int) -> Target: ...
    """

    def __init__(
        self,
        method: Callable[Concatenate[Any, P], Awaitable[T]],
        effect: Effect,
        bound: int | None,
        selects_change: str | None,
    ) -> None:
        self.method = method
        self.effect = effect
        self.bound = bound
        self.selects_change = selects_change
        self.__doc__ = method.__doc__
        self._target: Callable[..., Target] | None = None
        self._preview: Callable[..., Awaitable[Preview]] | None = None
        self._lookup: Callable[..., Awaitable[Found[T] | None]] | None = None
        self._undo: Callable[..., Call[Any]] | None = None
        self.name = method.__name__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"{owner.__name__.lower()}.{name}"

    @overload
    def __get__(self, owner: None, cls: type) -> Action[P, T]: ...
    @overload
    def __get__(self, owner: object, cls: type) -> BoundAction[P, T]: ...
    def __get__(self, owner: object | None, cls: type) -> Action[P, T] | BoundAction[P, T]:
        return self if owner is None else BoundAction(self, owner)

    def target(self, function: Callable[Concatenate[Any, P], Target]) -> Callable[Concatenate[Any, P], Target]:
        """Set how the arguments name the resource and its environment; no I/O."""
        self._target = function
        return function

    def preview(
        self, function: Callable[Concatenate[Any, P], Awaitable[Preview]]
    ) -> Callable[Concatenate[Any, P], Awaitable[Preview]]:
        """Set what the change would do, said from the state as it is now. May read, must not change."""
        self._preview = function
        return function

    def lookup(
        self, function: Callable[Concatenate[Any, P], Awaitable[Found[T] | None]]
    ) -> Callable[Concatenate[Any, P], Awaitable[Found[T] | None]]:
        """Set how to find out whether the change happened; `idempotency_key()` holds the key it was made with."""
        self._lookup = function
        return function

    def undo(self, function: Callable[..., Call[Any]]) -> Callable[..., Call[Any]]:
        """Set the call that takes the change back: `(self, result, **arguments) -> self.other.call(...)`."""
        self._undo = function
        return function

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The parameters' annotations by name, in order."""
        hints = get_type_hints(self.method, include_extras=True)
        return {name: hints[name] for name in list(self.signature.parameters)[1:]}

    @cached_property
    def signature(self) -> inspect.Signature:
        """The method's signature, `self` included."""
        return inspect.signature(self.method)

    @cached_property
    def content(self) -> frozenset[str]:
        """The names of the arguments that are only shown."""
        return frozenset(
            name
            for name, hint in self.hints.items()
            if any(isinstance(mark, _ContentMark) for mark in get_args(hint)[1:])
        )

    @cached_property
    def arguments(self) -> dict[str, TypeAdapter[Any]]:
        """An adapter for each parameter, which writes it as JSON."""
        return {name: TypeAdapter(hint) for name, hint in self.hints.items()}

    @cached_property
    def result(self) -> TypeAdapter[T]:
        """The adapter that writes the result as JSON and reads it back."""
        return TypeAdapter(get_type_hints(self.method)["return"])


class BoundAction(Generic[P, T]):
    """An action of one connected system: call it inside a run, or make a `Call` of it for later."""

    def __init__(self, action: Action[P, T], owner: object) -> None:
        self.action = action
        self.owner = owner

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        """Hand the call to the scope it is made in.

        Raises:
            OutsideRun: there is no scope, the call is inside another action, or in a task the run does not know.
            MustStayBoxed: an argument that selects is a value from outside that nobody opened.
        """
        return current_scope(self.action.name).enter(self.call(*args, **kwargs))

    def call(self, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """The call as a value, not made yet."""
        bound = self.action.signature.bind(self.owner, *args, **kwargs)
        bound.apply_defaults()
        arguments = dict(list(bound.arguments.items())[1:])
        for name, value in arguments.items():
            if isinstance(value, Outside) and name not in self.action.content:
                raise MustStayBoxed(f"{name} of {self.action.name} selects, and got {value!r}: open() it on purpose.")
        return Call(self.action, self.owner, arguments, current_manner())


@dataclass(frozen=True)
class Call(Generic[T]):
    """One call of one action with its arguments."""

    action: Action[..., T]
    owner: object
    arguments: dict[str, Any]
    manner: Manner = field(default_factory=Manner, compare=False)
    opened: tuple[str, ...] = field(default=(), compare=False)
    """Where the values came from that its run had opened before it was called."""

    @property
    def name(self) -> str:
        """The action's full name, for example "kubernetes.scale"."""
        return self.action.name

    @cached_property
    def json(self) -> dict[str, Json]:
        """The arguments as JSON."""
        return {name: self.dump(name) for name in self.arguments}

    def after(self, opened: Collection[str]) -> Call[T]:
        """The same call, made after its run opened values from these places."""
        return replace(self, opened=tuple(sorted(opened))) if opened else self

    def dump(self, name: str) -> Json:
        """One argument as JSON."""
        return self.action.arguments[name].dump_python(self.arguments[name], mode="json", warnings="error")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the action's name and arguments, in hexadecimal."""
        return digest({"action": self.name, "args": self.json})

    def target(self) -> Target:
        """What the call touches; without a declared target, the first argument of a thing without environment."""
        if self.action._target is not None:
            return self.action._target(self.owner, **self.arguments)
        return Target(str(next(iter(self.arguments.values()), "")))

    async def preview(self) -> Preview:
        """What the call would do; without a declared preview, the action's first docstring line."""
        if self.action._preview is not None:
            with performing(self.name, None):
                return await self.action._preview(self.owner, **self.arguments)
        return Preview(inspect.cleandoc(self.action.__doc__ or self.name).splitlines()[0].rstrip("."))

    async def perform(self, key: str) -> T:
        """Do it, here and now. Only the door calls this."""
        with performing(self.name, key):
            return await self.action.method(self.owner, **self.arguments)

    @property
    def can_look_up(self) -> bool:
        """Whether the action can find out if it happened."""
        return self.action._lookup is not None

    async def look_up(self, key: str) -> Found[T] | None:
        """Find out whether it happened; None when it did not."""
        assert self.action._lookup is not None, f"{self.name} has no lookup"
        with performing(self.name, key):
            return await self.action._lookup(self.owner, **self.arguments)

    def undo(self, result: T) -> Call[Any] | None:
        """The call that would take this one back, or None where none is declared."""
        return self.action._undo(self.owner, result, **self.arguments) if self.action._undo is not None else None


def digest(value: Json) -> str:
    """SHA-256 of the canonical JSON (sorted keys, no spaces, UTF-8) of a value, in hexadecimal."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def action(
    effect: Effect, *, bound: int | None = None, change: str | None = None
) -> Callable[[Callable[Concatenate[Any, P], Awaitable[T]]], Action[P, T]]:
    """Make a method an action.

    Args:
        effect: what it does to the system.
        bound: the largest number its preview's `after` may reach before a person is asked.
        change: the name of the argument that holds a ServiceNow change's number, where a rule may require one.
    """
    return lambda method: Action(method, effect, bound, change)


def actions_of(system: type) -> dict[str, Action[..., Any]]:
    """The actions a system's class declares, by full name."""
    found = (value for value in vars(system).values() if isinstance(value, Action))
    return {each.name: each for each in found}
