"""Asking aloud, and taking the answer from the live microphone.

The question is read out with random words that exist only now. A yes counts only when it was spoken after the last
sample of exactly this question, by somebody else than DevOS, in exactly these words. Everything else leaves the
question where it is: it stands on the dashboard and in the terminal all the while.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from math import inf

from daemon.asking.aloud import AskedAloud, Next
from daemon.confirming.reading_back import details, is_ordinary, read_back, unreadable
from daemon.confirming.replies import Reply, read
from daemon.confirming.words import VOCABULARY, Challenge
from daemon.conversation.floor import Floor
from daemon.conversation.house import Listening
from daemon.hearing.heard import Sentence
from intents.understanding.correcting import corrects
from policies.approval import Approval
from policies.approvals import Approvals, CannotAnswer
from policies.audit.log import CannotRecord

TRIES = 3
"""How often it asks with new words before it leaves the question to the other ways."""
LIFETIME = 60.0
"""Seconds after the end of the question in which its words count."""
TAIL = 0.25
"""Seconds after the last sample that a room still echoes."""
PATIENCE = 8.0
"""Seconds that it listens for somebody to begin."""
HOLD = 120.0
"""Seconds until it asks again after "wait"."""
REMEMBERED = 256
"""Runs whose channel is remembered: it never changes, and is asked for at every look at the questions."""


class VoiceWay:
    """Asks whoever spoke to DevOS about what they asked for."""

    name = "voice"

    def __init__(
        self,
        approvals: Approvals,
        person: str,
        floor: Floor,
        ear: Listening,
        channel_of: Callable[[str], str],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Build it.

        Args:
            approvals: where answers go.
            person: who sits here.
            floor: who speaks.
            ear: who listens.
            channel_of: the channel that a run was asked for by: "voice", "hotkey", "typed" …; a LookupError where there
                is no such run.
            clock: seconds, the same that sentences have their moments by.
            sleep: waits.
        """
        self._approvals, self._person, self._floor, self._ear = approvals, person, floor, ear
        self._channel_of, self._clock, self._sleep = lru_cache(REMEMBERED)(channel_of), clock, sleep
        self._one = asyncio.Lock()
        self._asked: AskedAloud | None = None
        self._drawn: Challenge | None = None
        self._remarks: set[asyncio.Task[bool]] = set()
        self.denied: set[str] = set()
        """The runs to which a no was said aloud: whoever said it knows how they end."""

    @property
    def health(self) -> str:
        """How it is."""
        return "ready" if self._floor.aloud else "DevOS does not speak aloud now, so nothing is asked by voice."

    @property
    def asking(self) -> str | None:
        """The id of the question that is being asked aloud."""
        return self._asked.approval.id if self._asked is not None else None

    def objection(self, approval: Approval) -> str:
        """Why a question is not asked aloud."""
        if not self._floor.aloud:
            return "DevOS does not speak aloud now; `devos approvals` shows what it asks."
        if self._channel(approval.run) not in ("voice", "hotkey"):
            return "It was not asked for by voice."
        return self._approvals.voters.problem(approval, self._person, self.name) or unreadable(approval)

    async def refuses(self, code: str) -> str:
        """Why the question of that id is not asked aloud, in a sentence; empty when it is, or is not there any more."""
        approval = await asyncio.to_thread(self._approvals.find, code)
        return self.objection(approval) if approval is not None and approval.status == "open" else ""

    def _channel(self, run: str) -> str:
        try:
            return self._channel_of(run)
        except LookupError:
            return ""

    async def ask(self, approval: Approval) -> None:
        """Ask until it is answered, put off, or left to the other ways; cancelled when the question closes."""
        async with self._one:
            await self._floor.until_free()
            asked = self._asked = AskedAloud(approval, self._clock())
            try:
                await self._ask(asked)
            finally:
                self._asked = asked.challenge = None
                self._floor.release(self.name)

    async def withdraw(self, approval: Approval) -> None:
        """Nothing: what was being said about it was cut off."""

    async def aclose(self) -> None:
        """End."""
        for remark in self._remarks:
            remark.cancel()
        await asyncio.gather(*self._remarks, return_exceptions=True)

    def answer(self, sentence: Sentence) -> bool:
        """Take what was said, if it is said to the question that is being asked; whether it was taken.

        Only what the live microphone heard is ever taken. What corrects the request is no answer to its question.
        """
        asked, text = self._asked, sentence.utterance.text
        if asked is None or sentence.utterance.channel != "voice" or sentence.began < asked.began:
            return False
        reply = self._read(text)
        if reply is Reply.OTHER and (asked.waits or sentence.why != "question" or corrects(text)):
            return False
        asked.replies.put_nowait((sentence, reply))
        return True

    def confirmation(self, sentence: Sentence) -> bool:
        """Take what was said if it is meant to confirm, or holds the words that were drawn; whether it was taken.

        Nothing else may see such a sentence as long as its words count: it might be written down.
        """
        return self._read(sentence.utterance.text) is Reply.WORDS and self.answer(sentence)

    def silence(self) -> bool:
        """Nobody said anything: the question stands until its words expire. Whether one is being asked."""
        if self._asked is None:
            return False
        if self._asked.opens == inf and not self._asked.waits:
            self._asked.replies.put_nowait(Next.UNHEARD)  # and whatever interrupted it was no answer
        self._floor.release(self.name)
        return True

    def listen(self) -> bool:
        """Listen for an answer once more, after something else was said; whether a question is being asked."""
        if self._asked is None or self._asked.waits:
            return False
        self._floor.hold(self.name)
        self._ear.listen("question", patience=PATIENCE, prompt=VOCABULARY)
        return True

    def leave(self) -> None:
        """Leave the question that is being asked to the other ways."""
        if self._asked is not None:
            self._asked.replies.put_nowait(Next.OVER)

    async def _ask(self, asked: AskedAloud) -> None:
        left, text = TRIES, read_back(asked.approval)
        while left:
            outcome = await self._round(asked, text)
            match outcome:
                case Next.OVER:
                    return
                case Next.LEFT:
                    break
                case Next.AGAIN:
                    text = read_back(asked.approval)
                case Next.DETAILS:
                    text = details(asked.approval)
                case Next.WAIT:
                    if not await self._wait(asked):
                        return
                    text = read_back(asked.approval)
                case Next.NOT_ENOUGH:
                    left, text = left - 1, "A yes is not enough for this."
                case Next.EARLY:
                    left, text = left - 1, f"Please answer when the question is over. {read_back(asked.approval)}"
                case Next.UNHEARD:
                    left, text = left - 1, read_back(asked.approval)
                case Next.WRONG:
                    left, text = left - 1, "That was not it."
        self._remark("I leave the question open; it is on the dashboard.")

    async def _round(self, asked: AskedAloud, text: str) -> Next:
        """Read the question out with new words, and take one answer."""
        asked.opens = asked.closes = inf
        asked.challenge = None
        words = self._drawn = Challenge.draw(but=self._drawn)
        self._floor.hold(self.name)
        heard = await self._floor.say(f"{text} Say: confirm {words.aloud}. Or say: no.", secret=True)
        if not heard and not self._floor.aloud:
            return Next.OVER
        if heard:
            ended = self._clock()
            asked.challenge, asked.opens, asked.closes = words, ended + TAIL, ended + LIFETIME
        self.listen()
        return await self._reply(asked)

    async def _reply(self, asked: AskedAloud) -> Next:
        patience = min(asked.closes, self._clock() + LIFETIME) - self._clock()
        said = await asked.next(patience, self._sleep)
        if isinstance(said, Next):
            return said
        sentence, reply = said
        if self._is_own(sentence):
            self.listen()
            return await self._reply(asked)
        match reply:
            case Reply.NO:
                return await self._record(asked, yes=False)
            case Reply.WAIT:
                return Next.WAIT
            case Reply.REPEAT | Reply.GO_ON:
                return Next.AGAIN
            case Reply.DETAILS:
                return Next.DETAILS
            case Reply.YES | Reply.WORDS:
                return await self._confirm(asked, sentence, reply)
        return Next.WRONG

    async def _confirm(self, asked: AskedAloud, sentence: Sentence, reply: Reply) -> Next:
        """Take a yes, if it counts; its words are used up either way."""
        words, asked.challenge = asked.challenge, None
        if words is None or sentence.began <= asked.opens:
            return Next.EARLY
        if sentence.ended > asked.closes or self._clock() > asked.closes:
            return Next.LEFT
        if reply is Reply.YES:
            return await self._record(asked, yes=True) if is_ordinary(asked.approval) else Next.NOT_ENOUGH
        return await self._record(asked, yes=True) if words.met_by(sentence.utterance.text) else Next.WRONG

    async def _record(self, asked: AskedAloud, *, yes: bool) -> Next:
        """Hand the answer on; that the question closes with it must not cut anything of this off."""
        await asyncio.shield(asyncio.ensure_future(self._hand_on(asked.approval, yes)))
        return Next.OVER

    async def _hand_on(self, approval: Approval, yes: bool) -> None:
        because = None if yes else "said no"
        if not yes:
            self.denied.add(approval.run)
        try:
            await self._approvals.answer(
                approval.id, yes, self._person, self.name, digest=approval.digest, because=because
            )
        except CannotAnswer as problem:
            self.denied.discard(approval.run)
            self._remark(str(problem))
        except CannotRecord:
            self.denied.discard(approval.run)
            self._remark("That does not count, because it cannot be recorded.")
        else:
            if yes:
                self._floor.sound("understood")
            else:
                self._remark("All right, it is not done.")

    async def _wait(self, asked: AskedAloud) -> bool:
        """Put the question off; whether it is to be asked again."""
        asked.waits, asked.opens, asked.challenge = True, inf, None
        await self._floor.say("All right. I ask again in two minutes, or when you say: go on.")
        self._floor.release(self.name)
        until = self._clock() + HOLD
        while (left := until - self._clock()) > 0:
            said = await asked.next(left, self._sleep)
            if isinstance(said, Next):
                if said is Next.OVER:
                    return False
                break
            sentence, reply = said
            if self._is_own(sentence) or reply is Reply.WAIT:
                continue
            if reply is Reply.NO:
                await self._record(asked, yes=False)
                return False
            break
        asked.waits = False
        await self._floor.until_free()
        return True

    def _read(self, text: str) -> Reply:
        reply = read(text)
        named = self._drawn is not None and self._drawn.named_in(text)
        return Reply.WORDS if reply is Reply.OTHER and named else reply

    def _is_own(self, sentence: Sentence) -> bool:
        return self._floor.is_own(sentence.samples, sentence.began, sentence.ended)

    def _remark(self, text: str) -> None:
        """Say something that the end of the question does not cut off."""
        remark = asyncio.create_task(self._floor.say(text))
        self._remarks.add(remark)
        remark.add_done_callback(self._remarks.discard)
