"""From what is said to a run: understanding it, asking for what is missing, correcting what was not carried out yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from daemon.conversation.choosing import Which
from daemon.conversation.control import Control
from daemon.conversation.following import Followed, Following
from daemon.conversation.pending import EXPIRES, MOST, Pending
from daemon.conversation.saying import name_of
from daemon.hearing.utterance import Utterance
from intents.understanding.correcting import corrects
from intents.understanding.understand import NotUnderstood, Understood
from policies.audit.log import CannotRecord

if TYPE_CHECKING:
    from daemon.conversation.attention import Attention
    from daemon.conversation.floor import Floor
    from daemon.conversation.house import House

CORRECTABLE = 300.0
"""Seconds in which a request can still be corrected that was not carried out yet."""
TOO_LATE = "It is too late to change that: it was carried out, or is about to be. Say cancel, or a new request."
SLOT = "slot"
"""Who has the floor while something is asked."""
_NONE = frozenset(("no", "nope", "nothing", "none", "neither", "neither one", "none of them", "no thanks"))


class Requests:
    """The request that is being made, and the last one that was."""

    def __init__(
        self, house: House, floor: Floor, ear: Attention, following: Following, clock: Callable[[], float]
    ) -> None:
        self._house, self._floor, self._ear, self._following, self._clock = house, floor, ear, following, clock
        self._pending: Pending | Which | None = None

    @property
    def pending(self) -> Pending | Which | None:
        """The question that is open, unless it expired."""
        if self._pending is not None and self._clock() > self._pending.expires:
            self.drop()
        return self._pending

    def drop(self) -> None:
        """Forget the question that is open."""
        self._pending = None
        self._floor.release(SLOT)

    async def take(self, utterance: Utterance) -> None:
        """Take a sentence that no question is open for: as a correction of the last request, or as a request."""
        last = await self._corrected(utterance.text)
        if last is not None and last.correctable:
            before = Pending("", last.intent, last.known, by_key=last.by_key, replaces=last.run)
            await self._understand(utterance, before)
            return
        answer = await self._house.understand(utterance, None, {})
        if isinstance(answer, Understood):
            await self._start(utterance, answer, Pending(""))
        elif last is not None and answer.intent is None:
            await self._floor.say(TOO_LATE)
        else:
            await self._ask(answer, Pending(""))

    async def complete(self, utterance: Utterance, control: Control | None) -> None:
        """Take a sentence as the answer to the question that is open."""
        pending, text = self._pending, utterance.text
        if pending is None:
            return
        if control in (Control.CANCEL, Control.NEVER_MIND) or text.casefold().strip(" .!") in _NONE:
            self.drop()
            await self._floor.say("All right.")
        elif control is Control.REPEAT:
            await self.put(pending)
        elif isinstance(pending, Which):
            self.drop()
            await self.cancel(pending.taken(text), "I do not know which one you mean.")
        elif (chosen := pending.chosen(text)) is not None:
            self.drop()
            await self._understand(replace(utterance, text=""), replace(chosen, said=(*chosen.said, text)))
        else:
            self.drop()
            await self._understand(utterance, pending)

    async def choose(self, name: str, asked_from: tuple[str, ...] = ()) -> None:
        """Begin a request whose key was pressed: what is missing is listened for already, or it goes on at once.

        Args:
            name: which request.
            asked_from: the programs that pressed its key, where it was no keyboard.
        """
        before = Pending("", name, {}, by_key=True, asked_from=asked_from)
        answer = await self._house.understand(Utterance("", "hotkey"), name, {})
        pending = None if isinstance(answer, Understood) else Pending.of(answer, before)
        if pending is not None:
            self._pending = replace(pending, asked=0, expires=self._clock() + EXPIRES)
            self._floor.hold(SLOT)
            return
        self._ear.abandon()
        if isinstance(answer, Understood):
            await self._start(Utterance("", "hotkey"), answer, before)
        else:
            await self._floor.say(answer.because)

    async def silent(self, because: str, *, again: bool = True) -> None:
        """Nobody answered the question that is open, or not so that it could be heard.

        Args:
            because: why, in a sentence; empty where nobody spoke.
            again: whether to put it once more; there is no use where nothing can be heard.
        """
        pending = self._pending
        if pending is None:
            return
        if pending.silences or not again or self._ear.status == "muted":
            self.drop()
            ended = because if not because or because.endswith((".", "?", "!")) else f"{because}."
            await self._floor.say(f"{ended} {pending.question} Say the request again when you like.".strip())
        else:
            await self.put(replace(pending, silences=1))

    async def put(self, pending: Pending | Which) -> None:
        """Put a question, and listen for its answer; unless it is dropped while it is being said."""
        self._pending = pending
        self._floor.hold(SLOT)
        await self._floor.say(pending.question)
        if self._pending is pending:
            self._pending = replace(pending, expires=self._clock() + EXPIRES)
            self._ear.listen("question")

    async def cancel(self, runs: Sequence[Mapping[str, Any]], none: str) -> None:
        """Cancel runs, and say which.

        Args:
            runs: their JSON.
            none: what to say where there is none.
        """
        for run in runs:
            done = await self._following.give_up(str(run["run"]))
            await self._floor.say(f"Cancelled: {name_of(run)}." if done else f"It had ended: {name_of(run)}.")
        if not runs:
            await self._floor.say(none)

    async def _understand(self, utterance: Utterance, before: Pending) -> None:
        answer = await self._house.understand(utterance, before.intent, before.known)
        if isinstance(answer, Understood):
            await self._start(utterance, answer, before)
        else:
            await self._ask(answer, before)

    async def _ask(self, answer: NotUnderstood, before: Pending) -> None:
        """Say why nothing was understood, and listen for what is missing, where something is."""
        pending = Pending.of(answer, before)
        if pending is None:
            example = f" You can say: {answer.nearest[0]}." if answer.nearest else ""
            await self._floor.say(f"{answer.because}{example}")
        elif pending.asked > MOST:
            await self._floor.say(f"{answer.because} I give up; say the whole request again.")
        else:
            await self.put(pending)

    async def _start(self, utterance: Utterance, understood: Understood, before: Pending) -> None:
        """Start a run, in place of the one that it corrects."""
        name, known = understood.intent.name, understood.known
        if before.replaces is not None and not await self._replaced(before.replaces, name, known):
            return
        by_key = before.by_key and name == before.intent
        text = before.text(utterance.text) or name.replace("_", " ")
        self._floor.sound("understood")
        try:
            channel = "hotkey" if by_key else utterance.channel
            said = replace(utterance, text=text, channel=channel)
            run = await self._house.start(said, understood, before.asked_from if by_key else ())
        except CannotRecord:
            await self._floor.say("Nothing was started, because the audit log cannot be written.")
            return
        self._following.begin(Followed(run, name, known, by_key, self._clock()))

    async def _replaced(self, run: str, name: str, known: Mapping[str, Any]) -> bool:
        """Give up the run that is corrected; False where there is nothing to correct, or no time left for it."""
        last = await self._following.look()
        if last is None or last.run != run or not last.correctable:
            await self._floor.say(TOO_LATE)
            return False
        if (last.intent, dict(last.known)) == (name, known) and last.status == "asking":
            await self._floor.say("That is what I understood.")
            return False
        if last.status == "asking" and not await self._following.give_up(run) and not last.correctable:
            await self._floor.say(TOO_LATE)
            return False
        return True

    async def _corrected(self, text: str) -> Followed | None:
        """The request that a sentence corrects, by its words: the last one, unless that is long ago."""
        last = self._following.last
        if last is None or self._clock() - last.at > CORRECTABLE:
            return None
        return await self._following.look() if corrects(text) else None
