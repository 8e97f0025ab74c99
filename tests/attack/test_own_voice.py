"""DevOS's own voice, as fifty rooms give it back to the microphone: written down rightly, it still confirms nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from computed_rooms import Air, Session, said
from office import CHANGE, PEOPLE
from voices import PATIENCE, Clock, Ear, Mouth

from daemon.asking.voice import VoiceWay
from daemon.conversation.floor import Floor
from daemon.hearing.frames import RATE
from daemon.hearing.heard import Sentence
from daemon.hearing.utterance import Utterance
from policies.approval import Approval
from policies.approvals import Approvals
from policies.audit.checkpoint import Signer
from policies.audit.log import Log
from policies.decision import Demand, Level
from policies.store import engine_of, prepare

ROOMS = 50
STAGING: dict[str, Any] = {**CHANGE, "level": "confirm", "environment": "staging", "target": "staging/web-app"}


class Loudspeaker(Mouth):
    """Says each text with a real voice, and knows by a real echo what was its own."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.session = Session()
        self.spoke = np.zeros(0, np.float32)
        self.began = 0.0

    async def say(self, text: str, *, secret: bool = False) -> bool:
        self.spoke, self.began = said(text), self.session.now
        self.session.play(self.spoke)
        return await super().say(text, secret=secret)

    def is_own(self, samples: Any, began: float, ended: float) -> bool:
        return self.session.echo.is_own(samples, began, ended)


class Hall:
    """A room in which DevOS asks aloud beside its own microphone."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.ear = Clock(), Ear()
        self.mouth = Loudspeaker(self.clock)
        self.log = Log(folder / "audit.db", Signer.load_or_create(folder / "keys"))
        self.engine = engine_of(f"sqlite:///{folder / 'runs.db'}")
        prepare(self.engine)
        self.approvals = Approvals(self.engine, self.log, people=PEOPLE, sleep=self.clock.sleep)
        floor = Floor(self.mouth, clock=self.clock, sleep=self.clock.sleep)
        self.way = VoiceWay(
            self.approvals, "ana", floor, self.ear, lambda _: "voice", clock=self._now, sleep=self.clock.sleep
        )

    def _now(self) -> float:
        return self.mouth.session.now

    async def question(self, run: str) -> Approval:
        demand = Demand(Level.CONFIRM)
        return await self.approvals.ask(run, "plan", "d" * 64, demand, [STAGING], "So it is.", asker="ana")

    def open(self, question: Approval) -> bool:
        found = self.approvals.find(question.id)
        return found is not None and found.status == "open"


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    made = Hall(tmp_path)
    yield made
    await made.way.aclose()
    made.engine.dispose()
    made.log.close()


def rooms() -> list[Air]:
    """Small and large ones, quiet and loud ones, good loudspeakers and bad ones."""
    random = np.random.default_rng(4)
    return [
        Air(
            seed,
            gain=float(random.uniform(0.2, 1.0)),
            seconds=float(random.uniform(0.0, 0.6)),
            echoes=float(random.uniform(0.0, 0.25)),
            noise=float(random.uniform(0.0005, 0.003)),
            distorts=bool(seed % 2),
        )
        for seed in range(ROOMS)
    ]


async def test_a_question_that_the_microphone_hears_confirms_itself_in_no_room(hall: Hall) -> None:
    accepted = 0
    for air in rooms():
        question, before = await hall.question(f"run-{air.seed}"), hall.ear.listened
        asking = asyncio.create_task(hall.way.ask(question))
        await hall.ear.listens(before + 1)
        heard, left, began = hall.mouth.session.hear(air.carry(hall.mouth.spoke))
        # Later than it can have been: as if it had begun when the question was over, and said what confirms.
        late = Sentence(
            Utterance("Yes.", "voice", 0.9, "ab" * 32), "question", began + 0.3, hall.mouth.session.now, left
        )
        assert len(heard) > RATE
        assert hall.way.answer(late)
        await hall.ear.listens(before + 2)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        accepted += not hall.open(question)
        hall.mouth.session.now += 5.0
    assert accepted == 0


async def test_a_person_in_the_same_room_is_heard(hall: Hall) -> None:
    for number, voice in enumerate(("en-gb", "de", "en-us+f3")):
        question, before = await hall.question(f"run-{number}"), hall.ear.listened
        asking = asyncio.create_task(hall.way.ask(question))
        await hall.ear.listens(before + 1)
        hall.mouth.session.hear(Air(number).carry(hall.mouth.spoke))
        _, left, began = hall.mouth.session.hear(said("yes, go ahead", voice))
        ended = hall.mouth.session.now
        assert hall.way.answer(Sentence(Utterance("Yes.", "voice", 0.9, "ab" * 32), "question", began, ended, left))
        async with asyncio.timeout(PATIENCE):
            await asking
        assert not hall.open(question)
