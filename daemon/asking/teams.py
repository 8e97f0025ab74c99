"""Asking in Microsoft Teams: a card in a channel, which colleagues answer by replying with its code.

A reply is somebody else's text. It can mean yes or no to the question of the card that it replies to, in exactly the
words that the card names, and nothing else; who wrote it is whom Entra ID says.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from daemon.asking.card import closed_card, how_to_answer, question_card
from daemon.asking.links import Link, links_of
from daemon.asking.reply import is_attempt, read
from daemon.asking.telling import Telling, in_words
from integrations.teams import Posted, Reply, Teams
from policies.action import IntegrationError
from policies.approval import Approval
from policies.approvals import Approvals, CannotAnswer
from policies.door import Door

ASK, CLOSE, VOTES, NOTES = 1, 2, 10, 1000
"""The numbers of a question's messages: the card, its end, with so many votes, with notes up to that reply."""
FIRST, SLOWEST = 2.0, 30.0
"""Seconds between two looks at the replies: soon after one has come, and when none comes."""
MOST = 10
"""How many answers of one person are taken for one question, so that nobody can fill the record."""


class TeamsWay:
    """Asks somebody else than the asker, in one channel."""

    name = "teams"

    def __init__(
        self,
        teams: Teams,
        door: Door,
        approvals: Approvals,
        *,
        page: Callable[[str], str | None] = lambda run: None,
        places: Mapping[str, str] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Build it.

        Args:
            teams: the channel.
            door: the way out.
            approvals: where answers go.
            page: the address of a run's page on the asker's own machine, if there is one now.
            places: system → its address, for links.
            sleep: waits between two looks at the replies.
        """
        self._teams, self._telling, self._approvals = teams, Telling(door), approvals
        self._page, self._places, self._sleep = page, dict(places or {}), sleep
        self._seen: dict[str, set[str]] = {}
        self._notes: dict[str, list[str]] = {}
        self._tried: dict[str, Counter[str | None]] = {}
        self.health = "ready"

    def objection(self, approval: Approval) -> str:
        """Why a question is not asked in Teams."""
        if approval.level != "approve":
            return "It is asked of whoever asked for it, who sits at the machine."
        people = self._approvals.voters.people
        able = [each for each, names in people.identities.items() if names.get("entra")]
        if not any(not self._approvals.voters.problem(approval, each, self.name) for each in able):
            return "Nobody who may approve it has an Entra id in the settings."
        if question_card(approval) is None:
            return "It is too long for a card."
        return ""

    async def ask(self, approval: Approval) -> None:
        """Post the card and read its replies until cancelled."""
        posted = await self._telling.tell(approval, self._teams.ask.call(approval.id, self._card(approval)), ASK)
        if approval.given:
            await self._update(approval, posted, VOTES + len(approval.given))
        pause = FIRST
        while True:
            try:
                fresh = await self._look(approval, posted)
            except IntegrationError as problem:
                fresh, self.health = False, in_words(problem)
            pause = FIRST if fresh else min(pause * 1.25, SLOWEST)
            await self._sleep(pause)

    async def withdraw(self, approval: Approval) -> None:
        """Set the card to how the question ended."""
        for kept in (self._seen, self._notes, self._tried):
            kept.pop(approval.id, None)
        if not self._telling.begun(approval, ASK):
            return
        asked = self._teams.ask.call(approval.id, "")
        posted = self._telling.sent(approval, asked, ASK) or await self._teams.find(approval.id)
        if posted is not None:
            call = self._teams.update.call(posted.id, approval.id, closed_card(approval))
            await self._telling.tell(approval, call, CLOSE)

    async def aclose(self) -> None:
        """Nothing: the card stays, and the next daemon reads its replies."""

    async def _look(self, approval: Approval, posted: Posted) -> bool:
        """Read the replies and take those that are new; whether there was one."""
        replies = await self._teams.read_replies(posted.id)
        self.health = "ready"
        if approval.id not in self._seen:  # an earlier process took the replies up to the last one that it noted
            noted = [number for number in range(len(replies)) if self._telling.begun(approval, NOTES + number)]
            self._seen[approval.id] = {reply.id for reply in replies[: max(noted, default=-1) + 1]}
        seen, fresh, problems = self._seen[approval.id], False, dict[int, str]()
        for number, reply in enumerate(replies):
            if reply.id not in seen:
                seen.add(reply.id)
                fresh = True
                if problem := await self._read(approval, posted, reply):
                    problems[number] = problem
        if problems:
            self._notes.setdefault(approval.id, []).extend(problems.values())
            await self._update(approval, posted, NOTES + max(problems))
        return fresh

    async def _read(self, approval: Approval, posted: Posted, reply: Reply) -> str:
        """Take a reply, if it seems to be meant as an answer and its author has not tried too often."""
        text = reply.text.open()
        if not is_attempt(text, approval.id):
            return ""
        known = self._approvals.voters.people.who("entra", reply.author or "")
        tried = self._tried.setdefault(approval.id, Counter())
        tried[known] += 1
        return await self._take(approval, posted, reply, text) if tried[known] <= MOST else ""

    async def _take(self, approval: Approval, posted: Posted, reply: Reply, text: str) -> str:
        """Count a reply; why it does not count, in a sentence without any of its words, otherwise."""
        voters = self._approvals.voters
        if reply.author is None:
            return "A program replied. Only people answer."
        person = voters.people.who("entra", reply.author)
        who = person or "Somebody whom DevOS does not know"
        if reply.edited or reply.deleted:
            return f"{who} edited a reply. An answer is a reply of its own."
        if reply.at < posted.at:
            return f"{who} replied before the card stood here. Please reply again."
        answer = read(text) if reply.bare else None
        if answer is None:
            return f"A reply of {who} is no answer. {how_to_answer(approval)}"
        if answer.code != approval.id:
            return f"A reply of {who} names another question's code. Please reply to that question's card."
        if not voters.people.identities or (person is not None and answer.yes and voters.voted(approval, person)):
            return ""
        try:
            await self._approvals.answer(
                approval.id,
                answer.yes,
                person or f"entra {reply.author}",
                self.name,
                because=answer.because,
                digest=approval.digest,
            )
        except CannotAnswer:
            problem = voters.problem(approval, person, self.name, yes=answer.yes) if person else ""
            return f"The answer of {who} does not count. {problem or how_to_answer(approval)}"
        return ""

    async def _update(self, approval: Approval, posted: Posted, message: int) -> None:
        card = self._card(approval)
        await self._telling.tell(approval, self._teams.update.call(posted.id, approval.id, card), message)

    def _card(self, approval: Approval) -> str:
        links = links_of(approval.plan, self._places)
        if page := self._page(approval.run):
            links = [*links, Link(f"Open on {approval.asker}'s own machine", page)]
        notes = self._notes.get(approval.id, [])[-5:]
        return question_card(approval, links, notes) or question_card(approval) or closed_card(approval)
