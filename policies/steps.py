"""What a request may say about its steps, beyond calling them one after the other."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from policies.action import Json
from policies.errors import IntegrationError
from policies.order import together
from policies.output import Refused
from policies.outside import Outside, boxed
from policies.scope import Manner, Polling, in_manner

__all__ = ["NotYet", "offer", "together", "until"]

T = TypeVar("T")


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
    with in_manner(Manner(polling=Polling(done, what, every, within))):
        return await read()


async def offer(change: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    """Offer one change to the person, whatever the rules would let pass: its result, or None when it was declined.

    Args:
        change: calls exactly one action, for example `lambda: cdk.rollback("checkout", "staging")`.
    """
    try:
        with in_manner(Manner(offered=True)):  # until it is done: the action may be called inside a coroutine
            return await change()
    except Refused:
        return None


class NotYet(IntegrationError):
    """What was waited for did not come in time."""

    def __init__(self, what: str, seconds: float, last: str | Outside[str] | dict[str, Json]) -> None:
        super().__init__(what, seconds, last)
        self.what, self.seconds, self.last = what, seconds, boxed(last)

    def _parts(self) -> tuple[object, ...]:
        return (f"Waited {self.seconds:g} s in vain for {self.what}. At the end: ", self.last, ".")
