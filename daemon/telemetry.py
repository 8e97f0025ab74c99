"""Metrics and traces for whoever collects them, by OpenTelemetry; nothing is sent unless an address is set.

All of it is read from the audit log as it grows, so nothing else has to know of it. What is sent are names that stand
in DevOS's own code (requests, actions, statuses, levels), numbers and moments: no person, no argument, no text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from policies.audit.log import Log, Stored

logger = logging.getLogger("devos.telemetry")

OFTEN = 2.0
"""Seconds between two looks at whether the log has grown."""

INTERVAL = 15.0
"""Seconds between two messages to the collector."""

TIMEOUT = 5.0
"""Seconds that one message may take; it is given up then, and nothing but its sender has waited."""

STARTED, FINISHED = "devos.run.started", "devos.run.finished"
INTENDED = "devos.action.intended"
ENDS = {"devos.action.done": "done", "devos.action.failed": "failed", "devos.action.refused": "refused"}
"""How an action ended, by the entry that says so."""


class NoTelemetry(RuntimeError):
    """What sends is not installed; the message says how to install it."""


@dataclass(frozen=True)
class Span:
    """A stretch of time in a trace."""

    name: str
    began: datetime
    ended: datetime
    attributes: dict[str, str]


class Telemetry:
    """Sends to one collector. Its own threads send; whoever calls these methods never waits."""

    def __init__(
        self,
        endpoint: str,
        *,
        questions: Callable[[], int] = lambda: 0,
        interval: float = INTERVAL,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Begin.

        Args:
            endpoint: where a collector takes OTLP over HTTP, without "/v1/…".
            questions: how many questions are open; called from a thread of its own.
            interval: seconds between two messages.
            sleep: waits that many seconds.

        Raises:
            NoTelemetry: the extra is not installed.
        """
        try:
            from daemon.telemetry_sending import Sender
        except ImportError as missing:
            raise NoTelemetry(
                f"telemetry.endpoint is set, but nothing is sent: {missing.name} is not installed. "
                "Install the extra: `pip install 'devos[telemetry]'`, in a clone `make venv`."
            ) from None
        self._sleep = sleep
        self._sender = Sender(endpoint, questions=questions, interval=interval, timeout=TIMEOUT)

    async def follow(self, log: Log) -> None:
        """Send what the log tells from now on, until cancelled."""
        seen = log.checkpoint().size
        while True:
            await self._sleep(OFTEN)
            if log.checkpoint().size > seen:
                try:
                    seen = await asyncio.to_thread(self.take, log, seen)
                except Exception:  # a fault in counting must not end the counting, and reading on would repeat it
                    logger.exception("something could not be counted")
                    seen = log.checkpoint().size

    def take(self, log: Log, after: int) -> int:
        """Count what was recorded after that entry, and return the last one's number."""
        for entry in log.entries(after=after):
            after = entry.seq
            if entry.data.get("plan") or entry.run is None:
                continue  # what is only planned is done by nobody
            if entry.type in ENDS:
                self._action(entry, log.entries(run=entry.run))
            elif entry.type == FINISHED:
                self._run(entry, log.entries(run=entry.run))
        return after

    def understood(self, milliseconds: float, stage: str) -> None:
        """Count a sentence that was understood, and by which stage."""
        self._sender.understanding.record(milliseconds, {"devos.stage": stage})

    def transcribed(self, milliseconds: float, model: str) -> None:
        """Count a recording or an utterance that became text."""
        self._sender.transcription.record(milliseconds, {"devos.model": model})

    def _action(self, end: Stored, run: list[Stored]) -> None:
        told = {"devos.action": end.action or "", "devos.status": ENDS[end.type]}
        begin = _beginning(end, run)
        if begin is not None:
            told["devos.level"] = str(begin.data.get("level"))
            self._sender.duration.record(_milliseconds(begin, end), told)
        self._sender.actions.add(1, told)

    def _run(self, end: Stored, run: list[Stored]) -> None:
        begin = next((each for each in run if each.type == STARTED), None)
        told = {"devos.status": str(end.data.get("status"))}
        if begin is not None:
            told |= {f"devos.{name}": str(begin.data.get(name)) for name in ("intent", "tier", "channel")}
        self._sender.runs.add(1, told)
        if begin is None:
            return
        ended = [each for each in run if each.type in ENDS and not each.data.get("plan") and each.seq < end.seq]
        actions = [(start, each) for each in ended if (start := _beginning(each, run)) is not None]
        self._sender.trace(
            Span(str(told["devos.intent"]), begin.time, end.time, told | {"devos.run": end.run or ""}),
            [
                Span(
                    each.action or "",
                    start.time,
                    each.time,
                    {"devos.status": ENDS[each.type], "devos.level": str(start.data.get("level"))},
                )
                for start, each in actions
            ],
        )

    async def close(self, within: float = TIMEOUT) -> None:
        """Send what is left, as far as that is possible within some seconds."""
        try:
            async with asyncio.timeout(within):
                await asyncio.to_thread(self._sender.close)
        except TimeoutError:
            logger.info("what was left of the telemetry could not be sent")


def _beginning(end: Stored, run: list[Stored]) -> Stored | None:
    """The intention that an action's end belongs to; None where it was refused before there was one."""
    same = (each for each in run if each.type == INTENDED and each.step == end.step and not each.data.get("plan"))
    return next((each for each in same if each.seq < end.seq), None)


def _milliseconds(begin: Stored, end: Stored) -> float:
    return max(0.0, (end.time - begin.time).total_seconds() * 1000)
