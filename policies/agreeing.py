"""Getting the agreement a decision needs: the plan's confirmation, somebody's approval, a change request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

from policies.action import Call, Json, Unreachable, digest
from policies.approvals import Approval, Approvals
from policies.brake import Brake
from policies.decision import Decision, Demand, Level
from policies.output import Origin, Refused
from policies.plan import Change, Plan

SHOWN = {
    "evidence": "the evidence",
    "before": "the number before",
    "cost": "the cost",
    "rule": "the rule",
    "level": "the level",
    "environment": "the environment",
    "summary": "what it does",
    "undo": "how it is taken back",
    "outside": "what may come from others' words",
    "opened": "what was read before",
}
"""What of a change must be as it was shown, in words."""
BRIEF = frozenset(("before", "cost", "rule", "level", "environment"))
"""Of these, what is short enough to be named with what it was and is."""


@dataclass(frozen=True)
class Verdict:
    """How a change request stands."""

    approved: bool
    refused: bool
    by: str
    text: str
    """How it stands, in words: "CHG0030001 waits for its approval (Assess)"."""


class ChangeGate(Protocol):
    """Asks the change management system how a change request stands."""

    async def __call__(self, number: str) -> Verdict:
        """The present state of the change request with that number."""


@dataclass(frozen=True)
class Agreement:
    """Who agreed to an action, and by which channel; nobody where the rules let it pass."""

    by: str | None = None
    via: str | None = None


@dataclass(frozen=True)
class _About:
    """What somebody is asked about: the same for everybody who has to agree."""

    subject: str
    digest: str
    shown: list[dict[str, Json]]
    because: str


class Waits:
    """What each run is at, in words, while it takes long; for showing only, so it is not stored."""

    def __init__(self, changed: Callable[[str], None] = lambda run: None) -> None:
        self.outside: dict[str, str] = {}
        """What a run waits for besides an answer: a change request, a thaw."""
        self.doing: dict[str, str] = {}
        """What a run watches: a rollout."""
        self.changed = changed

    def set(self, kind: dict[str, str], run: str, what: str | None) -> None:
        """Note what a run is at, or with None that it is over."""
        before = kind.pop(run, None)
        if what is not None:
            kind[run] = what
        if what != before:
            self.changed(run)


class Agreeing:
    """Asks whoever has to agree, once for everything that the plan covers."""

    def __init__(
        self,
        approvals: Approvals,
        brake: Brake,
        gate: ChangeGate | None,
        waits: Waits,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._approvals, self._brake, self._gate, self._waits = approvals, brake, gate, waits
        self._sleep = sleep
        self.closing = False
        """Whether the daemon ends, so that nothing may begin any more."""

    async def agree(
        self, origin: Origin, call: Call[Any], decision: Decision, plan: Plan, planned: Change | None, single: Change
    ) -> Agreement:
        """Wait until everybody agreed whom the decision names.

        Args:
            origin: whose request it is.
            call: the call that needs agreement.
            decision: what it needs.
            plan: the run's plan.
            planned: the plan's change that is exactly this call, or None where the call deviates from the plan.
            single: the call as a change of its own, asked about where the plan does not cover it.

        Raises:
            Refused: somebody said no, or nobody answered in time.
        """
        if planned is not None and planned.holds(single):
            subject, asked = "plan", plan
            because = next(each.because for each in plan.changes if each.level == str(plan.level))
        else:
            subject, asked = f"step:{single.step}", Plan((single,))
            again = await asyncio.to_thread(self._again, origin.run, plan, planned, single)
            because = f"{decision.because} {again}".strip()
        about = _About(subject, asked.digest, asked.shown(), because)
        while True:
            given = await self._given(origin, decision, about)
            agreement = _together(given)
            if decision.level is Level.CHANGE:
                agreement = await self._gated(origin, call, decision)
            # The others, or the change request, may have taken days: what was given before is looked at again.
            if len(given) == 1 and decision.level is not Level.CHANGE:
                return agreement
            if all([await self._approvals.use(each) for each in given]):
                return agreement

    def _again(self, run: str, plan: Plan, planned: Change | None, now: Change) -> str:
        """What is different from what was agreed last about this change, in a sentence; empty where nothing was."""
        step, digest = f"step:{now.step}", Plan((now,)).digest
        past = [
            each
            for each in self._approvals.of_run(run)
            if (each.subject == step or (each.subject, each.digest) == ("plan", plan.digest))
            and each.digest != digest
            and len(each.given) >= each.votes
        ]
        if not past:
            return ""
        last = past[-1]
        then = planned if last.subject == "plan" else _change(last.plan[0])
        if then is None:
            return "" if plan.open else f"It is not part of what was approved as {last.id}."
        moved = " and ".join(_moved(then, now))
        return f"It is asked again: {moved} changed since {last.id} was approved." if moved else ""

    async def _given(self, origin: Origin, decision: Decision, about: _About) -> list[Approval]:
        """Ask everybody whom the decision names, in order."""
        given = list[Approval]()
        demands = _demands(decision)
        for number, demand in enumerate(demands, 1):
            lasting = decision.level is Level.CHANGE
            approval = await self._answer(origin, about, demand, lasting=lasting, held=number < len(demands))
            if approval.status != "approved":
                raise Refused(said_no(approval), decision.rule, decision.where)
            given.append(approval)
        return given

    async def _answer(
        self, origin: Origin, about: _About, demand: Demand, *, lasting: bool = False, held: bool = False
    ) -> Approval:
        """Ask, wait, and spend the approval on this run; the answer is final.

        Returns:
            The approval, "approved" where it was granted and is spent now; or how it ended otherwise.
        """
        who = self._approvals.voters.asked(demand, origin.person)
        because = f"{about.because} {who}".strip()
        while True:
            approval = await self._approvals.ask(
                origin.run,
                about.subject,
                about.digest,
                demand,
                about.shown,
                because,
                lasting=lasting,
                held=held,
                asker=origin.person,
            )
            if approval.status == "open":
                self._waits.changed(origin.run)
                approval = await self._approvals.wait(approval.id)
                self._waits.changed(origin.run)
            if approval.status not in ("approved", "used"):
                return approval
            if await self._approvals.use(approval):
                return replace(approval, status="approved")

    async def outcome(self, origin: Origin, call: Call[Any], step: int, attempt: int) -> Approval:
        """Ask whether an attempt happened that nothing but a person can find out about."""
        change: dict[str, Json] = {"step": step, "action": call.name, "args": call.json, "target": call.target().id}
        because = f"DevOS lost contact while it did {call.name} and cannot find out whether it happened. Did it?"
        subject = f"outcome:{step}:{attempt}"
        about = _About(subject, digest([subject, change]), [change], because)
        return await self._answer(origin, about, Demand(Level.CONFIRM))

    async def thawed(self, origin: Origin) -> bool:
        """Wait until changes may begin, and say whether that had to be waited for."""
        waited = False
        try:
            while self.frozen:
                waited = True
                self._waits.set(self._waits.outside, origin.run, "`devos thaw`: every change is frozen")
                await self._sleep(0.5)
        finally:
            self._waits.set(self._waits.outside, origin.run, None)
        return waited

    @property
    def frozen(self) -> bool:
        """Whether no change may begin: the emergency brake is on, or the daemon ends."""
        return self._brake.on or self.closing

    async def _gated(self, origin: Origin, call: Call[Any], decision: Decision) -> Agreement:
        """Wait until the change request that the call names is approved, however long that takes."""
        name, gate = call.action.selects_change, self._gate
        number = call.json.get(name) if name else None
        if not number or gate is None:
            text = f"{call.name} needs an approved change request, and names none: {decision.because}"
            raise Refused(text, decision.rule, decision.where)
        pause = 1.0
        try:
            while True:
                try:
                    verdict = await gate(str(number))
                except Unreachable as silence:  # a wait of days outlives an outage
                    verdict = Verdict(False, False, "", f"{number} cannot be looked at: {silence.readable}")
                if verdict.approved:
                    return Agreement(verdict.by, f"servicenow {number}")
                if verdict.refused:
                    raise Refused(f"{number} was not approved: {verdict.text}", decision.rule, decision.where)
                self._waits.set(self._waits.outside, origin.run, verdict.text)
                await self._sleep(pause)
                pause = min(pause * 1.5, 60.0)
        finally:
            self._waits.set(self._waits.outside, origin.run, None)


def _change(shown: Mapping[str, Any]) -> Change:
    """The change that was shown so in a question of its own."""
    return Change(**{each.name: shown[each.name] for each in fields(Change)})


def _moved(then: Change, now: Change) -> Iterator[str]:
    """What of a change is not as it was shown any more, in words: "the number before (4, now 3)"."""
    for name, words in SHOWN.items():
        if name in ("summary", "undo") and then.before != now.before:
            continue  # the number stands in both
        was, still = getattr(then, name), getattr(now, name)
        if not replace(now, args=then.args, **{name: was}).holds(now):
            brief = name in BRIEF and was is not None and still is not None
            yield f"{words} ({was}, now {still})" if brief else words


def _demands(decision: Decision) -> tuple[Demand, ...]:
    """Whose yes is needed, in order: at least what the level itself says, whatever the rules forgot to demand."""
    if decision.demands:
        return decision.demands
    level = Level.APPROVE if decision.level is Level.APPROVE else Level.CONFIRM
    return (Demand(level, rule=decision.rule, where=decision.where),)


def _together(given: Sequence[Approval]) -> Agreement:
    """Everybody who agreed, each once, and by which channels."""
    people = dict.fromkeys(vote.by for approval in given for vote in approval.given)
    ways = dict.fromkeys(vote.via for approval in given for vote in approval.given)
    return Agreement(", ".join(people), ", ".join(ways))


def said_no(approval: Approval) -> str:
    """Why an approval does not count, in a sentence."""
    if approval.status == "denied":
        return (
            f"{approval.answered_by} said no: {approval.reason}"
            if approval.reason
            else f"{approval.answered_by} said no."
        )
    return (
        f"Approval {approval.id} expired." if approval.status == "expired" else f"Approval {approval.id} was withdrawn."
    )
