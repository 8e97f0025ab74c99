"""A whole DevOS in one folder, round the small cluster."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import aclosing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cluster import ACTIONS, Cdk, Gate, Kubernetes, Wire

from policies.action import Call, entered
from policies.approvals import Approval, Approvals
from policies.audit.checkpoint import Signer
from policies.audit.log import Log
from policies.brake import Brake
from policies.constants import texts_of
from policies.decision import Level
from policies.door import Door
from policies.engine import Rules, rule_files
from policies.order import Order
from policies.output import Origin, decode
from policies.people import People
from policies.plan import Plan
from policies.runs import Request, Runs
from policies.store import engine_of, prepare

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PATIENCE = 20.0
"""Seconds after which a test that waits for what never comes has failed."""

Workflow = Callable[..., Awaitable[str]]


class Steps:
    """A scope that takes each action through the door as a step of its own, never covered by a plan."""

    def __init__(self, door: Door, run: str, first: int = 1) -> None:
        self.order = Order(count(first).__next__)
        self.opened: set[str] = set()
        self._door, self._origin = door, Origin(run, "ana", "typed", "any", "simple")

    def enter(self, call: Call[Any]) -> Coroutine[Any, Any, Any]:
        return self._take(call.after(self.opened), self.order.next())

    async def _take(self, call: Call[Any], step: int) -> Any:
        return decode(call, await self._door.perform(self._origin, call, step, Plan(), None))


class DevOS:
    """Everything the daemon would build, in one folder."""

    def __init__(
        self,
        folder: Path,
        *,
        url: str | None = None,
        executor: str = "here",
        rules: str = "",
        gate: Gate | None = None,
        clock: Callable[[], datetime] | None = None,
        tick: Callable[[float], Awaitable[None]] | None = None,
        requests: Iterable[Workflow] = (),
        people: People | None = None,
    ) -> None:
        """Build.

        Args:
            folder: holds whatever outlives the process.
            url: the runs' database; SQLite in the folder by default.
            executor: who this is on a shared database.
            rules: Cedar rules besides the shipped ones.
            gate: the change management system, if any.
            clock: the approvals' clock.
            tick: how approvals sleep between two looks at the database; by default they hear of answers only.
            requests: what runs that are not finished may come back to.
            people: who may approve; by default anybody.
        """
        self.wire = Wire(folder / "cluster")
        self.kubernetes, self.cdk = Kubernetes(self.wire), Cdk(self.wire)
        self.requests: dict[str, Workflow] = {each.__name__: each for each in requests}
        (folder / "rules").mkdir(parents=True, exist_ok=True)
        (folder / "rules" / "own.cedar").write_text(rules)
        self.folder = folder
        self.log = Log(folder / "audit.db", Signer.load_or_create(folder / "keys"))
        self.engine = engine_of(url or f"sqlite:///{folder / 'runs.db'}")
        self.approvals = Approvals(
            self.engine,
            self.log,
            people=people,
            ceilings={"test": Level.APPROVE},
            sleep=tick or never,
            **({} if clock is None else {"clock": clock}),
        )
        self.brake, self.slept = Brake(folder), list[float]()
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self.rules = Rules.load(rule_files(folder), ACTIONS)
        self.door = Door(
            self, self.log, self.approvals, self.brake, gate, clock=clock or (lambda: START), sleep=self._sleep
        )
        self.runs = Runs(
            self.engine,
            self.log,
            self.approvals,
            self.door,
            self._perform,
            executor=executor,
            constants=lambda intent: texts_of(self.requests[intent]),
            sleep=self._sleep,
        )
        self._moved, self._tell = asyncio.Event(), self.door.waits.changed
        self.door.waits.changed = self._changed

    async def __aenter__(self) -> DevOS:
        await self.runs.launch()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.runs.close()
        self.close()

    def close(self) -> None:
        """Let go of the files, where nothing was launched."""
        # Threads of DBOS that are not done yet hand their connections back later.
        sa.event.listen(self.engine, "checkin", lambda _, record: record.invalidate())
        self.engine.dispose()
        self.log.close()

    def prepared(self) -> DevOS:
        """With the tables made, for what needs no runs."""
        prepare(self.engine)
        return self

    def decide(self, facts: Any) -> Any:
        """Judge by the rules as they are at the moment."""
        return self.rules.decide(facts)

    def rule(self, text: str) -> None:
        """Change the rules under way: own ones that come besides the shipped ones."""
        (self.folder / "rules" / "own.cedar").write_text(text)
        self.rules = Rules.load(rule_files(self.folder), ACTIONS)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.sleep(0)

    async def _perform(self, intent: str, slots: dict[str, Any]) -> str:
        return await self.requests[intent](self, **slots)

    def _changed(self, run: str) -> None:
        self._tell(run)
        self._moved.set()

    async def take(self, workflow: Workflow, run: str = "run-1", first: int = 1, **slots: Any) -> str:
        """Carry out a workflow through the door without DBOS, which remembers nothing between two calls."""
        with entered(Steps(self.door, run, first)):
            return await workflow(self, **slots)

    async def plan(self, workflow: Workflow, **slots: Any) -> Plan:
        """What a workflow would change."""
        self.requests[workflow.__name__] = workflow
        return await self.runs.plan(request(workflow.__name__, **slots))

    async def question(self) -> Approval:
        """The first question that is open, once there is one."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self._moved.clear()
                for found in self.approvals.open():
                    return found
                await self._moved.wait()

    async def answer(self, yes: bool = True, by: str = "ana", **answer: Any) -> Approval:
        """Answer the first question that is open, once there is one."""
        question = await self.question()
        return await self.approvals.answer(question.id, yes, by, "test", **answer)

    async def start(self, workflow: Workflow, person: str = "ana", **slots: Any) -> str:
        """Start a run of a workflow, which is called with this DevOS and the slots."""
        self.requests[workflow.__name__] = workflow
        return await self.runs.start(request(workflow.__name__, person, **slots))

    async def ended(self, run: str) -> dict[str, Any]:
        """The run once it has ended."""
        return await self.when(run, lambda shown: False)

    async def when(self, run: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The run as soon as something is so of it, at the latest when it has ended."""
        async with asyncio.timeout(PATIENCE), aclosing(self.runs.follow(run)) as following:
            async for shown in following:
                if is_so(shown):
                    break
        return shown

    async def asked(self, run: str) -> dict[str, Any]:
        """The question that the run comes to."""
        shown = await self.when(run, lambda shown: shown["status"] == "asking")
        assert shown["approvals"], shown
        return dict(shown["approvals"][0])

    async def do(self, workflow: Workflow, **slots: Any) -> dict[str, Any]:
        """Run a workflow that nobody is asked about, to its end."""
        return await self.ended(await self.start(workflow, **slots))

    async def agree(self, run: str, yes: bool = True, by: str = "ana", **answer: Any) -> dict[str, Any]:
        """Answer the question that the run comes to, and return it."""
        question = await self.asked(run)
        await self.approvals.answer(question["id"], yes, by, "test", **answer)
        return question

    def types(self, run: str) -> list[str]:
        """What the audit log holds of a run's actions, in short."""
        return [entry.type.removeprefix("devos.") for entry in self.log.entries(run=run)]


def request(intent: str, person: str = "ana", **slots: Any) -> Request:
    """What a run is started with."""
    return Request(f"do {intent}", "typed", 1.0, None, intent, slots, "simple", person, "0.1.0")


async def never(_: float) -> None:
    """Sleep until cancelled."""
    await asyncio.Event().wait()


async def life(scene: Coroutine[Any, Any, Any]) -> Any:
    """Play a scene on an event loop of its own, at whose end everything that still runs is cut off."""
    return await asyncio.to_thread(asyncio.run, scene)


def die() -> None:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), 9)
