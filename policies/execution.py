"""The scope of a durable run: each action is one DBOS step, replayed in the order it was called in."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from dbos import DBOS
from dbos._core import StepOptions
from dbos._dbos import StepReservation

from policies.action import Call, Json
from policies.door import Door
from policies.order import Order
from policies.output import Origin, decode
from policies.plan import Change, Plan

T = TypeVar("T")


class StepsChanged(Exception):
    """A replayed run comes to another step than the one it recorded: its request's code was changed meanwhile."""


class Execution:
    """Takes a run's actions through the door, one durable step each."""

    def __init__(self, door: Door, origin: Origin, plan: Plan, before: int) -> None:
        """Begin.

        Args:
            door: takes each action.
            origin: whose run it is.
            plan: what was planned, which a person may have agreed to.
            before: how many DBOS steps the run has before its first action.
        """
        self.order: Order[StepReservation] = Order(DBOS.reserve_step)
        self._door, self._origin, self._plan, self._before = door, origin, plan, before
        self.opened: set[str] = set()
        self._results: dict[int, Json] = {}
        self._entered: set[int] = set()

    def enter(self, call: Call[T]) -> Coroutine[Any, Any, T]:
        """Give the call its number now, and find the planned change that it is, if any."""
        reservation = self.order.next()
        step = reservation.step_id - self._before
        self._entered.add(step)
        call = call.after(self.opened)
        planned = self._plan.change(step)
        if planned is not None and not planned.covers(call.name, call.json, self._results):
            planned = None
        return self._take(reservation, step, call, planned)

    async def _take(self, reservation: StepReservation, step: int, call: Call[Any], planned: Change | None) -> Any:
        self._check(step, call)
        options = StepOptions(name=call.name, preemptible=True)
        output: Json = await reservation.run_async(
            options, self._door.perform, self._origin, call, step, self._plan, planned
        )
        self._results[step] = output.get("result")
        self.opened.update(output.get("opened", ()))
        return decode(call, output)

    def _check(self, step: int, call: Call[Any]) -> None:
        for entry in self._door.history(self._origin, step):
            if entry.data["digest"] != call.digest:
                raise StepsChanged(f"step {step} was {entry.action} and is now {call.name}{_same(entry.action, call)}")

    def check_complete(self, recorded: set[int]) -> None:
        """Check that the run came to every step it recorded.

        Raises:
            StepsChanged: it left some out.
        """
        missing = recorded - self._entered
        if missing:
            raise StepsChanged(f"step {min(missing)} is not made any more")


def _same(action: str | None, call: Call[Any]) -> str:
    return " with other arguments" if action == call.name else ""
