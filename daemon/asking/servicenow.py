"""Asking in ServiceNow: an approval record for everybody who may approve, decided there under their own names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from daemon.asking.telling import Telling, in_words
from daemon.questions import change_lines
from integrations.servicenow_approvals import Decided, Requested, ServiceNowApprovals
from policies.action import IntegrationError
from policies.approval import Approval
from policies.approvals import Approvals, CannotAnswer
from policies.door import Door
from policies.visible import visible

ASK, CLOSE, AGAIN = 51, 52, 60
"""The numbers of a question's messages, apart from those of every other way: asked, closed, asked once more."""
MOST = 30
"""How often a question's records are handed back, so that nobody can fill the record."""
FIRST, SLOWEST = 5.0, 60.0
"""Seconds between two looks at the records."""
LONGEST = 12_000
"""Characters of a question that a record takes."""


class ServiceNowWay:
    """Asks everybody who may approve, except the asker."""

    name = "servicenow"

    def __init__(
        self,
        servicenow: ServiceNowApprovals,
        door: Door,
        approvals: Approvals,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Build it.

        Args:
            servicenow: where the records are.
            door: the way out.
            approvals: where answers go.
            sleep: waits between two looks at the records.
        """
        self._servicenow, self._telling, self._approvals = servicenow, Telling(door), approvals
        self._sleep = sleep
        self._seen: dict[str, set[str]] = {}
        self.health = "ready"

    def objection(self, approval: Approval) -> str:
        """Why a question is not asked in ServiceNow."""
        if approval.level != "approve":
            return "It is asked of whoever asked for it, who sits at the machine."
        if not self._approvers(approval):
            return "Nobody who may approve it has a user of ServiceNow in the settings."
        if len(_question(approval)) > LONGEST:
            return "It is too long for an approval record."
        return ""

    async def ask(self, approval: Approval) -> None:
        """Ask for the approvals and read the decisions until cancelled."""
        call = self._servicenow.ask.call(approval.id, self._approvers(approval), _question(approval))
        requested = await self._telling.tell(approval, call, ASK)
        pause = FIRST
        while True:
            try:
                fresh = await self._look(approval, requested)
            except IntegrationError as problem:
                fresh, self.health = False, in_words(problem)
            pause = FIRST if fresh else min(pause * 1.25, SLOWEST)
            await self._sleep(pause)

    async def withdraw(self, approval: Approval) -> None:
        """Mark what is still asked for as no longer required."""
        self._seen.pop(approval.id, None)
        if self._telling.begun(approval, ASK):
            await self._telling.tell(approval, self._servicenow.withdraw.call(approval.id), CLOSE)

    async def aclose(self) -> None:
        """Nothing: the records stay, and the next daemon reads them."""

    async def _look(self, approval: Approval, requested: Requested) -> bool:
        seen = self._seen.setdefault(approval.id, set())
        fresh = [each for each in await self._servicenow.decisions(requested) if each.record not in seen]
        self.health = f"ServiceNow has no user {', '.join(requested.unknown)}" if requested.unknown else "ready"
        for each in fresh:
            handed_back = await self._take(approval, each)
            if not handed_back:  # otherwise the same record is decided again
                seen.add(each.record)
        return bool(fresh)

    async def _take(self, approval: Approval, decided: Decided) -> bool:
        """Count a decision, if its approver made it; whether they were asked once more, because it says no reason."""
        people = self._approvals.voters.people
        person = people.who("servicenow", decided.approver)
        if person is None or not decided.own or (decided.approved and self._approvals.voters.voted(approval, person)):
            return False
        because = None if decided.because is None else visible(decided.because.open(), lines=False).strip()[:500]
        try:
            await self._approvals.answer(
                approval.id, decided.approved, person, self.name, because=because, digest=approval.digest
            )
        except CannotAnswer as problem:
            if approval.must_say_why and not because:
                return await self._hand_back(approval, decided)
            self.health = in_words(problem)
        return False

    async def _hand_back(self, approval: Approval, decided: Decided) -> bool:
        """Ask for a decision once more, with what it lacks; False where that was done too often."""
        number = next((each for each in range(AGAIN, AGAIN + MOST) if not self._telling.begun(approval, each)), None)
        now = await asyncio.to_thread(self._approvals.find, approval.id)
        if number is None or now is None or now.status != "open":
            return False
        what, verb = ("approval", "approve") if decided.approved else ("rejection", "reject")
        text = f"This {what} does not count yet: it needs a reason. Write yours as a comment, then {verb} again."
        await self._telling.tell(approval, self._servicenow.hand_back.call(approval.id, decided.approver, text), number)
        return True

    def _approvers(self, approval: Approval) -> list[str]:
        """The users of everybody who may approve, always in the same order."""
        voters = self._approvals.voters
        return sorted(
            names["servicenow"]
            for person, names in voters.people.identities.items()
            if names.get("servicenow") and not voters.problem(approval, person, self.name)
        )


def _question(approval: Approval) -> str:
    """The whole question as plain text."""
    lines = [f"{approval.asker} asks DevOS for {len(approval.plan)} change(s). {approval.because}"]
    if approval.asked_from:
        lines.append(f"Asked from: {' > '.join(approval.asked_from)}")
    if approval.opened:
        lines.append(f"The request has read: {', '.join(approval.opened)}")
    for change in approval.plan:
        lines += change_lines(change)
    why = ", with your reason as a comment" if approval.must_say_why else ""
    lines.append(f"{len(approval.given)} of {approval.votes} approvals; until {approval.expires}.")
    lines.append(f"Approve or reject this record{why}.")
    return "\n".join(visible(line, lines=False) for line in lines)
