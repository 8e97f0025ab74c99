"""What DevOS is doing, in one line, as the service manager shows it: "2 runs, 1 question, listening for hey jarvis"."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from policies.visible import visible

if TYPE_CHECKING:
    from daemon.app import App

NEWEST = 20
"""How many of the newest runs are looked through; whoever has more going on at once sees that there are many."""

GOING_ON = ("running", "asking", "waiting")


class Status:
    """Says what a DevOS is doing; counted, in a thread, only when something was recorded, so asking costs nothing."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._seen = -1
        self._runs = self._questions = 0
        self._counting: asyncio.Task[None] | None = None

    def __call__(self) -> str:
        """The line; what was recorded a moment ago is in the next one."""
        size = self._app.log.checkpoint().size
        if size != self._seen and (self._counting is None or self._counting.done()):
            self._seen = size
            self._counting = asyncio.create_task(asyncio.to_thread(self._count))
        runs = [_many(self._runs, "run")] if self._runs else []
        questions = [_many(self._questions, "question")] if self._questions else []
        frozen = ["every change is frozen"] if self._app.brake.on else []
        return ", ".join([*runs, *questions, *frozen, self._listening()])

    def _count(self) -> None:
        self._runs = sum(each["status"] in GOING_ON for each in self._app.runs.newest(NEWEST))
        self._questions = len(self._app.approvals.open())

    def _listening(self) -> str:
        """What it does with the microphone."""
        state = self._app.senses.state()
        if state["microphone"]["status"] == "lost":
            return "no microphone"
        now = str(state["hearing"]["status"])
        if now == "waiting for the wake word":
            return f"listening for {visible(' or '.join(state['wake']['words']), lines=False)}"
        return "idle" if now == "off" else now


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
