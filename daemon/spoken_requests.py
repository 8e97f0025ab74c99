"""What a conversation asks of the running DevOS: understanding, starting, following, giving up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.hearing.utterance import Utterance
from intents.understanding.understand import NotUnderstood, Understood
from policies.action import Json
from policies.runs import ENDED

if TYPE_CHECKING:
    from daemon.app import App

LOOKED_AT = 50
"""How many of the newest runs are looked at for those that have not ended."""


class SpokenRequests:
    """The house that `Conversation` speaks for, over one App."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def understand(
        self, utterance: Utterance, chosen: str | None, known: Mapping[str, Json]
    ) -> Understood | NotUnderstood:
        """Understand a sentence; whoever speaks is in no folder, so that no branch names a ticket."""
        return await self._app.vocabulary.understand(
            utterance, Path.home(), chosen=self._app.intents[chosen] if chosen else None, known=known
        )

    async def start(self, utterance: Utterance, understood: Understood, asked_from: Sequence[str] = ()) -> str:
        """Start a run; its id.

        Args:
            utterance: what was said.
            understood: what that means.
            asked_from: the programs that asked for it, where it was no keyboard and no voice.

        Raises:
            CannotRecord: it could not be recorded, and was not started.
        """
        request = replace(self._app.request(utterance, understood), asked_from=list(asked_from))
        return await asyncio.shield(self._app.start(request))

    def follow(self, run: str) -> AsyncIterator[dict[str, Any]]:
        """The run's JSON, now and after every change, until it has ended."""
        return self._app.follow(run)

    async def cancel(self, run: str) -> bool:
        """Let a run take no further step. False when it had ended."""
        return await asyncio.shield(self._app.runs.cancel(run, self._app.person, "voice"))

    async def running(self) -> Sequence[dict[str, Any]]:
        """The runs that have not ended, newest first."""
        newest = await asyncio.to_thread(self._app.runs.newest, LOOKED_AT)
        return [run for run in newest if run["status"] not in ENDED]

    async def freeze(self) -> None:
        """Stop every change at once, and record it."""
        await asyncio.shield(self._app.brake.set(True, self._app.log, by=self._app.person, via="voice"))

    def channel_of(self, run: str) -> str:
        """The channel that a run was asked for by; blocking."""
        return str(self._app.runs.show(run)["utterance"]["channel"])
