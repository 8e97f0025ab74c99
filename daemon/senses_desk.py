"""What the command line may ask of the senses: press keys, mute, see how they are, watch keys arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from daemon.asking.programs import programs_of
from daemon.control import Handler, Problem
from daemon.hotkeys.hotkeys import NoSuchKeys
from policies.action import Json

if TYPE_CHECKING:
    from daemon.senses import Senses

WATCHED = 900.0
"""Seconds for which keys are shown instead of done at most: nobody may take the freeze key away for ever."""
WRONG = 2
"""Exit code of the contract: used in a wrong way."""


class SensesDesk:
    """Answers such questions for one running DevOS."""

    def __init__(self, senses: Senses) -> None:
        self._senses = senses

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Every question by name."""
        return {"press": self._press, "mute": self._mute, "senses": self._state, "keys": self._keys}

    async def _press(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        try:
            release, programs = question.get("release") is True, await programs_of(question["peer"])
            press = await asyncio.to_thread(
                self._senses.hotkeys.press, str(question["keys"]), release=release, asked_from=programs
            )
        except NoSuchKeys as problem:
            raise Problem(str(problem.args[0]), WRONG) from None
        yield {"pressed": press.binding.name, "down": press.down}

    async def _mute(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        on = question["on"] is True
        await asyncio.to_thread(self._senses.mute, on)
        yield {"muted": on}

    async def _state(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        yield self._senses.state()

    async def _keys(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        """Each key as it arrives, until the asker leaves or has watched for long; meanwhile none does anything."""
        with self._senses.watched() as presses, suppress(TimeoutError):
            yield {"watching": True, "way": self._senses.hotkeys.state.way}
            until = asyncio.get_running_loop().time() + WATCHED
            while True:
                async with asyncio.timeout_at(until):
                    press = await presses.get()
                yield {
                    "press": {
                        "name": press.binding.name,
                        "keys": press.binding.chord.text,
                        "down": press.down,
                        "way": press.way,
                        "at": press.at,
                    }
                }
