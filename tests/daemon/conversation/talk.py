"""One person and one DevOS, whose runs, rules, questions and record are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voices import PATIENCE, Stage
from wiring import DevOS

from daemon.asking.inbox import Inbox
from daemon.asking.voice import VoiceWay
from daemon.conversation.attention import Attention
from daemon.conversation.conversation import Conversation
from daemon.conversation.floor import Floor
from daemon.hearing.heard import Nothing
from daemon.hearing.utterance import Utterance
from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.press import Press
from intents.context import Context
from intents.count_replicas import count_replicas
from intents.deploy_service import deploy_service
from intents.intent import intent
from intents.scale_deployment import scale_deployment
from intents.understanding.catalogue import Catalogue
from intents.understanding.slots import EnvironmentName
from intents.understanding.understand import NotUnderstood, Understanding, Understood
from policies.audit.log import CannotRecord
from policies.request import Request

NAMES = ("web-app", "checkout", "auth-api", "authn-api")
NOBODY = Context(None, None, None, None, "ana")


@dataclass(frozen=True)
class Watch:
    namespace: EnvironmentName = "staging"


@intent("watch everything [in {namespace}]", tier="simple")
async def watch_everything(want: Watch) -> str:
    """Never called: the cluster has a request of the same name."""
    return ""


INTENTS = (scale_deployment, deploy_service, count_replicas, watch_everything)


async def scaling(devos: DevOS, deployment: str, replicas: int, namespace: str, ticket: str | None) -> str:
    done = await devos.kubernetes.scale(deployment, namespace, replicas)
    return f"{deployment} in {namespace} went from {done.was} to {done.replicas} replicas."


async def counting(devos: DevOS, deployment: str, namespace: str) -> str:
    found = await devos.kubernetes.deployment(deployment, namespace)
    return f"{found.name} has {found.replicas} replicas in {namespace}."


async def deploying(
    devos: DevOS, service: str, environment: str, version: str | None = None, ticket: str | None = None
) -> str:
    await devos.kubernetes.restart(service, environment)
    return f"{service} is deployed."


async def watching(devos: DevOS, namespace: str) -> str:
    return f"All is well in {namespace}."


class House:
    """What the daemon does for a conversation."""

    def __init__(self, devos: DevOS) -> None:
        self.devos = devos
        self.broken = False
        self.understood: list[str] = []
        """What was given to be understood."""
        names = Catalogue.of(
            deployment={"production": NAMES, "staging": NAMES},
            service=NAMES,
            environment=("production", "staging"),
            project=("DEV",),
        )
        self._understanding = Understanding(INTENTS, names)
        self._by_name = {each.name: each for each in INTENTS}
        devos.requests.update(
            scale_deployment=scaling, count_replicas=counting, deploy_service=deploying, watch_everything=watching
        )

    async def understand(
        self, utterance: Utterance, chosen: str | None, known: Mapping[str, Any]
    ) -> Understood | NotUnderstood:
        self.understood.append(utterance.text)
        request = self._by_name[chosen] if chosen else None
        return self._understanding.understand(
            utterance.text, NOBODY, channel=utterance.channel, chosen=request, known=known
        )

    async def start(self, utterance: Utterance, understood: Understood, asked_from: Sequence[str] = ()) -> str:
        if self.broken:
            raise CannotRecord("the disk is full")
        slots = understood.intent.slots_to_json(understood.slots)
        return await self.devos.runs.start(
            Request(
                utterance.text,
                utterance.channel,
                utterance.confidence,
                utterance.audio,
                understood.intent.name,
                slots,
                understood.tier,
                "ana",
                "0.1.0",
                asked_from=list(asked_from),
            )
        )

    def follow(self, run: str) -> AsyncIterator[dict[str, Any]]:
        return self.devos.runs.follow(run)

    async def cancel(self, run: str) -> bool:
        return await self.devos.runs.cancel(run, "ana", "voice")

    async def running(self) -> Sequence[dict[str, Any]]:
        newest = await asyncio.to_thread(self.devos.runs.newest)
        return [run for run in newest if run["status"] in ("running", "asking", "waiting")]

    async def freeze(self) -> None:
        self.devos.brake.freeze()

    def channel_of(self, run: str) -> str:
        return str(self.devos.runs.show(run)["utterance"]["channel"])


class Talk(Stage):
    """A person talks with DevOS."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__()
        self.devos = DevOS(folder, **options)
        self.house = House(self.devos)
        self.floor = Floor(self.mouth, clock=self.clock, sleep=self.clock.sleep)
        self.attention = Attention(self.ear)
        self.voice = VoiceWay(
            self.devos.approvals,
            "ana",
            self.floor,
            self.attention,
            self.house.channel_of,
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        self.conversation = Conversation(self.house, self.floor, self.attention, self.voice, clock=self.clock)
        self.inbox = Inbox(self.devos.approvals, [self.voice], self.devos.log, sleep=self.clock.sleep)

    async def __aenter__(self) -> Talk:
        await self.devos.__aenter__()
        self._asking = asyncio.create_task(self.inbox.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._asking.cancel()
        await asyncio.gather(self._asking, return_exceptions=True)
        await self.conversation.aclose()
        await self.devos.__aexit__()

    async def says(self, text: str, why: Any = "wake", **how: Any) -> None:
        """The person says something, and DevOS has dealt with it."""
        await self.conversation.tell(self.sentence(text, why, **how))
        await self.deals()

    async def deals(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.conversation.settled()

    async def silence(self, why: Any = "question", because: str = "") -> None:
        """Nobody says anything."""
        await self.conversation.tell(Nothing(why, because))
        await self.deals()

    async def presses(
        self, kind: Any, name: str = "", *, down: bool = True, way: str = "X11", at: float = 0.0, by: Sequence[str] = ()
    ) -> None:
        """The person presses a key, or lets go of it; or programs do."""
        binding = Binding(Chord.parse("ctrl+alt+k"), name or kind, kind)
        await self.conversation.pressed(Press(binding, down, at, "command" if by else way, tuple(by)))
        await self.deals()

    async def runs(self, status: str, count: int = 1) -> list[dict[str, Any]]:
        """The runs with that status, newest first, once there are so many."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = [run for run in await asyncio.to_thread(self.devos.runs.newest) if run["status"] == status]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.01)

    def changes(self) -> list[tuple[str, str, int]]:
        """Everything that was scaled."""
        return [(each["deployment"], each["namespace"], each["replicas"]) for each in self.devos.wire.journal("scale")]
