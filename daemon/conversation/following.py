"""Follows the runs that were asked for by voice, and says how they end, or what they wait for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from daemon.asking.telling import in_words
from daemon.conversation.saying import ENDED, outcome, waits

if TYPE_CHECKING:
    from daemon.asking.voice import VoiceWay
    from daemon.conversation.floor import Floor
    from daemon.conversation.house import Earcon, House
    from policies.action import Json

logger = logging.getLogger("devos.conversation")

BEGUN = ("running", "done", "failed")
"""The statuses of a step that may have changed something."""


@dataclass(eq=False)
class Followed:
    """A run that is followed, and how far it has come."""

    run: str
    intent: str
    known: Mapping[str, Json]
    """The slots it was started with."""
    by_key: bool
    at: float
    """When it was started, by the conversation's clock."""
    status: str = "running"
    changes: frozenset[int] = frozenset()
    """The steps that change something, as the question about its plan listed them; empty where there was none."""
    begun: bool = False
    """Whether one of them was begun, or something that no plan listed was asked about."""
    looks: bool = False
    """Whether it only looks something up; to look again elsewhere takes nothing back."""
    told: set[str] = field(default_factory=set)
    """What was said of it."""
    given_up: bool = False
    """Whether the person who asked for it gave it up, and knows."""

    @property
    def correctable(self) -> bool:
        """Whether surely nothing of it was carried out yet, or nothing was to be carried out."""
        if self.looks:
            return self.status in ENDED
        return bool(self.changes) and not self.begun and self.status in ("asking", "denied", "cancelled")

    def see(self, shown: Mapping[str, Any]) -> None:
        """Take in how it stands."""
        self.status = str(shown["status"])
        self.looks = shown["tier"] == "simple"
        for approval in shown["approvals"]:
            if approval["subject"] == "plan":
                self.changes |= {int(change["step"]) for change in approval["plan"]}
            else:
                self.begun = True
        self.begun |= any(step["n"] in self.changes and step["status"] in BEGUN for step in shown["steps"])


class Following:
    """Says what becomes of runs, one thing at a time."""

    def __init__(self, house: House, floor: Floor, voice: VoiceWay | None) -> None:
        self._house, self._floor, self._voice = house, floor, voice
        self._tasks: set[asyncio.Task[None]] = set()
        self.runs: dict[str, Followed] = {}
        """Those that have not ended."""
        self.last: Followed | None = None
        """The one that began last."""

    def begin(self, followed: Followed) -> None:
        """Follow a run from now on."""
        self.last = self.runs[followed.run] = followed
        task = asyncio.create_task(self._follow(followed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def look(self) -> Followed | None:
        """The run that began last, as it stands at this moment."""
        for shown in await self._house.running():
            if self.last is not None and shown["run"] == self.last.run:
                self.last.see(shown)
        return self.last

    async def give_up(self, run: str) -> bool:
        """Cancel a run for whoever asked for it, who need not be told of its end; False when it had ended."""
        followed = self.runs.get(run)
        if followed is not None:
            followed.given_up = True
        return await self._house.cancel(run)

    async def aclose(self) -> None:
        """Follow nothing any more; the runs go on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, followed: Followed) -> None:
        news: list[asyncio.Task[bool]] = []
        try:
            async for shown in self._house.follow(followed.run):
                followed.see(shown)
                if shown["status"] in ENDED:
                    self.runs.pop(followed.run, None)
                    news += self._end(followed, shown)
                else:
                    news += await self._wait(followed, shown)
            await asyncio.gather(*news)
        except Exception as problem:  # the run itself goes on, whoever watches it
            logger.warning("run %s cannot be followed: %s", followed.run, in_words(problem))
        finally:
            self.runs.pop(followed.run, None)
            for each in news:
                each.cancel()

    def _end(self, followed: Followed, shown: Mapping[str, Any]) -> list[asyncio.Task[bool]]:
        known = followed.given_up
        if self._voice is not None and followed.run in self._voice.denied:
            self._voice.denied.discard(followed.run)
            known = True
        if known and shown["status"] != "done":
            return []
        earcon: Earcon = "done" if shown["status"] == "done" else "failed"
        return [asyncio.create_task(self._floor.news(outcome(shown), earcon))]

    async def _wait(self, followed: Followed, shown: Mapping[str, Any]) -> list[asyncio.Task[bool]]:
        """Say once what a run waits for; a question that is asked aloud speaks for itself."""
        whys: list[str] = []
        for approval in shown["approvals"]:
            if approval["id"] not in followed.told:
                followed.told.add(approval["id"])
                whys.append(await self._unasked(approval))
        why = str(shown.get("waits_for") or "")
        if shown["status"] == "waiting" and why not in followed.told:
            followed.told.add(why)
            whys.append(why)
        status = followed.status

        def still() -> bool:
            return followed.status == status

        return [
            asyncio.create_task(self._floor.news(waits(shown, each), "waiting", still=still)) for each in whys if each
        ]

    async def _unasked(self, approval: Mapping[str, Any]) -> str:
        """Who or what has to be waited for, where a question is not asked aloud."""
        if approval["level"] == "approve":
            group = approval.get("group")
            return f"somebody in {group} has to approve it" if group else "somebody else has to approve it"
        if self._voice is None:
            return "it asks you something; look at the dashboard"
        return await self._voice.refuses(str(approval["id"]))
