"""The one door out: every call that leaves the machine is an action.

An integration marks its methods with `@action`. The decorator gives the call its name, its facts and its whole
shape; what happens when somebody calls it is decided by the scope the call is made in (a durable run, a plan,
a reading). Outside every scope a call is an error that says what to do.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Concatenate,
    Generic,
    ParamSpec,
    Protocol,
    TypeVar,
    get_args,
    get_type_hints,
    overload,
)

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from policies.order import Order

P = ParamSpec("P")
T = TypeVar("T")

Json = Any
"""None, bool, int, float, str, list or dict with string keys, all the way down."""


class Effect(StrEnum):
    """What an action does to the system it calls."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"


class IntegrationError(Exception):
    """A system said no, and why. Its arguments must be JSON, so that a replayed run raises the same error."""

    known: ClassVar[dict[str, type[IntegrationError]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        IntegrationError.known[f"{cls.__module__}.{cls.__qualname__}"] = cls

    @property
    def kind(self) -> str:
        """The class's full name, by which `known` finds it again."""
        return f"{type(self).__module__}.{type(self).__qualname__}"


IntegrationError.known[f"{IntegrationError.__module__}.{IntegrationError.__qualname__}"] = IntegrationError


class Unreachable(IntegrationError):
    """No answer came, so whether a change happened is not known. Only this error is ever tried again."""


class OutsideRun(RuntimeError):
    """An action was called where none may be: outside a run, inside another action, or in a stray task."""


class _ContentMark:
    """Marks an argument as text that is only shown, never one that selects."""


Content = Annotated[str, _ContentMark()]
"""A title, a body, a reason: text that people read. Every other argument selects (target, recipient, path, amount)."""


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
    evidence: str = ""
    """A diff, a cost, a server-side dry run: whatever lets a person judge."""


@dataclass(frozen=True)
class Found(Generic[T]):
    """A lookup's answer when the change did happen, with the result it had."""

    result: T


class Scope(Protocol):
    """Where actions may be called: decides what a call does."""

    @property
    def order(self) -> Order[Any]:
        """Draws the numbers of the scope's steps."""

    def enter(self, call: Call[T]) -> Coroutine[Any, Any, T]:
        """Take the call; its place in the order is fixed now, not when the coroutine is awaited."""


@dataclass(frozen=True)
class Polling:
    """Asks the door to repeat a read inside one step until its value satisfies `done`."""

    done: Callable[[Any], bool]
    what: str
    every: float
    within: float | None


_scope: ContextVar[tuple[Scope, asyncio.Task[Any] | None] | None] = ContextVar("devos_scope", default=None)
_performing: ContextVar[str | None] = ContextVar("devos_performing", default=None)
_key: ContextVar[str | None] = ContextVar("devos_idempotency_key", default=None)
_polling: ContextVar[Polling | None] = ContextVar("devos_polling", default=None)


def idempotency_key() -> str:
    """The key of the action being performed or looked up: the same on every attempt at the same step.

    Raises:
        OutsideRun: nothing is being performed.
    """
    key = _key.get()
    if key is None:
        raise OutsideRun("idempotency_key() has a value only inside an action; call it from the action's own body.")
    return key


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
        """
        return current_scope(self.action.name).enter(self.call(*args, **kwargs))

    def call(self, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """The call as a value, not made yet."""
        bound = self.action.signature.bind(self.owner, *args, **kwargs)
        bound.apply_defaults()
        arguments = dict(list(bound.arguments.items())[1:])
        return Call(self.action, self.owner, arguments, _polling.get())


@dataclass(frozen=True)
class Call(Generic[T]):
    """One call of one action with its arguments."""

    action: Action[..., T]
    owner: object
    arguments: dict[str, Any]
    polling: Polling | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The action's full name, for example "kubernetes.scale"."""
        return self.action.name

    @cached_property
    def json(self) -> dict[str, Json]:
        """The arguments as JSON."""
        return {name: self.dump(name) for name in self.arguments}

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


def current_scope(name: str) -> Scope:
    """The scope an action called here and now belongs to.

    Raises:
        OutsideRun: there is none, or this place may not call actions; the message says what to do.
    """
    outer = _performing.get()
    if outer is not None:
        raise OutsideRun(f"{name} was called inside {outer}. Share a plain method between the two instead.")
    entered = _scope.get()
    if entered is None:
        raise OutsideRun(f"{name} was called outside a run. Start one: `runs.start(...)`, or `devos say`.")
    scope, task = entered
    if task is not asyncio.current_task():
        raise OutsideRun(f"{name} was called in a stray task. Put steps side by side with `together(...)`.")
    return scope


@contextmanager
def entered(scope: Scope) -> Iterator[None]:
    """Make `scope` the one that this task's actions go through."""
    token = _scope.set((scope, asyncio.current_task()))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def performing(name: str, key: str | None) -> Iterator[None]:
    """Mark that an action's own body runs, in which no other action may be called."""
    name_token, key_token = _performing.set(name), _key.set(key)
    try:
        yield
    finally:
        _performing.reset(name_token)
        _key.reset(key_token)


async def until(
    read: Callable[[], Coroutine[Any, Any, T]],
    done: Callable[[T], bool],
    *,
    what: str,
    every: float = 2.0,
    within: float | None = None,
) -> T:
    """Repeat one read as a single step until `done` is satisfied by its value.

    Args:
        read: calls exactly one read action, for example `lambda: kubernetes.rollout("web-app", "production")`.
        done: whether a value is what was waited for.
        what: what is waited for, in words: shown while the run waits.
        every: seconds between two reads.
        within: seconds until `NotYet` is raised; None waits for ever.

    Raises:
        NotYet: the time was over; the message says how the last value stood.
    """
    token = _polling.set(Polling(done, what, every, within))
    try:
        coroutine = read()
    finally:
        _polling.reset(token)
    return await coroutine


class NotYet(IntegrationError):
    """What was waited for did not come in time."""

    def __init__(self, what: str, seconds: float, last: str) -> None:
        super().__init__(what, seconds, last)
        self.what, self.seconds, self.last = what, seconds, last

    def __str__(self) -> str:
        return f"{self.what}: not after {self.seconds:g} s; at the end it was {self.last}."
