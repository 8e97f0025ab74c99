"""Where actions may be called: the scope of a run, a plan or a test, carried by the task that runs in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from policies.action import Call
    from policies.order import Order

T = TypeVar("T")


class OutsideRun(RuntimeError):
    """An action was called where none may be: outside a run, inside another action, or in a stray task."""


class Scope(Protocol):
    """Where actions may be called: decides what a call does."""

    @property
    def order(self) -> Order[Any]:
        """Draws the numbers of the scope's steps."""

    @property
    def opened(self) -> set[str]:
        """Where the values from outside came from that were opened in this scope so far."""

    def enter(self, call: Call[T]) -> Coroutine[Any, Any, T]:
        """Take the call; its place in the order is fixed now, not when the coroutine is awaited."""


@dataclass(frozen=True)
class Polling:
    """Asks the door to repeat a read inside one step until its value satisfies `done`."""

    done: Callable[[Any], bool]
    what: str
    every: float
    """Seconds between two reads."""
    within: float | None
    """Seconds until `NotYet`; None for no limit."""


@dataclass(frozen=True)
class Manner:
    """How a call is to be made, besides with its arguments."""

    polling: Polling | None = None
    offered: bool = False
    """Whether a person is to be asked in any case, and may decline."""


_scope: ContextVar[tuple[Scope, asyncio.Task[Any] | None] | None] = ContextVar("devos_scope", default=None)
_performing: ContextVar[str | None] = ContextVar("devos_performing", default=None)
_key: ContextVar[str | None] = ContextVar("devos_idempotency_key", default=None)
_manner: ContextVar[Manner] = ContextVar("devos_manner")
_noting: ContextVar[set[str] | None] = ContextVar("devos_noting", default=None)


def idempotency_key() -> str:
    """The key of the action being performed or looked up: the same on every attempt at the same step.

    Raises:
        OutsideRun: nothing is being performed.
    """
    key = _key.get()
    if key is None:
        raise OutsideRun("idempotency_key() has a value only inside an action; call it from the action's own body.")
    return key


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


def in_request() -> bool:
    """Whether this is a request's own code, as against an action's body, a test, or the daemon."""
    return _scope.get() is not None and _performing.get() is None


def is_performing() -> bool:
    """Whether this is an action's own body, preview or lookup."""
    return _performing.get() is not None


def note_opened(sources: Iterable[str]) -> None:
    """Note that a request's own code opened values from these places."""
    entered = _scope.get()
    if entered is not None and in_request():
        found = tuple(sources)
        entered[0].opened.update(found)
        if (noting := _noting.get()) is not None:
            noting.update(found)


@contextmanager
def noting_opened(into: set[str]) -> Iterator[None]:
    """Collect, besides, from where the values come that are opened inside: what a replay does not do again."""
    token = _noting.set(into)
    try:
        yield
    finally:
        _noting.reset(token)


@contextmanager
def entered(scope: Scope) -> Iterator[None]:
    """Make `scope` the one that this task's actions go through."""
    token = _scope.set((scope, asyncio.current_task()))
    try:
        yield
    finally:
        _scope.reset(token)


def current_manner() -> Manner:
    """The manner in which a call made here and now is to be made."""
    return _manner.get(Manner())


@contextmanager
def in_manner(manner: Manner) -> Iterator[None]:
    """Make the calls made inside in that manner."""
    token = _manner.set(manner)
    try:
        yield
    finally:
        _manner.reset(token)


@contextmanager
def performing(name: str, key: str | None) -> Iterator[None]:
    """Mark that an action's own body runs, in which no other action may be called."""
    name_token, key_token = _performing.set(name), _key.set(key)
    try:
        yield
    finally:
        _performing.reset(name_token)
        _key.reset(key_token)
