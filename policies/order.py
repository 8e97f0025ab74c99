"""The order of a run's steps, and steps side by side.

A step's number is drawn when its action is called, so that a replayed run gives every step the number it had. Branches
that run side by side each own a block of numbers, whichever of them is faster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextvars import ContextVar
from typing import Any, Generic, TypeVar, overload

from policies.scope import current_scope, entered

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
N = TypeVar("N")

BLOCK = 100
"""How many steps one branch of `together` may have."""

_block: ContextVar[Iterator[Any] | None] = ContextVar("devos_block", default=None)


class TooManySteps(RuntimeError):
    """A branch of `together` has more steps than its block has numbers."""


class Order(Generic[N]):
    """Draws the numbers of one run's steps."""

    def __init__(self, draw: Callable[[], N]) -> None:
        self._draw = draw

    def next(self) -> N:
        """The next number of the branch this is called in.

        Raises:
            TooManySteps: the branch's block is used up.
        """
        block: Iterator[N] | None = _block.get()
        if block is None:
            return self._draw()
        for number in block:
            return number
        raise TooManySteps(f"A branch of together() has more than {BLOCK} steps; put some before or after.")

    def block(self) -> list[N]:
        """A block of numbers for one branch.

        Raises:
            TooManySteps: called inside a branch, whose own block is no larger.
        """
        if _block.get() is not None:
            raise TooManySteps("together() was called inside a branch of together(); make all branches in one call.")
        return [self._draw() for _ in range(BLOCK)]


@overload
async def together(a: Coroutine[Any, Any, A], b: Coroutine[Any, Any, B], /) -> tuple[A, B]: ...
@overload
async def together(
    a: Coroutine[Any, Any, A], b: Coroutine[Any, Any, B], c: Coroutine[Any, Any, C], /
) -> tuple[A, B, C]: ...
@overload
async def together(
    a: Coroutine[Any, Any, A], b: Coroutine[Any, Any, B], c: Coroutine[Any, Any, C], d: Coroutine[Any, Any, D], /
) -> tuple[A, B, C, D]: ...
@overload
async def together(*branches: Coroutine[Any, Any, A]) -> tuple[A, ...]: ...
async def together(*branches: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """Run branches side by side: wait for all of them, then return their values, or raise the first one's error.

    A branch is an action call or a coroutine that calls several.

    Raises:
        TooManySteps: a branch has more steps than a block holds, or calls `together` itself.
    """
    if not branches:
        return ()
    try:
        scope = current_scope("together")
        blocks: list[list[Any]] = [scope.order.block() for _ in branches]
    except BaseException:
        for branch in branches:
            branch.close()
        raise

    async def one(branch: Coroutine[Any, Any, Any], block: list[Any]) -> Any:
        _block.set(iter(block))
        with entered(scope):
            return await branch

    tasks = [asyncio.create_task(one(branch, block)) for branch, block in zip(branches, blocks, strict=True)]
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    failed = [error for task in tasks if (error := task.exception()) is not None]  # asks all, or asyncio complains
    if failed:
        raise failed[0]
    return tuple(task.result() for task in tasks)
