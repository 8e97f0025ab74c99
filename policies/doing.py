"""Doing an action: once, however often it has to be tried."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from policies.action import Call, IntegrationError, Json, Unreachable
from policies.agreeing import Agreeing, Waits, said_no
from policies.output import Origin, decode, error, key_of, result
from policies.outside import Outside
from policies.scope import noting_opened
from policies.steps import NotYet

T = TypeVar("T")

logger = logging.getLogger("devos.doing")

ATTEMPTS = 5
"""How often an action is tried whose system does not answer."""


class Doing:
    """Performs reads again and again, and changes never twice."""

    def __init__(self, waits: Waits, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._waits, self._sleep = waits, sleep

    async def patiently(self, read: Callable[[], Awaitable[T]]) -> T:
        """Repeat what is safe to repeat while its system does not answer."""
        for attempt in range(1, ATTEMPTS):
            try:
                return await read()
            except Unreachable:
                await self._sleep(backoff(attempt))
        return await read()

    async def read(self, origin: Origin, call: Call[Any], step: int) -> Json:
        """Perform a read and return its output; a failure is an output too.

        What `done` opened stands in it under "opened": a replayed run takes the output and does not ask `done` again.
        """
        opened = set[str]()
        try:
            output = result(call, await self._read(origin, call, step, opened))
        except IntegrationError as failure:
            output = error(call, failure)
        return output | {"opened": sorted(opened)} if opened else output

    async def change(self, origin: Origin, call: Call[Any], step: int) -> Json:
        """Perform a change once and return its output; a failure is an output too.

        Raises:
            Unreachable: no answer came, so it may have happened or not.
        """
        try:
            return result(call, await call.perform(key_of(origin, call, step)))
        except Unreachable:
            raise
        except IntegrationError as no:
            return error(call, no)
        except Exception as bug:
            logger.exception("%s failed by a fault of DevOS", call.name)
            fault = f"{call.name} ended in a fault of DevOS ({type(bug).__name__}: {bug})"
            return error(call, IntegrationError(f"{fault}; whether it happened is not known."))

    async def settle(
        self, origin: Origin, call: Call[Any], step: int, attempt: int, agreeing: Agreeing | None
    ) -> Json | None:
        """Find out whether an attempt that left no result happened: its output, or None when it did not.

        Where the system does not tell, a person is asked; without `agreeing` nobody is, and it ends as an error.
        """
        if call.can_look_up:
            try:
                found = await self.patiently(lambda: call.look_up(key_of(origin, call, step)))
                return None if found is None else result(call, found.result)
            except IntegrationError:
                pass  # then only a person can know
        if agreeing is None:
            return error(call, IntegrationError(f"Whether {call.name} happened is not known."))
        approval = await agreeing.outcome(origin, call, step, attempt)
        if approval.status == "denied":
            return None
        if approval.status not in ("approved", "used"):
            return error(call, IntegrationError(f"Nobody said whether {call.name} happened. {said_no(approval)}"))
        told = {"digest": call.digest, "result": approval.result}
        try:
            decode(call, told)
        except ValidationError:
            text = f"{call.name} happened, says {approval.answered_by}, but the result it had is not known."
            return error(call, IntegrationError(text))
        return told

    async def _read(self, origin: Origin, call: Call[Any], step: int, opened: set[str]) -> Any:
        key, polling, spent = key_of(origin, call, step), call.manner.polling, 0.0
        if polling is None:
            return await self.patiently(lambda: call.perform(key))
        self._waits.set(self._waits.doing, origin.run, polling.what)
        try:
            while True:
                value = await self.patiently(lambda: call.perform(key))
                with noting_opened(opened):
                    if polling.done(value):
                        return value
                if polling.within is not None and spent >= polling.within:
                    raise NotYet(polling.what, polling.within, value if isinstance(value, Outside) else str(value))
                await self._sleep(polling.every)
                spent += polling.every
        finally:
            self._waits.set(self._waits.doing, origin.run, None)


def backoff(attempt: int) -> float:
    """Seconds before the next attempt: doubling from 0.25 to 8 at most, with jitter."""
    return float(min(0.25 * 2 ** (attempt - 1), 8.0) * (0.5 + random.random() / 2))
