"""Durable runs on DBOS: started once, finished once, whatever is killed in between."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import Any, Protocol

from dbos import DBOS, SetWorkflowID
from dbos._core import StepOptions
from dbos._error import DBOSWorkflowCancelledError
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from policies import durable
from policies.action import IntegrationError, Json, entered
from policies.approvals import Approvals
from policies.audit.log import CannotRecord, Entry, Log
from policies.door import Door
from policies.execution import Execution, StepsChanged
from policies.output import Origin, Refused, check
from policies.outside import Outside, words
from policies.plan import Plan, Planning
from policies.record import steps_of
from policies.request import Request
from policies.runs_table import NoSuchRun, RunsTable
from policies.store import prepare

__all__ = ["CannotResume", "NoSuchRun", "Perform", "Request", "Runs"]

logger = logging.getLogger("devos.runs")

BEFORE = 1
"""How many DBOS steps a run has before its first action: the plan."""


UNDER_WAY = 30.0
"""Seconds that cancelling waits for a change that is under way."""

FINISHED, RESUMED = "devos.run.finished", "devos.run.resumed"
ENDED = ("done", "failed", "denied", "cancelled")
"""The statuses of a run that has ended."""


class CannotResume(Exception):
    """The run is not one that stopped half way."""


class Perform(Protocol):
    """Carries out a request by name, in whichever scope it is called."""

    async def __call__(self, intent: str, slots: dict[str, Json]) -> str | Outside[str]:
        """Do it and return what to say."""


class Runs:
    """All requests that were ever started on this database."""

    def __init__(
        self,
        engine: Engine,
        log: Log,
        approvals: Approvals,
        door: Door,
        perform: Perform,
        *,
        executor: str,
        constants: Callable[[str], frozenset[str]] = lambda intent: frozenset(),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._engine, self._log, self._approvals, self._door = engine, log, approvals, door
        self._sleep = sleep
        self._perform, self._executor, self._clock = perform, executor, clock
        self._constants = constants
        self._table = RunsTable(engine, clock)
        self._ending = Lock()
        self._unrecorded: set[str] = set()  # have ended, but not in the log yet: who is told of an end finds it there
        self._followers: dict[str, set[asyncio.Event]] = {}
        door.waits.changed = self._changed

    async def launch(self) -> None:
        """Start DBOS on the loop this is called on, and go on with every run that was cut off.

        Raises:
            NewerFile: the database was written by a newer DevOS.
        """
        await asyncio.to_thread(prepare, self._engine)
        durable.close_traps()
        DBOS(config=durable.configuration(self._engine, self._executor))

        @DBOS.workflow(name="devos.run", max_recovery_attempts=durable.RECOVERIES)
        async def workflow(run: str) -> str:
            return await self._run(run)

        self._workflow = workflow
        DBOS.launch()
        for run in await asyncio.to_thread(self._own, "running"):
            await self._go_on(run)
        for run in await asyncio.to_thread(self._own, "cancelled"):
            if not self._recorded(run):  # killed while it was being cancelled
                await self._finish(run, "cancelled", "")

    async def close(self) -> None:
        """Stop; runs that are not finished go on at the next launch."""
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)

    async def start(self, request: Request) -> str:
        """Start a run and return its id.

        Raises:
            CannotRecord: its start could not be written to the audit log; nothing was started.
        """
        run = f"{self._clock():%y%m%d}-{secrets.token_hex(4)}"
        data = {
            name: getattr(request, name)
            for name in ("person", "channel", "intent", "tier", "audio", "version", "asked_from")
        }
        payload = {"text": request.text, "slots": request.slots}
        await self._log.append(Entry("devos.run.started", run, None, None, data, payload))
        await asyncio.to_thread(self._table.insert, run, request)
        await self._begin(run)
        return run

    async def _go_on(self, run: str) -> None:
        """Go on with a run that has not ended by our own table, whatever DBOS made of it."""
        known = await DBOS.get_workflow_status_async(run)
        if known is not None and known.status == "CANCELLED":  # killed while it was resumed
            await DBOS.resume_workflow_async(run)
        elif known is not None and known.status in ("SUCCESS", "ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"):
            await self._finish(run, "failed", "DevOS itself failed at the end of this run; the log has the details.")
        else:
            await self._begin(run)

    async def _begin(self, run: str) -> None:
        def begin() -> None:
            with SetWorkflowID(run):
                DBOS.start_workflow(self._workflow, run)

        await asyncio.to_thread(begin)  # so that it lives on DBOS's own event loop, as a recovered one does

    async def plan(self, request: Request) -> Plan:
        """What a request would change; nothing is started."""
        return await self._plan(self._origin(request, ""), request)

    def _origin(self, request: Request, run: str) -> Origin:
        return request.origin(run, self._constants(request.intent))

    async def _plan(self, origin: Origin, request: Request) -> Plan:
        planning = Planning(partial(self._door.look, origin), partial(self._door.propose, origin))
        return await planning.plan(lambda: self._perform(request.intent, request.slots))

    async def _plan_step(self, origin: Origin, request: Request) -> Json:
        plan = await self._plan(origin, request)
        data = {"digest": plan.digest, "level": str(plan.level), "changes": len(plan.changes)}
        await self._log.append(Entry("devos.run.planned", origin.run, None, None, data, plan.to_json()))
        return plan.to_json()

    async def _run(self, run: str) -> str:
        row = await asyncio.to_thread(self._table.row, run)
        if row["status"] != "running":  # killed between its end, or its cancelling, and DBOS's knowing of it
            await self._finish(run, row["status"], row["said"])
            return await durable.put_aside(run) if row["aside"] else str(row["said"])
        request = Request(**row["request"])
        origin = self._origin(request, run)
        try:
            status, said = await self._outcome(origin, request)
        except StepsChanged as changed:
            return await self._stop(run, request, changed)
        except DBOSWorkflowCancelledError:
            await self._approvals.withdraw(run)  # a question may have come up while it was being cancelled
            raise
        except CannotRecord as problem:
            status, said = "failed", f"Stopped, because the audit log cannot be written: {problem}"
        except Exception as bug:
            logger.exception("run %s failed by a fault of DevOS", run)
            status, said = "failed", f"DevOS itself failed ({type(bug).__name__}: {bug}); the log has the details."
        await self._finish(run, status, said)
        return said

    async def _outcome(self, origin: Origin, request: Request) -> tuple[str, str]:
        options = StepOptions(name="devos.plan", preemptible=True)
        plan = Plan.from_json(await DBOS.run_step_async(options, self._plan_step, origin, request))
        if plan.answer is not None:
            return "done", plan.answer
        if plan.refused:
            return "denied", f"Nothing was done. {plan.refused}"
        execution = Execution(self._door, origin, plan, BEFORE)
        try:
            if plan.failed is not None:
                check(plan.failed)
            with entered(execution):
                said = await self._perform(request.intent, request.slots)
            outcome = "done", words(said)
        except Refused as refused:
            outcome = "denied", str(refused)
        except IntegrationError as failure:
            outcome = "failed", str(failure)
        steps = (entry.step for entry in self._log.entries(run=origin.run) if not entry.data.get("plan", True))
        execution.check_complete({step for step in steps if step is not None})
        return outcome

    async def _stop(self, run: str, request: Request, changed: StepsChanged) -> str:
        """Put a run aside whose steps the newer code would not repeat: nothing is lost, and it can be resumed."""
        said = (
            f"Stopped: the request was started by DevOS {request.version}, and {changed}. Nothing was repeated. "
            f"Install DevOS {request.version} and say `devos runs resume {run}`, "
            f"or give it up with `devos runs cancel {run}`."
        )
        await self._finish(run, "failed", said, aside=True)
        return await durable.put_aside(run)

    async def cancel(self, run: str, by: str, via: str) -> bool:
        """Let a run take no further step; a change that is under way is waited for. False when it had ended.

        Raises:
            NoSuchRun: there is none.
        """
        await asyncio.to_thread(self._table.row, run)
        if await asyncio.to_thread(self._table.move, run, "running", "cancelled", f"Cancelled by {by}."):
            self._changed(run)
            await DBOS.cancel_workflow_async(run)
            await self._door.settled(UNDER_WAY, run)
        elif not await asyncio.to_thread(
            self._table.move, run, "failed", "cancelled", f"Given up by {by}.", aside=True
        ):
            return False
        await self._approvals.withdraw(run)
        data = {"status": "cancelled", "by": by, "via": via}
        await self._log.append(Entry(FINISHED, run, None, None, data))
        self._changed(run)
        return True

    async def resume(self, run: str) -> None:
        """Go on with a run that was put aside because newer code had other steps.

        Raises:
            NoSuchRun: there is none.
            CannotResume: it was not put aside.
        """
        row = await asyncio.to_thread(self._table.row, run)
        if not await asyncio.to_thread(self._table.move, run, "failed", "running", None, aside=True):
            raise CannotResume(f"{run} is {row['status']}; only a run that was put aside can be resumed.")
        await self._log.append(Entry(RESUMED, run, None, None, {"status": "running"}))
        await DBOS.resume_workflow_async(run)

    async def _finish(self, run: str, status: str, said: str, *, aside: bool = False) -> None:
        self._unrecorded.add(run)
        try:
            await self._end(run, status, said, aside)
        finally:
            self._unrecorded.discard(run)
            self._changed(run)

    async def _end(self, run: str, status: str, said: str, aside: bool) -> None:
        pause = 1.0
        while True:
            try:
                await asyncio.to_thread(self._table.move, run, "running", status, said, set_aside=aside)
                break
            except DBAPIError as problem:  # a full disk, a database that is away: it would show as running for ever
                logger.warning("the end of run %s cannot be written yet: %s", run, problem.orig)
                await self._sleep(pause)
                pause = min(pause * 2, 60.0)
        await self._approvals.withdraw(run)
        try:
            await asyncio.to_thread(self._record_end, run)
        except CannotRecord:
            logger.exception("the end of run %s could not be recorded", run)

    def _record_end(self, run: str) -> None:
        """Write a run's end into the log, once: at a start its recovery and its cleaning up may both come here."""
        with self._ending:
            if not self._recorded(run):
                row = self._table.row(run)
                data, payload = {"status": row["status"]}, {"said": row["said"]}
                self._log.append_now(Entry(FINISHED, run, None, None, data, payload))

    def _own(self, status: str) -> list[str]:
        """This executor's runs of that status; others may share the database, but not the audit log."""
        started = "devos.run.started"
        return [run for run in self._table.of(status) if self._log.entries(run=run, type=started, limit=1)]

    def _recorded(self, run: str) -> bool:
        """Whether the log has the run's end, since it was resumed for the last time."""
        ends = [entry.type for entry in self._log.entries(run=run) if entry.type in (FINISHED, RESUMED)]
        return bool(ends) and ends[-1] == FINISHED

    def show(self, run: str) -> dict[str, Json]:
        """A run as the contract's JSON.

        Raises:
            NoSuchRun: there is none.
        """
        return self._shown(self._table.row(run))

    def newest(self, limit: int = 20) -> list[dict[str, Json]]:
        """The newest runs, newest first."""
        return [self._shown(row) for row in self._table.newest(limit)]

    def _shown(self, row: Any) -> dict[str, Json]:
        run, waits = row["id"], self._door.waits
        running = row["status"] == "running" or run in self._unrecorded
        asking = [one.to_json() for one in self._approvals.of_run(run) if one.status == "open"]
        waits_for = waits.outside.get(run) if running else None
        status = ("asking" if asking else "waiting" if waits_for else "running") if running else row["status"]
        ended = datetime.fromisoformat(row["finished"]) if row["finished"] else self._clock()
        request = row["request"]
        return {
            "run": run,
            "utterance": {name: request[name] for name in ("text", "channel", "confidence")},
            **{name: request[name] for name in ("intent", "slots", "tier")},
            "status": status,
            "steps": steps_of(self._log.entries(run=run), ended=not running),
            "said": row["said"],
            "started": datetime.fromisoformat(row["created"]).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ms": round((ended - datetime.fromisoformat(row["created"])).total_seconds() * 1000),
            "cost_usd": 0.0,
            "approvals": asking,
            "waits_for": waits_for,
            "doing": waits.doing.get(run) if running else None,
        }

    async def follow(self, run: str) -> AsyncIterator[dict[str, Json]]:
        """The run's JSON now and after every change, until it has ended.

        Raises:
            NoSuchRun: there is none.
        """
        event = asyncio.Event()
        self._followers.setdefault(run, set()).add(event)
        try:
            while True:
                event.clear()
                shown = await asyncio.to_thread(self.show, run)
                yield shown
                if shown["status"] in ENDED:
                    return
                await event.wait()
        finally:
            self._followers[run].discard(event)

    def _changed(self, run: str) -> None:
        for event in self._followers.get(run, ()):
            event.set()
