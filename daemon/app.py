"""The only wiring: builds every object once, and takes it down again in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from daemon import home as places
from daemon.asking.inbox import Inbox
from daemon.asking.ways import ways_of
from daemon.claim import claimed, executor_id
from daemon.config import Config
from daemon.control import Control
from daemon.desk import Desk
from daemon.hearing.utterance import Utterance
from daemon.listening import Ears
from daemon.names import Names, read_names
from daemon.outside import open_page
from daemon.senses import Senses
from daemon.systems import connected, known_actions, simulated
from daemon.vocabulary import Vocabulary
from daemon.web.dashboard import Dashboard
from integrations.sandbox.process import ensure
from integrations.servicenow import ServiceNow
from intents.count_replicas import count_replicas
from intents.deploy_service import deploy_service
from intents.intent import Intent, MissingSystem
from intents.scale_deployment import scale_deployment
from intents.understanding.understand import Understood
from policies.action import IntegrationError, Json
from policies.agreeing import ChangeGate, Verdict
from policies.approval import Approval
from policies.approvals import Approvals
from policies.audit.checkpoint import Signer
from policies.audit.keeping import Keeping, Limits, put_aside
from policies.audit.keys import system_keyring
from policies.audit.log import Entry, Log
from policies.audit.shipping import Shipping, witness_of
from policies.brake import Brake
from policies.constants import texts_of
from policies.decision import Level
from policies.door import Door
from policies.execution import StepsChanged
from policies.outside import Outside
from policies.people import People
from policies.plan import Plan
from policies.reload import LiveRules
from policies.request import Request
from policies.runs import Runs
from policies.store import BadDatabase, engine_of
from policies.undoing import undo
from policies.visible import visible

logger = logging.getLogger("devos.app")

INTENTS: tuple[Intent, ...] = (scale_deployment, deploy_service, count_replicas)
"""Every request, in the order they are shown."""


LAST_CHANGES = 30.0
"""Seconds that changes under way have when the daemon ends; what takes longer is found out about at the next start."""

LAST_WORD = 5.0
"""Seconds that witnesses have to see the log's last head when the daemon ends."""


