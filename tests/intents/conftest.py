"""Requests carried out for real: rules, log, approvals and the simulated systems, in a scope without DBOS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from daemon.systems import known_actions, simulated
from integrations.sandbox import process
from integrations.sandbox.client import Sandbox
from integrations.servicenow import ServiceNow
from intents.intent import Intent
from policies.action import Call, Json, entered
from policies.agreeing import Verdict, Waits
from policies.approvals import Approvals
from policies.audit.checkpoint import Signer
from policies.audit.log import Log
from policies.brake import Brake
from policies.door import Door
from policies.engine import SHIPPED, Rules
from policies.order import Order
from policies.output import Origin, decode
from policies.outside import words
from policies.plan import Plan
from policies.store import engine_of, prepare

PATIENCE = 60.0
"""Seconds after which a request that waits for what never comes has failed."""
ENVIRONMENTS = {"production": "production", "staging": "staging"}


class Scope:
    """Takes every action through the door, one after the other, with no plan behind it."""

    def __init__(self, door: Door, origin: Origin) -> None:
        numbers = count(1)
        self.order: Order[int] = Order(lambda: next(numbers))
        self.opened: set[str] = set()
        self._door, self._origin = door, origin

    def enter(self, call: Call[Any]) -> Coroutine[Any, Any, Any]:
        return self._take(self.order.next(), call.after(self.opened))

    async def _take(self, step: int, call: Call[Any]) -> Any:
        return decode(call, await self._door.perform(self._origin, call, step, Plan(), None))


@dataclass
class Company:
    """The simulated systems with a person who answers, and a way to carry out requests there."""

    door: Door
    approvals: Approvals
    systems: Mapping[type, object]
    sandbox: Sandbox
    asked: list[dict[str, Json]] = field(default_factory=list)
    """Every change that the person was asked about, in order."""
    says: Callable[[str], bool] = lambda action: True
    """What the person answers when asked about an action."""

    _runs: Iterator[int] = field(default_factory=count)

    async def do(self, request: Intent, **slots: Json) -> str:
        """Carry out a request; what is said at the end."""
        origin = Origin(f"run-{next(self._runs)}", "ada", "typed", request.name, request.tier)
        async with asyncio.timeout(PATIENCE):
            with entered(Scope(self.door, origin)):
                return words(await request.run(request.slots_from_json(slots), self.systems))

    async def answer(self) -> None:
        for question in self.approvals.open():
            (change,) = question.plan
            self.asked.append(change)
            by = "grace" if question.level == "approve" else "ada"  # somebody else, or whoever asked
            await self.approvals.answer(question.id, self.says(change["action"]), by, "terminal", because="so")

    def state(self, system: str) -> dict[str, Any]:
        return dict(self.sandbox.state()[system])

    def comments(self, issue: str) -> list[str]:
        return [each["text"] for each in self.state("jira")["issues"][issue]["comments"]]

    def changes(self, system: str) -> list[str]:
        """The paths of the requests that changed a system."""
        return [
            each["path"].partition("?")[0]
            for each in self.sandbox.journal(system)
            if each["method"] in ("POST", "PUT", "PATCH", "DELETE", "EXEC")
        ]


@pytest.fixture(scope="session")
def sandbox_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("company") / "sandbox"
    process.ensure(folder)
    yield folder
    process.stop(folder)


@pytest.fixture
async def company(sandbox_folder: Path, tmp_path: Path) -> AsyncIterator[Company]:
    sandbox = Sandbox.at(sandbox_folder)
    sandbox.reset()
    sandbox.settings(rollout_seconds=0, cdk_seconds=0, change_approval_seconds=0)
    systems = simulated(sandbox.endpoints, ENVIRONMENTS, tmp_path, sandbox_folder)
    log = Log(tmp_path / "audit.db", Signer.load_or_create(tmp_path / "keys"))
    engine = engine_of(f"sqlite:///{tmp_path / 'runs.db'}")
    prepare(engine)
    approvals = Approvals(engine, log)
    answering: set[asyncio.Task[None]] = set()

    def changed(run: str) -> None:
        if approvals.open():
            answering.add(asyncio.create_task(company.answer()))

    async def no_time(seconds: float) -> None:
        """Time goes by as fast as the systems answer."""
        await asyncio.sleep(0)

    async def gate(number: str) -> Verdict:
        servicenow = systems[ServiceNow]
        assert isinstance(servicenow, ServiceNow)
        state = await servicenow.change_state(number)
        return Verdict(state.approved, state.refused, state.by, state.text)

    rules = Rules.load(sorted(SHIPPED.glob("*.cedar")), known_actions())
    door = Door(rules, log, approvals, Brake(tmp_path), gate, waits=Waits(changed), sleep=no_time)
    company = Company(door, approvals, systems, sandbox)
    yield company
    await asyncio.gather(*answering)
    for system in systems.values():
        if hasattr(system, "aclose"):
            await system.aclose()
    log.close()
    engine.dispose()
