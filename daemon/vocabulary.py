"""What this DevOS understands: its requests, over the names that exist at the moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from daemon.hearing.utterance import Utterance
from daemon.memory import give_back
from daemon.names import NOTHING, Names
from intents.context import Context
from intents.intent import Intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.understand import NotUnderstood, Understanding, Understood
from policies.action import Json


class Vocabulary:
    """Understands sentences, and reads the names anew where one names something that it does not know."""

    def __init__(self, intents: Sequence[Intent], person: str, read: Callable[[Names], Awaitable[Names]]) -> None:
        """Know the requests, and no names yet.

        Args:
            intents: every request.
            person: whose DevOS this is.
            read: reads which names exist; it is given those that were read last.
        """
        self.names = NOTHING
        self.understanding = Understanding(intents, self.names.catalogue)
        self._person, self._read = person, read
        self._reading = asyncio.Lock()
        self._begun: asyncio.Task[None] | None = None
        self.took: Callable[[float, str], None] = lambda milliseconds, stage: None
        """Told how long each sentence took, and which stage decided."""

    def begin(self) -> None:
        """Read the names for the first time, beside everything else."""
        self._begun = asyncio.create_task(self._begin())

    async def aclose(self) -> None:
        """Stop reading."""
        if self._begun is not None:
            self._begun.cancel()
            await asyncio.gather(self._begun, return_exceptions=True)

    async def _begin(self) -> None:
        await self.refresh()
        await asyncio.to_thread(give_back)  # what was imported and read for it took far more than what is left of it

    async def catalogue(self) -> Catalogue:
        """The names that exist, once they have been read for the first time."""
        if self._begun is not None:
            await asyncio.shield(self._begun)
        return self.understanding.catalogue

    async def refresh(self) -> None:
        """Read again which names exist."""
        self.names = await self._read(self.names)
        if self.names.catalogue != self.understanding.catalogue:
            self.understanding = self.understanding.with_catalogue(self.names.catalogue)

    async def understand(
        self,
        utterance: Utterance,
        folder: Path,
        *,
        chosen: Intent | None = None,
        known: Mapping[str, Json] | None = None,
    ) -> Understood | NotUnderstood:
        """Understand a sentence; unless it only lacks something, one that fails is tried again with names read afresh.

        Args:
            utterance: what was said.
            folder: where it was said, whose branch may name a ticket.
            chosen: the request that it is about, where that is known before.
            known: slots of that request which were said before.
        """
        await self.catalogue()
        context = await asyncio.to_thread(Context.of, folder, self._person)

        def understood() -> Understood | NotUnderstood:
            answer = self.understanding.understand(
                utterance.text, context, channel=utterance.channel, chosen=chosen, known=known
            )
            self.took(answer.ms, answer.stage)
            return answer

        answer, before = understood(), self.understanding
        if isinstance(answer, Understood) or answer.asks:
            return answer
        async with self._reading:
            if self.understanding is before:
                await self.refresh()
        return answer if self.understanding is before else understood()
