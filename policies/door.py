"""What happens when an action is called: decide, ask, write the intention, perform once, write the result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from policies.action import Call, Effect, IntegrationError, Json, Manner, Preview, Target, Unreachable
from policies.agreeing import Agreeing, Agreement, ChangeGate, Waits
from policies.approvals import Approvals
from policies.audit.log import Entry, Log, Stored
from policies.audit.redact import redact
from policies.brake import Brake
from policies.decision import Decision, Demand, Facts, Level
from policies.doing import ATTEMPTS, Doing, backoff
from policies.facts import facts_json
from policies.output import Origin, Refused, decode, error, key_of, refusal
from policies.people import People
from policies.plan import Change, Plan
from policies.provenance import chosen_outside

T = TypeVar("T")

ASKED, INTENDED = "devos.action.asked", "devos.action.intended"
DONE, FAILED, REFUSED = "devos.action.done", "devos.action.failed", "devos.action.refused"


class Judge(Protocol):
    """Decides by the rules (policies/engine.py)."""

    def decide(self, facts: Facts) -> Decision:
        """The level that these facts need, and the rule that says so."""


NOBODY = Agreement()
"""Nobody had to agree."""


@dataclass(frozen=True)
class Passed:
    """Why an action may be performed now."""

    facts: Facts
    decision: Decision
    agreement: Agreement = NOBODY


class RefusedByRule(Refused):
    """A rule said no, with what it saw, so that the decision can be made again later."""

    def __init__(self, message: str, decision: Decision, facts: Facts) -> None:
        super().__init__(message, decision.rule, decision.where)
        self.level, self.ruleset, self.facts = decision.level, decision.ruleset, facts_json(facts)


class Door:
    """The one way out. Everything an action has to pass is here, once."""

    def __init__(
        self,
        judge: Judge,
        log: Log,
        approvals: Approvals,
        brake: Brake,
        gate: ChangeGate | None = None,
        *,
        people: People | None = None,
        waits: Waits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.waits = waits or Waits()
        self._judge, self._log = judge, log
        self._people, self._clock = people or People(), clock
        self._under_way: dict[asyncio.Future[Any], str] = {}
        self._sleep = sleep
        self._doing = Doing(self.waits, sleep=sleep)
        self._agreeing = Agreeing(approvals, brake, gate, self.waits, sleep=sleep)

    async def propose(
        self, origin: Origin, call: Call[Any], step: int, args: dict[str, Json], target: Target
    ) -> Change:
        """What a change would do and what the rules would say, while it is only planned."""
        preview = await self._doing.patiently(call.preview)
        # A number that comes later is judged when it is known.
        before, after, cost = map(_known, (preview.before, preview.after, preview.cost))
        preview = replace(preview, before=before, after=after, cost=cost)
        facts = self._facts(origin, call, args, target, preview)
        return Change.of(step, call, args, target, preview, self._decide(call, facts), facts.outside)

    async def look(self, origin: Origin, call: Call[Any], step: int) -> Any:
        """Read while a request is planned: decided and recorded like any action, but never asked about.

        Raises:
            Refused: a rule refuses the read, or wants a person to agree to it.
        """
        facts = self._facts(origin, call, call.json, call.target(), Preview(""))
        decision = self._decide(call, facts)
        if decision.level is not Level.AUTO:
            no = RefusedByRule(f"{call.name} is not automatic: {decision.because}", decision, facts)
            output = refusal(call, no) | {"args": call.json}
            await self._conclude(origin, call, step, output, "refused", plan=True, refused=no)
            raise no
        await self._intend(origin, call, step, Passed(facts, decision), plan=True)
        once = replace(call, manner=Manner())  # also where the run itself would wait until something is so
        output = await self._doing.read(origin, once, step)
        return decode(call, await self._conclude(origin, call, step, output, "performed", plan=True))

    def history(self, origin: Origin, step: int) -> list[Stored]:
        """What the log holds of a step of the run itself, oldest first."""
        return [entry for entry in self._log.entries(run=origin.run, step=step) if not entry.data["plan"]]

    async def tell(self, origin: Origin, call: Call[T], step: int) -> T:
        """Take an action of DevOS's own, such as a question put to somebody elsewhere: once, in whichever process.

        Raises:
            Refused: a rule refuses it, or wants a person to agree: nobody is asked whether to ask.
            IntegrationError: it failed.
            CannotRecord: the intention could not be written; nothing was performed.
        """
        output = await self.perform(origin, call, step, Plan(), None, ask=False)
        result: T = decode(call, output)
        return result

    async def perform(
        self, origin: Origin, call: Call[Any], step: int, plan: Plan, planned: Change | None, *, ask: bool = True
    ) -> Json:
        """Take one action of a run through the door and return its output (policies/output.py).

        Called again for the same step after a crash, it goes on where the log says that it stopped. Without `ask`, an
        action that needs somebody's agreement is refused.

        Raises:
            CannotRecord: the intention could not be written; nothing was performed.
        """
        past = [entry for entry in self.history(origin, step) if entry.type != ASKED]
        if past and past[-1].type != INTENDED:
            return past[-1].payload
        attempts, silence = len(past), list[Unreachable]()
        while True:
            if attempts and call.action.effect is not Effect.READ:
                settled = await self._doing.settle(origin, call, step, attempts, self._agreeing if ask else None)
                if settled is not None:
                    return await self._shielded(origin, self._conclude(origin, call, step, settled, "found out"))
            if len(silence) == ATTEMPTS:
                return await self._conclude(origin, call, step, error(call, silence[-1]), "not performed")
            try:
                passed = await self._pass(origin, call, step, plan, planned, ask=ask)
            except Refused as refused:
                output = refusal(call, refused) | {"args": call.json}
                return await self._conclude(origin, call, step, output, "refused", refused=refused)
            except IntegrationError as failure:  # its preview could not be read
                return await self._conclude(origin, call, step, error(call, failure), "not performed")
            await self._intend(origin, call, step, passed)
            try:
                return await self._attempt(origin, call, step)
            except Unreachable as unanswered:
                silence.append(unanswered)
            attempts += 1
            if len(silence) < ATTEMPTS:
                await self._sleep(backoff(len(silence)))

    async def _attempt(self, origin: Origin, call: Call[Any], step: int) -> Json:
        """Perform it now and record how it ended.

        Raises:
            Unreachable: no answer came to a change.
        """

        async def change() -> Json:
            made = await self._doing.change(origin, call, step)
            return await self._conclude(origin, call, step, made, "performed")

        if call.action.effect is not Effect.READ:
            return await self._shielded(origin, change())
        return await self._conclude(origin, call, step, await self._doing.read(origin, call, step), "performed")

    async def _pass(
        self, origin: Origin, call: Call[Any], step: int, plan: Plan, planned: Change | None, *, ask: bool
    ) -> Passed:
        """Decide and ask; after every wait decide again, until nothing rose meanwhile."""
        reads = call.action.effect is Effect.READ
        agreed: Change | None = None
        demanded = frozenset[tuple[object, ...]]()
        agreement = Agreement()
        while True:
            if not reads and await self._agreeing.thawed(origin):
                agreed = None  # the yes may have run out while everything stood still
            preview = Preview("") if reads else await self._doing.patiently(call.preview)
            facts = self._facts(origin, call, call.json, call.target(), preview)
            decision = self._decide(call, facts)
            if decision.level is Level.DENY or not (ask or decision.level is Level.AUTO):
                text = f"{call.name} is refused: {decision.because} (rule {decision.rule}, {decision.where})"
                raise RefusedByRule(text, decision, facts)
            now = Change.of(step, call, call.json, call.target(), preview, decision, facts.outside)
            demands = frozenset((each.level, each.group, each.votes, each.reason) for each in decision.demands)
            holds = agreed is not None and agreed.holds(now) and demands <= demanded
            if decision.level is not Level.AUTO and not holds:
                await self._ask(origin, call, step, Passed(facts, decision))
                agreement = await self._agreeing.agree(origin, call, decision, plan, planned, now)
                agreed, demanded = now, demands
            elif reads or not self._agreeing.frozen:
                return Passed(facts, decision, agreement)

    def _facts(
        self, origin: Origin, call: Call[Any], args: Mapping[str, Json], target: Target, preview: Preview
    ) -> Facts:
        return Facts(
            action=call.name,
            effect=call.action.effect,
            args=args,
            target=target,
            person=origin.person,
            channel=origin.channel,
            intent=origin.intent,
            tier=origin.tier,
            before=preview.before,
            after=preview.after,
            bound=call.action.bound,
            cost=preview.cost,
            at=self._clock(),
            groups=self._people.groups_of(origin.person),
            outside=chosen_outside(call, args, origin),
            opened=call.opened,
        )

    def _decide(self, call: Call[Any], facts: Facts) -> Decision:
        decision = self._judge.decide(facts)
        if call.manner.offered and decision.level is Level.AUTO:
            because, own = "It is offered, not asked for: you decide.", (Demand(Level.CONFIRM),)
            return replace(decision, level=Level.CONFIRM, because=because, demands=own)
        return decision

    async def _ask(self, origin: Origin, call: Call[Any], step: int, wanted: Passed) -> None:
        """Write what the run waits at, so that the question is seen beside the steps, and newer code is held to it."""
        if any(entry.type == ASKED for entry in self.history(origin, step)):
            return
        decision = wanted.decision
        data: dict[str, Json] = {"level": str(decision.level), "rule": decision.rule, "digest": call.digest}
        data |= {"plan": False, "ruleset": decision.ruleset, "facts": facts_json(wanted.facts)}
        await self._log.append(Entry(ASKED, origin.run, step, call.name, data, {"args": call.json}))

    async def _intend(self, origin: Origin, call: Call[Any], step: int, passed: Passed, *, plan: bool = False) -> None:
        target, decision, agreed = call.target(), passed.decision, passed.agreement
        data: dict[str, Json] = {
            "effect": str(call.action.effect),
            "target": target.id,
            "environment": target.environment,
            "level": str(decision.level),
            "rule": decision.rule,
            "where": decision.where,
            "ruleset": decision.ruleset,
            "approved_by": agreed.by,
            "via": agreed.via,
            "digest": call.digest,
            "key": key_of(origin, call, step),
            "plan": plan,
            "offered": call.manner.offered,
            "facts": facts_json(passed.facts),
        }
        await self._log.append(Entry(INTENDED, origin.run, step, call.name, data, {"args": call.json}))
        self.waits.changed(origin.run)

    async def _conclude(
        self,
        origin: Origin,
        call: Call[Any],
        step: int,
        output: Json,
        how: str,
        *,
        plan: bool = False,
        refused: Refused | None = None,
    ) -> Json:
        """Write how the action ended. What is stored and what the request gets are the same, secrets taken out."""
        output = redact(output)
        kind = REFUSED if "refused" in output else FAILED if "error" in output else DONE
        data = {"how": how, "digest": call.digest, "plan": plan}
        if isinstance(refused, RefusedByRule):
            data |= {
                "level": str(refused.level),
                "rule": refused.rule,
                "ruleset": refused.ruleset,
                "facts": refused.facts,
            }
        await self._log.append(Entry(kind, origin.run, step, call.name, data, output))
        self.waits.changed(origin.run)
        return output

    async def settled(self, within: float, run: str | None = None) -> bool:
        """Wait, at most `within` seconds, until no change is under way (of one run, or of all), and say if so."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while under_way := [task for task, of in self._under_way.items() if run in (None, of)]:
            if (await asyncio.wait(under_way, timeout=max(0.0, end - loop.time())))[1]:
                return False
        return True

    def close(self) -> None:
        """Let no further change begin, because the daemon ends."""
        self._agreeing.closing = True

    async def _shielded(self, origin: Origin, work: Awaitable[T]) -> T:
        """Let a change and its record finish although the run is cancelled, so that nothing is half known."""
        task = asyncio.ensure_future(work)
        self._under_way[task] = origin.run
        task.add_done_callback(self._under_way.pop)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise


def _known(number: object) -> int | None:
    return number if isinstance(number, int) else None
