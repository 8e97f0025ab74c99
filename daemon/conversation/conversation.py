"""What DevOS answers to what a person says and presses.

One thing is handled at a time, in the order in which it was said; only what silences or stops DevOS is obeyed at once.
Nothing is done by a guess: a sentence is a request whole, or completes one, or is answered with a question.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from daemon.asking.telling import in_words
from daemon.confirming.words import confirmed_with
from daemon.conversation.choosing import Which
from daemon.conversation.control import ALWAYS, Control, control_of
from daemon.conversation.following import Following
from daemon.conversation.requests import Requests
from daemon.conversation.saying import doing, listed, name_of
from daemon.hearing.heard import Event, Nothing, Sentence, Speaking, Trouble, Woken

if TYPE_CHECKING:
    from daemon.asking.voice import VoiceWay
    from daemon.conversation.attention import Attention
    from daemon.conversation.floor import Floor
    from daemon.conversation.house import House
    from daemon.hotkeys.press import Press

logger = logging.getLogger("devos.conversation")

PERSON = "person"
"""Who has the floor while somebody speaks."""
TAP = 0.3
"""Seconds; a talk key that was held shorter was tapped, and the sentence ends at a silence."""


class Conversation:
    """Talks with one person. Every method is called on the event loop."""

    def __init__(
        self,
        house: House,
        floor: Floor,
        ear: Attention,
        voice: VoiceWay | None = None,
        *,
        hold: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build it; it does nothing before it is told something.

        Args:
            house: who understands and carries out.
            floor: who speaks; the same that `voice` has.
            ear: who listens; the same that `voice` has.
            voice: the questions that are asked aloud.
            hold: whether the talk key is held while speaking.
            clock: seconds, the same that events have their moments by.
        """
        self._house, self._floor, self._ear, self._voice, self._hold = house, floor, ear, voice, hold
        self._following = Following(house, floor, voice)
        self._requests = Requests(house, floor, ear, self._following, clock)
        self._order = asyncio.Lock()
        self._work: set[asyncio.Task[None]] = set()
        self._down = 0.0
        self._trouble = self._warned = ""

    async def tell(self, event: Event) -> None:
        """Take what the ear told, in the order in which it told it; returns at once, what follows goes on by itself."""
        match event:
            case Woken():
                self._ear.woken()
                self._attend()
            case Speaking():
                if self._floor.speaking:
                    self._floor.hush()
            case Sentence():
                self._ear.over()
                self._begin(self._heard(event))
            case Nothing():
                if self._ear.over():
                    self._begin(self._unheard(event))
            case Trouble():
                if event.text != self._trouble:
                    self._trouble, self._warned = event.text, ""
                    self._begin(self._warn(event.text))

    async def pressed(self, press: Press) -> None:
        """Take a key that was pressed or let go of; returns at once, what follows goes on by itself."""
        match press.binding.kind:
            case "talk":
                self._talk(press)
            case "stop":
                self._stop()
            case "mute":
                self._begin(self._mute(on=self._ear.status != "muted"))
            case "freeze":
                self._begin(self._freeze())
            case "request":
                self._ear.listen("key")  # at once: whoever pressed it may speak already
                self._attend()
                self._begin(self._choose(press))

    async def settled(self) -> None:
        """Wait until everything that was told so far is dealt with; runs may go on."""
        while self._work:
            await asyncio.gather(*self._work, return_exceptions=True)

    async def aclose(self) -> None:
        """End; runs go on, and nobody follows them here any more."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._following.aclose()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            logger.error("something that was said could not be dealt with: %s", in_words(problem), exc_info=problem)
            self._floor.sound("failed")

    async def _warn(self, trouble: str) -> None:
        """Say that the microphone is in trouble, unless whoever wanted to speak was told already."""
        if trouble:
            await self._floor.news(trouble, still=lambda: self._trouble == trouble != self._warned)

    def _attend(self) -> None:
        """Be silent, because somebody is going to speak."""
        if self._floor.speaking:
            self._floor.hush()
        self._floor.hold(PERSON)
        self._floor.sound("listening")

    def _talk(self, press: Press) -> None:
        """The talk key: held while speaking; or, as by a command, pressed to begin, and a silence ends it too."""
        held = self._hold and press.way != "command"
        if press.down:
            self._down = press.at
            self._ear.listen("key", hold=held)
            self._attend()
        elif held and press.at - self._down < TAP and self._ear.listening:
            self._ear.listen("key")
        else:
            self._ear.finish()

    async def _heard(self, sentence: Sentence) -> None:
        """Deal with a sentence."""
        try:
            if self._floor.is_own(sentence.samples, sentence.began, sentence.ended):
                self._listen_on()
                return
            control = control_of(sentence.utterance.text)
            if control in ALWAYS:
                await self._obey(control)
                return
            async with self._order:
                await self._answer(sentence, control)
        finally:
            if not self._ear.listening:
                self._floor.release(PERSON)

    async def _answer(self, sentence: Sentence, control: Control | None) -> None:
        """Find out what a sentence belongs to, and deal with it as that."""
        voice, utterance = self._voice, sentence.utterance
        if voice is not None and voice.confirmation(sentence):  # kept from everything that might write it down
            return
        if confirmed_with(utterance.text) is not None:
            await self._floor.say("Nothing is being asked.")
        elif self._requests.pending is not None:
            await self._requests.complete(utterance, control)
        elif voice is not None and voice.answer(sentence):
            return
        elif control is not None:
            await self._obey(control)
        else:
            await self._requests.take(utterance)

    async def _unheard(self, nothing: Nothing) -> None:
        """Deal with a silence, or with a sound that was no sentence."""
        async with self._order:
            gone = self._trouble if self._ear.status != "muted" else ""
            self._warned = gone or self._warned
            because = gone or nothing.because
            self._floor.release(PERSON)
            if self._requests.pending is not None:
                await self._requests.silent(because, again=not gone)
                return
            if self._voice is not None:
                self._voice.silence()
            if because:
                await self._floor.say(because)

    async def _choose(self, press: Press) -> None:
        async with self._order:
            await self._requests.choose(press.binding.name, press.asked_from)
            if not self._ear.listening:
                self._floor.release(PERSON)

    async def _obey(self, control: Control | None) -> None:
        match control:
            case Control.STOP:
                self._stop()
            case Control.DOING:
                await self._floor.say(doing(await self._house.running()))
                self._listen_on()
            case Control.FREEZE:
                await self._freeze()
            case Control.THAW:
                await self._floor.say("Ending the freeze takes a person at a terminal: devos thaw.")
            case Control.MUTE:
                await self._mute(on=True)
            case Control.REPEAT:
                await self._floor.say(self._floor.last or "I have said nothing yet.")
            case Control.NEVER_MIND:
                await self._floor.say("All right.")
            case Control.CANCEL:
                await self._cancel()

    async def _cancel(self) -> None:
        """Cancel the run that is under way; with several, ask which."""
        runs = await self._house.running()
        if len(runs) > 1:
            names = listed([name_of(run) for run in runs], "or")
            await self._requests.put(Which(f"Which one: {names}?", tuple(runs)))
        else:
            await self._requests.cancel(runs, "Nothing is under way.")

    def _listen_on(self) -> None:
        """Listen for the answer that is still open."""
        if self._requests.pending is not None:
            self._ear.listen("question")
        elif self._voice is not None:
            self._voice.listen()

    def _stop(self) -> None:
        """Be silent and listen no more; what is asked stays open elsewhere."""
        self._floor.hush()
        if self._ear.listening:
            self._ear.abandon()
        self._requests.drop()
        self._floor.release(PERSON)
        if self._voice is not None:
            self._voice.leave()

    async def _mute(self, *, on: bool) -> None:
        if on and self._ear.listening:
            self._ear.abandon()  # that it heard nothing more needs no saying
        await asyncio.to_thread(self._ear.mute, on)
        await self._floor.say("The microphone is off." if on else "The microphone is on.")

    async def _freeze(self) -> None:
        self._floor.hush()
        await self._house.freeze()
        await self._floor.say("Every change is frozen. To end that, type devos thaw.")
