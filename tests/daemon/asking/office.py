"""An office: questions, the record, the door, the simulated systems, and ways of asking whose time the test passes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from daemon.asking.inbox import Inbox, Way
from daemon.asking.servicenow import ServiceNowWay
from daemon.asking.teams import TeamsWay
from daemon.systems import known_actions
from integrations.graph import SignIn
from integrations.sandbox import graph_messages
from integrations.sandbox.client import Sandbox
from integrations.sandbox.endpoints import Endpoints
from integrations.sandbox.graph import entra_id
from integrations.sandbox.server import served
from integrations.sandbox.world import World
from integrations.servicenow_approvals import ServiceNowApprovals
from integrations.teams import Teams
from policies.approval import Approval
from policies.approvals import Approvals
from policies.audit.checkpoint import Signer
from policies.audit.log import Log
from policies.brake import Brake
from policies.decision import Demand, Level
from policies.door import Door
from policies.engine import Rules, rule_files
from policies.people import People
from policies.store import engine_of, prepare

PATIENCE = 20.0
"""Seconds after which a test that waits for what never comes has failed."""
NAMES = {"ana": "tomas.lindqvist", "dana": "dana.whitfield", "marcus": "marcus.oyelaran", "priya": "priya.raman"}
"""Person → the user name in the simulated company."""
PEOPLE = People(
    {name: {"entra": entra_id(user), "servicenow": user} for name, user in NAMES.items()},
    {"payments": ("priya", "ana")},
)
CHANGE: dict[str, Any] = {
    "step": 2,
    "action": "kubernetes.scale",
    "args": {"deployment": "web-app", "namespace": "production", "replicas": 10},
    "target": "production/web-app",
    "environment": "production",
    "summary": "Scale web-app in production from 4 to 10 replicas",
    "undo": "Scale it back to 4",
    "evidence": "",
    "before": 4,
    "after": 10,
    "cost": None,
    "level": "approve",
    "rule": "leads-approve",
    "where": "own.cedar:3",
    "because": "It is in production.",
    "outside": [],
    "opened": [],
    "quoted": {},
}


class Time:
    """Passes when the test says so: whoever sleeps, sleeps until then."""

    def __init__(self) -> None:
        self._sleeping: list[asyncio.Future[None]] = []
        self._moved = asyncio.Event()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        waked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleeping.append(waked)
        self._moved.set()
        await waked

    async def until(self, is_so: Callable[[], Any]) -> Any:
        """Let time pass until something is so; what it then is."""
        async with asyncio.timeout(PATIENCE):
            while not (found := is_so()):
                self._moved.clear()
                sleeping, self._sleeping = self._sleeping, []
                for each in sleeping:
                    if not each.done():
                        each.set_result(None)
                await self._moved.wait()
        return found


class Office:
    """One daemon's worth of asking, on a folder that a later one may take over."""

    def __init__(self, folder: Path, endpoints: Endpoints, channel: Mapping[str, str], people: People = PEOPLE) -> None:
        self.time = Time()
        self.log = Log(folder / "audit.db", Signer.load_or_create(folder / "keys"))
        self.engine = engine_of(f"sqlite:///{folder / 'runs.db'}")
        prepare(self.engine)
        self.approvals = Approvals(self.engine, self.log, people=people, sleep=self.time.sleep)
        rules = Rules.load(rule_files(folder), known_actions())
        self.door = Door(rules, self.log, self.approvals, Brake(folder), sleep=self.time.sleep)
        sign_in = SignIn(endpoints.graph, "larkfield", "devos", "sandbox", refresh="sandbox")
        self.graph = Teams(sign_in, channel["team"], channel["channel"], url=endpoints.graph)
        self.teams = TeamsWay(
            self.graph,
            self.door,
            self.approvals,
            page=lambda run: f"http://127.0.0.1:4711/runs/{run}",
            places={"Jira": "https://larkfield.example"},
            sleep=self.time.sleep,
        )
        account = ServiceNowApprovals(endpoints.servicenow, "devos.automation", "sandbox")
        self.servicenow = ServiceNowWay(account, self.door, self.approvals, sleep=self.time.sleep)
        self._inbox: asyncio.Task[None] | None = None

    def opens(self, *ways: Way) -> Inbox:
        """Begin to ask in these ways."""
        inbox = Inbox(self.approvals, ways, self.log, sleep=self.time.sleep)
        self._inbox = asyncio.create_task(inbox.run())
        return inbox

    async def close(self) -> None:
        """End as a daemon does."""
        if self._inbox is not None:
            self._inbox.cancel()
            await asyncio.gather(self._inbox, return_exceptions=True)
        await self.graph.aclose()
        self.engine.dispose()
        self.log.close()

    async def asks(self, plan: Iterable[Mapping[str, Any]] = (CHANGE,), run: str = "run-1", **demand: Any) -> Approval:
        """A run asks for somebody else's approval."""
        wanted = Demand(demand.pop("level", Level.APPROVE), **demand)
        return await self.approvals.ask(run, "plan", "d" * 64, wanted, list(plan), "It is in production.", asker="ana")

    def now(self, question: Approval) -> Approval:
        """A question as it is now."""
        return next(each for each in self.approvals.of_run(question.run) if each.id == question.id)

    async def ended(self, question: Approval) -> Approval:
        """A question once it is closed."""
        await self.time.until(lambda: self.now(question).status != "open")
        return self.now(question)

    def refused(self) -> list[str]:
        """Why answers did not count, by the record."""
        return [str(each.data["problem"]) for each in self.log.entries(type="devos.approval.refused")]


class Company:
    """The simulated company: its channel, its people, its records."""

    def __init__(self, world: World, endpoints: Endpoints) -> None:
        self.world, self.endpoints, self.admin = world, endpoints, Sandbox(endpoints)
        self.channel = world.all(graph_messages.CHANNEL)["channel"]

    def posts(self) -> list[str]:
        """The channel's messages, oldest first."""
        return graph_messages.newest_first(self.world, None)[::-1]

    def card(self, number: int = 0) -> str:
        """A card as JSON text; empty where it is not there yet."""
        posts = self.posts()
        if len(posts) <= number:
            return ""
        return str(graph_messages.message(self.world, posts[number])["attachments"][0]["content"])

    def reply(self, text: str, by: str = "dana", kind: str = "text", **more: Any) -> str:
        """One of the people replies to the newest card; the reply's id."""
        body, user = {"contentType": kind, "content": text}, NAMES.get(by, by)
        return graph_messages.post(self.world, body, more.pop("attachments", []), user, thread=self.posts()[-1], **more)

    def approvals(self) -> list[dict[str, Any]]:
        """The approval records in ServiceNow."""
        found: list[dict[str, Any]] = self.admin.state()["servicenow"]["approvals"]
        return found


@pytest.fixture
def company(tmp_path: Path) -> Any:
    with served(tmp_path / "sandbox") as (world, endpoints):
        yield Company(world, endpoints)


@pytest.fixture
async def offices(tmp_path: Path, company: Company) -> AsyncIterator[Callable[..., Office]]:
    """Gives an office, every time on the same folder, as daemons that follow one another have it."""
    async with contextlib.AsyncExitStack() as stack:

        def give(**more: Any) -> Office:
            made = Office(tmp_path / "home", company.endpoints, company.channel, **more)
            stack.push_async_callback(made.close)
            return made

        (tmp_path / "home").mkdir()
        yield give


@pytest.fixture
def office(offices: Callable[..., Office]) -> Office:
    return offices()
