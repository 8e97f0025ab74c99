"""A room in which DevOS asks aloud, on real questions."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from office import CHANGE, PEOPLE
from voices import PATIENCE, Stage

from daemon.asking.voice import VoiceWay
from daemon.conversation.floor import Floor
from policies.approval import Approval
from policies.approvals import Approvals
from policies.audit.checkpoint import Signer
from policies.audit.log import Log
from policies.decision import Demand, Level
from policies.store import engine_of, prepare

TRIES = 50
PRODUCTION: dict[str, Any] = {**CHANGE, "level": "confirm"}
STAGING: dict[str, Any] = {
    **PRODUCTION,
    "target": "staging/web-app",
    "environment": "staging",
    "summary": "Scale web-app in staging from 4 to 10 replicas",
}


class Room(Stage):
    """A room in which DevOS asks aloud, on real questions."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.log = Log(folder / "audit.db", Signer.load_or_create(folder / "keys"))
        self.engine = engine_of(f"sqlite:///{folder / 'runs.db'}")
        prepare(self.engine)
        self.approvals = Approvals(self.engine, self.log, people=PEOPLE, sleep=self.clock.sleep)
        self.channels: dict[str, str] = {}
        self.floor = Floor(self.mouth, clock=self.clock, sleep=self.clock.sleep)
        self.way = VoiceWay(
            self.approvals,
            "ana",
            self.floor,
            self.ear,
            lambda run: self.channels.get(run, "voice"),
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        self.asked = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def question(self, *plan: dict[str, Any], **demand: Any) -> Approval:
        """A run asks."""
        self.asked += 1
        level = demand.pop("level", Level.CONFIRM)
        changes = plan or (PRODUCTION,)
        return await self.approvals.ask(
            f"run-{self.asked}", "plan", "d" * 64, Demand(level, **demand), list(changes), "So it is.", asker="ana"
        )

    async def asks(self, *plan: dict[str, Any]) -> Approval:
        """A run asks, and the question has been read out."""
        question, before = await self.question(*plan), self.ear.listened
        self._tasks.append(asyncio.create_task(self.way.ask(question)))
        await self.ear.listens(before + 1)
        return question

    async def says(self, text: str, *, again: bool = False, **how: Any) -> bool:
        """Somebody says something; whether it was taken for an answer.

        Args:
            text: what.
            again: whether the question is asked once more after that.
            how: how it was said, as `sentence` takes it.
        """
        before = self.ear.listened
        taken = self.way.answer(self.sentence(text, **how))
        if again:
            await self.ear.listens(before + 1)
        return taken

    async def over(self) -> None:
        """Wait until nothing is asked aloud any more."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._tasks)
        self._tasks.clear()

    async def stops(self) -> None:
        """What is being asked is closed from outside."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def status(self, question: Approval) -> str:
        return next(each for each in self.approvals.of_run(question.run) if each.id == question.id).status

    async def close(self) -> None:
        await self.stops()
        await self.way.aclose()
        self.engine.dispose()
        self.log.close()


async def sleeps(room: Room) -> None:
    """Let everything that waits come to its waiting."""
    for _ in range(20):
        await asyncio.sleep(0)