class App:
    """One running DevOS."""

    def __init__(self, home: Path, config: Config, *, sandbox: bool) -> None:
        self.home, self.config, self.sandbox = home, config, sandbox
        self.person = config.person.name
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> App:
        """Start everything, the durable runs last.

        Raises:
            AlreadyRunning: another daemon serves this home.
            BadConfig, RuleError, NewerFile, RolledBack, BadWitness, BadDatabase, NotStarted: what is wrong, and what to
                do.
        """
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _open(self) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._stack.enter_context(claimed(self.home / "devos.lock"))
        self.systems, apps = self._connect()
        self.actions = known_actions()
        self.owners = {
            name: owner
            for name, action in self.actions.items()
            if (owner := next((each for kind, each in self.systems.items() if action in vars(kind).values()), None))
        }
        groups = self.config.groups
        self.brake = Brake(self.home)
        self.people = People(
            {name: identity.model_dump(exclude_none=True) for name, identity in self.config.people.items()}, groups
        )
        self.rules = LiveRules(
            self.home, self.actions, groups, self.config.rules.pack, on_change=self._record_new_rules
        )
        await self._open_record()
        engine = engine_of(self.config.runs.database or f"sqlite:///{self.home / 'runs.db'}")
        self._stack.callback(engine.dispose)
        settings = self.config.approvals
        self.approvals = Approvals(
            engine,
            self.log,
            people=self.people,
            ceilings={way: Level[most.upper()] for way, most in settings.ceilings},
            lifetime=timedelta(hours=settings.hours),
            idle=timedelta(minutes=settings.idle_minutes),
        )
        self.keeping = Keeping(self.log, self.home / "audit.db", going_on=lambda: put_aside(engine))
        self.door = Door(self.rules, self.log, self.approvals, self.brake, self._gate(), people=self.people)
        self.intents = {each.name: each for each in INTENTS}
        self.vocabulary = Vocabulary(
            INTENTS,
            self.person,
            lambda before: read_names(self.door, self.systems, self.config.environments, apps, self.person, before),
        )
        self.ears = Ears(self.home, self.config.hearing)
        self._stack.callback(self.ears.close)
        self.runs = Runs(
            engine,
            self.log,
            self.approvals,
            self.door,
            self.perform,
            executor=executor_id(self.home),
            constants=self._constants,
        )
        started = {"version": version("devos"), "ruleset": self.rules.ruleset, "pack": self.config.rules.pack}
        await self.log.append(Entry("devos.daemon.started", None, None, None, started))
        try:
            await self.runs.launch()
        except DBAPIError as problem:
            raise BadDatabase(f"{engine.url} cannot be used: {problem.orig}") from None
        self._stack.push_async_callback(self.runs.close)
        self.vocabulary.begin()
        self._stack.push_async_callback(self.vocabulary.aclose)
        self.senses = Senses(self)
        self._control = Control(places.socket(self.home), Desk(self).handlers)
        await self._control.open()
        self._stack.push_async_callback(self._control.close)
        self.dashboard = Dashboard(self, port=self.config.dashboard.port)
        await self.dashboard.open()
        self._stack.push_async_callback(self.dashboard.close)
        ways = ways_of(
            self.config,
            self.systems,
            self.door,
            self.approvals,
            page=self._page,
            show=self._show,
            voice=self.senses.way,
        )
        self.inbox = Inbox(self.approvals, ways, self.log)
        self._beside(self.inbox.run())
        self._beside(self.senses.run())
        self._beside(self.shipping.run())
        self._beside(self.keeping.run(Limits(self.config.audit.keep_days, self.config.audit.keep_megabytes)))

    async def _open_record(self) -> None:
        """Open the log, unless somebody outside saw more of it, or another one."""
        file, keys = self.home / "audit.db", self.home / "keys"
        kept = None if self.sandbox or self.config.audit.keyring == "file" else system_keyring()
        signer = await asyncio.to_thread(Signer.load_or_create, keys, kept)
        self.log = Log(file, signer)
        self._stack.callback(self.log.close)
        scratch = self.home / "witnesses"
        named = [witness_of(where, signer.verifier, scratch) for where in self.config.audit.witnesses]
        self.shipping = Shipping(self.log, file, named, alarm=self._alarm)
        for warning in await self.shipping.compare():
            logger.warning(warning)
            print(visible(warning), file=sys.stderr)

    def _alarm(self, what: str) -> None:
        """Stop every change, because a witness that answers late saw another log than this one."""
        self.brake.freeze()
        logger.critical(what)
        print(f"Every change is frozen: {visible(what)}", file=sys.stderr)

    def _page(self, run: str) -> str:
        """Where a run is shown, on this machine."""
        return f"{self.dashboard.url}/runs/{run}"

    def _show(self, approval: Approval) -> None:
        """Open the dashboard at a question, for whoever clicked on its notification."""
        open_page(f"{self.dashboard.url}/inbox/{approval.id}")

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside everything else, until DevOS ends."""
        task = asyncio.create_task(work)
        task.add_done_callback(_told_of_its_fault)

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(end)

    async def pause(self) -> None:
        """Take no more questions, begin no change, and let those that are under way come to their end and record."""
        self.door.close()
        await self._control.close()
        await self.dashboard.close()
        await self.door.settled(LAST_CHANGES)
        self.log.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD):
                await self.shipping.ship()

    def _connect(self) -> tuple[dict[type, object], Path | None]:
        if not self.sandbox:
            apps = self.config.cdk.apps if self.config.cdk else None
            return connected(self.config, self.home), apps
        folder = places.sandbox(self.home)
        return simulated(ensure(folder), self.config.environments, self.home, folder), folder / "apps"

    def _gate(self) -> ChangeGate | None:
        servicenow = self.systems.get(ServiceNow)
        if not isinstance(servicenow, ServiceNow):
            return None

        async def gate(number: str) -> Verdict:
            state = await servicenow.change_state(number)
            return Verdict(state.approved, state.refused, state.by, state.text)

        return gate

    def _record_new_rules(self, before: str, now: str, problem: str | None) -> None:
        """Write into the log that other rules are in force, before they are, or that wrong ones were left alone."""
        if problem:
            logger.warning("the rules in force stay, because the new ones are wrong: %s", problem)
            print(f"The rules in force stay, because the new ones are wrong:\n{visible(problem)}", file=sys.stderr)
        data = {"before": before, "ruleset": now, "problem": problem}
        kind = "devos.rules.rejected" if problem else "devos.rules.changed"
        self.log.append_now(Entry(kind, None, None, None, data))

    def _constants(self, intent: str) -> frozenset[str]:
        """The texts in a request's own code: as arguments, nobody else can have chosen them."""
        return texts_of(self.intents[intent].workflow) if intent in self.intents else frozenset()

    async def perform(self, intent: str, slots: dict[str, Json]) -> str | Outside[str]:
        """Carry out a request by name, in whichever scope this is called."""
        if intent == "undo":
            return await undo(slots["run"], self.log, self.actions, self.owners)
        if intent not in self.intents:
            raise StepsChanged(f"there is no request {intent} any more")
        found = self.intents[intent]
        try:
            return await found.run(found.slots_from_json(slots), self.systems)
        except MissingSystem as missing:
            raise IntegrationError(str(missing)) from None

    @property
    def names(self) -> Names:
        """Which names exist."""
        return self.vocabulary.names

    def request(self, utterance: Utterance, understood: Understood) -> Request:
        """The request that an understood sentence makes."""
        slots = understood.intent.slots_to_json(understood.slots)
        return self._request(utterance, understood.intent.name, slots, understood.tier)

    def undoing(self, run: str) -> Request:
        """The request to take a run back."""
        return self._request(Utterance(f"undo {run}", "typed"), "undo", {"run": run}, "medium")

    def _request(self, utterance: Utterance, intent: str, slots: dict[str, Json], tier: str) -> Request:
        return Request(
            text=utterance.text,
            channel=utterance.channel,
            confidence=utterance.confidence,
            audio=utterance.audio,
            intent=intent,
            slots=slots,
            tier=tier,
            person=self.person,
            version=version("devos"),
        )

    async def start(self, request: Request) -> str:
        """Start a run."""
        return await self.runs.start(request)

    async def plan(self, request: Request) -> Plan:
        """What a request would change; nothing is started."""
        return await self.runs.plan(request)

    def follow(self, run: str) -> AsyncIterator[dict[str, Any]]:
        """A run's JSON, now and after every change."""
        return self.runs.follow(run)


def _told_of_its_fault(task: asyncio.Task[None]) -> None:
    """Log why something that goes on beside everything else has ended: nobody waits for it before DevOS ends."""
    if not task.cancelled() and (problem := task.exception()) is not None:
        logger.critical("a part of DevOS ended by a fault: %s", task.get_coro(), exc_info=problem)
