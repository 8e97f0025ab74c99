"""A whole DevOS in this process, round the simulated company, with one person who answers as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hostile import obey
from inlets import Company, restore

from daemon.app import App
from daemon.config import Config
from daemon.hearing.utterance import Utterance
from integrations.sandbox.client import Sandbox
from integrations.sandbox.world import World
from intents.understanding.understand import Understood
from policies.request import Request

PATIENCE = 60.0
"""Seconds after which what never comes has failed."""
CHANGES = ("POST", "PUT", "PATCH", "DELETE", "EXEC")
Says = Callable[[dict[str, Any]], bool]


@dataclass
class House:
    """One DevOS and what was asked of its person."""

    app: App
    company: Company
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Every question that was put, as it was shown."""
    runs: list[str] = field(default_factory=list)

    async def say(self, text: str, says: Says, ticket: str = "") -> dict[str, Any]:
        """Say a sentence and see it to its end."""
        utterance = Utterance(text, "typed")
        understood = await self.app.vocabulary.understand(utterance, self.company.folder)
        assert isinstance(understood, Understood), understood
        request = self.app.request(utterance, understood)
        if ticket:
            request.slots["ticket"] = ticket
        return await self.see(request, says)

    async def ask(self, intent: str, says: Says, **slots: Any) -> dict[str, Any]:
        """Start a request by name and see it to its end."""
        text, person = f"do {intent}", self.app.person
        return await self.see(Request(text, "typed", 1.0, None, intent, slots, "simple", person, "0"), says)

    async def undo(self, run: str, says: Says) -> dict[str, Any]:
        """Take a run back."""
        return await self.see(self.app.undoing(run), says)

    async def see(self, request: Request, says: Says) -> dict[str, Any]:
        """Start a request, answer its questions, and give back the run at its end."""
        run = await self.app.start(request)
        self.runs.append(run)
        async with asyncio.timeout(PATIENCE), aclosing(self.app.follow(run)) as following:
            async for shown in following:
                for question in shown["approvals"]:
                    await self._answer(question, says)
                if (shown["waits_for"] or "").startswith("CHG"):
                    self.company.sandbox.approve(shown["waits_for"].split()[0])
        return shown

    async def _answer(self, question: dict[str, Any], says: Says) -> None:
        self.asked.append(question)
        by = "grace" if question["level"] == "approve" else self.app.person
        await self.app.approvals.answer(question["id"], says(question), by, "terminal", digest=question["digest"])

    def intended(self, runs: Iterable[str]) -> list[Any]:
        """What the audit log says that was begun, besides reading."""
        entries = (entry for run in runs for entry in self.app.log.entries(run=run, type="devos.action.intended"))
        return [entry for entry in entries if not entry.data["plan"] and entry.data["effect"] != "read"]

    def changes(self) -> list[dict[str, Any]]:
        """The requests that changed a system, oldest first; New Relic is asked by POST, and signing in is one."""
        found = [each for each in self.company.sandbox.journal() if each["method"] in CHANGES]
        return [each for each in found if not _asks(each)]

    def fresh(self) -> None:
        """The company as at first, in no need of time, and nothing asked."""
        restore(self.company)
        self.company.sandbox.settings(rollout_seconds=0, cdk_seconds=0, change_approval_seconds=0)
        self.asked.clear()
        self.runs.clear()


def _asks(entry: dict[str, Any]) -> bool:
    if entry["system"] == "cdk":
        return not entry["path"].startswith(("deploy ", "rollback "))
    return entry["system"] == "newrelic" and "mutation" not in str(entry["body"])


@asynccontextmanager
async def opened(folder: Path, sandbox_folder: Path) -> AsyncIterator[House]:
    """A DevOS that has just started, which knows the hostile request too."""
    home = folder / "devos"
    home.mkdir(mode=0o700)
    (home / "sandbox").symlink_to(sandbox_folder)
    world = World(sandbox_folder)
    sandbox = Sandbox.at(sandbox_folder)
    try:
        async with App(home, Config(), sandbox=True) as app:
            app.intents[obey.name] = obey
            house = House(app, Company(sandbox, world, sandbox_folder))
            house.fresh()
            yield house
            restore(house.company)
            for system in app.systems.values():
                if hasattr(system, "aclose"):
                    await system.aclose()
    finally:
        world.close()
