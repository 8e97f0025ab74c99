"""A voice, an ear and a clock that a test has in its hands, and a person who speaks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from daemon.hearing.heard import Sentence
from daemon.hearing.utterance import Utterance

PATIENCE = 20.0
"""Seconds after which a test that waits for what never comes has failed."""
SPEECH = 2.0
"""Seconds that everything takes that is said."""


class Clock:
    """Stands still until it is moved; whoever sleeps, sleeps until then."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleeping: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        waked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleeping.append((self.now + seconds, waked))
        await waked

    def moves(self, seconds: float) -> None:
        self.now += seconds
        for until, waked in self._sleeping:
            if until <= self.now and not waked.done():
                waked.set_result(None)
        self._sleeping = [each for each in self._sleeping if not each[1].done()]


class Mouth:
    """Says everything at once, in two seconds; or, where it is `slow`, until it is hushed or lets it end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.said: list[str] = []
        self.secrets: list[str] = []
        """What was said and must stand nowhere else."""
        self.sounds: list[str] = []
        self.aloud = True
        self.slow = False
        self.own: Callable[[Sentence], bool] = lambda sentence: False
        self.sentence: Sentence | None = None
        self.news = asyncio.Condition()
        self._ends: asyncio.Future[bool] | None = None
        self.at_once = 0
        self.most_at_once = 0

    @property
    def speaking(self) -> bool:
        return self._ends is not None and not self._ends.done()

    async def say(self, text: str, *, secret: bool = False) -> bool:
        if not self.aloud:
            return False
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.said.append(text)
            if secret:
                self.secrets.append(text)
            async with self.news:
                self.news.notify_all()
            if self.slow:
                self._ends = asyncio.get_running_loop().create_future()
                return await self._ends
            self._clock.moves(SPEECH)
            return True
        finally:
            self.at_once -= 1

    def ends(self) -> None:
        """What is being said comes to its end."""
        assert self._ends is not None
        self._clock.moves(SPEECH)
        self._ends.set_result(True)

    def hush(self) -> None:
        if self.speaking and self._ends is not None:
            self._ends.set_result(False)

    def sound(self, name: Any) -> None:
        self.sounds.append(name)

    def is_own(self, samples: Any, began: float, ended: float) -> bool:
        return self.sentence is not None and self.own(self.sentence)

    async def until(self, is_so: Callable[[], Any]) -> Any:
        """Wait until something that is said makes it so."""
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(is_so)
        return is_so()

    async def says(self, part: str, times: int = 1) -> str:
        """The newest thing said that has this in it, once it was said so often."""
        await self.until(lambda: sum(part in each for each in self.said) >= times)
        return next(each for each in reversed(self.said) if part in each)


class Ear:
    """Remembers what it was asked to do."""

    def __init__(self) -> None:
        self.status = "off"
        self.done: list[str] = []
        self.prompts: list[str | None] = []
        self._listened = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def listened(self) -> int:
        """How often it was asked to listen."""
        return sum(each.startswith("listen") for each in self.done)

    def listen(self, why: Any, *, hold: bool = False, patience: float = 6.0, prompt: str | None = None) -> None:
        self.done.append(f"listen {why}{' held' if hold else ''}")
        self.prompts.append(prompt)
        self._tell()

    def finish(self) -> None:
        self.done.append("finish")

    def abandon(self) -> None:
        self.done.append("abandon")

    def mute(self, on: bool) -> None:
        self.done.append(f"mute {on}")
        self.status = "muted" if on else "off"

    def _tell(self) -> None:
        async def tell() -> None:
            async with self._listened:
                self._listened.notify_all()

        task = asyncio.create_task(tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def listens(self, times: int) -> None:
        """Wait until it was asked to listen so often."""
        async with asyncio.timeout(PATIENCE), self._listened:
            await self._listened.wait_for(lambda: self.listened >= times)


class Stage:
    """The clock, the voice and the ear together, and whoever speaks."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.mouth, self.ear = Mouth(self.clock), Ear()

    def sentence(
        self, text: str, why: Any = "question", *, after: float = 1.0, channel: Any = "voice", audio: str = "ab" * 32
    ) -> Sentence:
        """Something that is said, beginning so many seconds from now; it takes a second."""
        began = self.clock.now + after
        self.clock.moves(max(0.0, after) + 1.5)
        samples = np.zeros(16_000, np.float32)
        said = Sentence(Utterance(text, channel, 0.9, audio), why, began, began + 1.0, samples)
        self.mouth.sentence = said
        return said

    @property
    def words(self) -> str:
        """The words that were asked for last: "tango seven"."""
        return next(
            found[1] for each in reversed(self.mouth.said) if (found := re.search(r"confirm (\w+ \w+)\.", each))
        )
