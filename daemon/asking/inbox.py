"""Asks every open question in all the ways that suit it, and takes it back everywhere once it is closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Protocol

from daemon.asking.telling import in_words, is_own
from policies.approval import Approval
from policies.approvals import Approvals, CannotAnswer
from policies.audit.log import Log

logger = logging.getLogger("devos.asking")

REMEMBERED = 200
"""How many of the questions asked last are looked at when the daemon starts: those that closed while it was away."""
SLOWEST = 600.0
"""Seconds between two attempts at a way that fails, at most."""
ATTEMPTS = 100
"""How often it is tried: more than half a day, after which a question is over in any case."""


class Way(Protocol):
    """One way of asking besides the terminal and the dashboard, which show what is open by themselves."""

    @property
    def name(self) -> str:
        """The channel that its answers come by: "teams"."""

    @property
    def health(self) -> str:
        """How it is, in a sentence; "ready" where nothing is wrong."""

    def objection(self, approval: Approval) -> str:
        """Why a question is not asked this way, in a sentence; empty when it is."""

    async def ask(self, approval: Approval) -> None:
        """Ask, once in whichever process, then hand on the answers that come; cancelled when the question closes."""

    async def withdraw(self, approval: Approval) -> None:
        """Say that a question is closed, once in whichever process; nothing where it was not asked this way."""

    async def aclose(self) -> None:
        """End, because the daemon does: the questions stay where the next one finds them."""


class Inbox:
    """Every question of this daemon and where it is being asked."""

    def __init__(
        self,
        approvals: Approvals,
        ways: Iterable[Way],
        log: Log,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Build the inbox; nothing is asked before `run`.

        Args:
            approvals: the questions.
            ways: where they are asked.
            log: the record, by which a question of this daemon is told from another worker's.
            sleep: waits before a failing way is tried again.
        """
        self._approvals, self._ways, self._log, self._sleep = approvals, tuple(ways), log, sleep
        self._asking: dict[str, dict[str, asyncio.Task[None]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._shown: dict[str, Approval] = {}
        self._foreign: set[str] = set()
        self._trouble: dict[str, str] = {}

    def health(self) -> dict[str, str]:
        """How each way is, by its name."""
        return {way.name: self._trouble.get(way.name) or way.health for way in self._ways}

    async def run(self) -> None:
        """Ask and take back until cancelled. Nothing that goes wrong here stops a run or another way."""
        try:
            with suppress(Exception):
                await self._resume()
            while True:
                try:
                    await self._turn()
                except Exception as problem:
                    logger.warning("the inbox cannot be looked at: %s", in_words(problem))
                await self._approvals.changed()
        finally:
            tasks = [*self._closing, *(task for tasks in self._asking.values() for task in tasks.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(way.aclose() for way in self._ways), return_exceptions=True)

    async def _resume(self) -> None:
        """Take back what was asked before this process began and is closed by now."""
        entries = await asyncio.to_thread(self._log.entries, type="devos.approval.asked", newest=True, limit=REMEMBERED)
        still_open = {approval.id for approval in await asyncio.to_thread(self._approvals.open)}
        for code in dict.fromkeys(entry.data["approval"] for entry in entries):
            if code not in still_open:
                self._close(code, {})

    async def _turn(self) -> None:
        """Begin and end whatever has to be begun and ended now."""
        questions = {each.id: each for each in await asyncio.to_thread(self._approvals.open) if not is_own(each.run)}
        for code in [code for code in self._asking if code not in questions]:
            self._shown.pop(code, None)
            self._close(code, self._asking.pop(code))
        for code, approval in questions.items():
            if code in self._foreign or (code not in self._shown and await self._is_foreign(approval)):
                continue
            before: dict[str, asyncio.Task[None]] = {}
            if code in self._shown and len(self._shown[code].given) != len(approval.given):
                before = self._asking.pop(code, {})  # what stands elsewhere is to show the votes so far
            for task in before.values():
                task.cancel()
            self._shown[code] = approval
            tasks = self._asking.setdefault(code, {})
            for way in self._ways:
                if way.name not in tasks and not way.objection(approval):
                    work = self._persist(way, way.ask, approval, after=before.get(way.name))
                    tasks[way.name] = asyncio.create_task(work)

    async def _is_foreign(self, approval: Approval) -> bool:
        """Whether another worker on the same database asked it, and so shows it to its own people."""
        asked = await asyncio.to_thread(self._log.entries, run=approval.run, type="devos.approval.asked")
        if any(entry.data["approval"] == approval.id for entry in asked):
            return False
        self._foreign.add(approval.id)
        return True

    def _close(self, code: str, tasks: dict[str, asyncio.Task[None]]) -> None:
        for task in tasks.values():
            task.cancel()
        closing = asyncio.create_task(self._withdraw(code, tasks))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _withdraw(self, code: str, tasks: dict[str, asyncio.Task[None]]) -> None:
        await asyncio.gather(*tasks.values(), return_exceptions=True)  # a message under way comes to its end first
        try:
            approval = await self._approvals.wait(code)
        except CannotAnswer:
            return  # the database that knew it is gone
        work: list[Coroutine[Any, Any, None]] = [self._persist(way, way.withdraw, approval) for way in self._ways]
        await asyncio.gather(*work)

    async def _persist(
        self,
        way: Way,
        does: Callable[[Approval], Awaitable[None]],
        approval: Approval,
        *,
        after: asyncio.Task[None] | None = None,
    ) -> None:
        """Do something about a question until it succeeds; meanwhile `health` says what stands in the way."""
        if after is not None:
            await asyncio.wait({after})
        pause = 1.0
        for _ in range(ATTEMPTS):
            try:
                await does(approval)
            except Exception as problem:
                text = in_words(problem)
                if self._trouble.get(way.name) != text:  # said once, not at every attempt
                    logger.warning("%s: %s", way.name, text)
                self._trouble[way.name] = text
            else:
                self._trouble.pop(way.name, None)
                return
            await self._sleep(pause)
            pause = min(pause * 2, SLOWEST)
