"""Plan mode: what a request would change, before anything is changed.

Reads happen, changes answer with a `Later`. From the first change on, reads answer with a `Later` too, since what they
would see does not exist yet. The list of changes is the plan; its digest is what a person approves.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from typing import Any, TypeVar

from policies.action import Call, Effect, IntegrationError, Json, Preview, Target, digest, entered
from policies.decision import Decision, Level
from policies.later import Later, Marks, NotKnownYet, UnknownReference, argument, resolve, spoken, spoken_in
from policies.order import Order
from policies.output import Refused, failed
from policies.outside import BOX, Outside, words

T = TypeVar("T")

_TOOK = re.compile(r"^\W*✨.* time: [\d.]+m?s\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Change:
    """One change of a plan, as a person sees it before agreeing."""

    step: int
    """The number that the step has in the run as well."""
    action: str
    args: dict[str, Json]
    """The arguments as JSON; values that come later are references (policies/later.py)."""
    target: str
    environment: str
    summary: str
    undo: str
    evidence: str
    before: int | None
    after: int | None
    level: str
    rule: str
    where: str
    because: str
    cost: int | None = None
    """US dollars a month."""
    outside: list[str] = field(default_factory=list)
    """The names of the selecting arguments whose values may come from text that others wrote."""
    opened: list[str] = field(default_factory=list)
    """Where the values came from that the run opened before: "jira DEV-456 description"."""

    @classmethod
    def of(
        cls,
        step: int,
        call: Call[Any],
        args: dict[str, Json],
        target: Target,
        preview: Preview,
        decision: Decision,
        outside: Sequence[str] = (),
    ) -> Change:
        """The change that one call makes."""
        return cls(
            step=step,
            action=call.name,
            args=args,
            target=target.id,
            environment=target.environment,
            summary=preview.summary,
            undo=preview.undo,
            evidence=preview.evidence,
            before=preview.before,
            after=preview.after,
            level=str(decision.level),
            rule=decision.rule,
            where=decision.where,
            because=decision.because,
            cost=preview.cost,
            outside=list(outside),
            opened=list(call.opened),
        )

    def holds(self, now: Change) -> bool:
        """Whether what was shown still is so: how strict, by which rule, where, from what, cost, the words."""
        shown = (self.rule, self.environment, self.cost) == (now.rule, now.environment, now.cost)
        shown = shown and self.before in (None, now.before) and self._reads_as(self.evidence, now.evidence)
        if self.before == now.before:  # otherwise an earlier change of the plan moved the number, which stands in both
            shown = shown and self._reads_as(self.summary, now.summary) and self._reads_as(self.undo, now.undo)
        shown = shown and set(now.outside) <= set(self.outside) and set(now.opened) <= set(self.opened)
        weaker = Level[now.level.upper()] <= Level[self.level.upper()]
        return shown and weaker and (now.level == self.level or now.level != str(Level.APPROVE))

    def _reads_as(self, shown: str, now: str) -> bool:
        """Whether a text is the one that was shown; what was still to come in it may be anything by now."""
        later = "|".join(map(re.escape, spoken_in(self.args)))
        known = re.split(later, _timeless(shown)) if later else [_timeless(shown)]
        return re.fullmatch(".*".join(map(re.escape, known)), _timeless(now), re.DOTALL) is not None

    def covers(self, name: str, args: Mapping[str, Json], results: Mapping[int, Json]) -> bool:
        """Whether a call is exactly this change, with the results that earlier steps really had filled in."""
        try:
            return self.action == name and resolve(self.args, results) == args
        except (KeyError, IndexError, TypeError, ValueError):
            return False


@dataclass(frozen=True)
class Plan:
    """What a request would change, in order."""

    changes: tuple[Change, ...] = ()
    answer: str | None = None
    """What the request says when it changes nothing: its whole outcome."""
    failed: dict[str, Json] | None = None
    """How the request ends before it changes anything: {"error": …} or {"refused": …}, as in policies/output.py."""
    open: str = ""
    """Why the plan stops before the request's end; what comes after is asked for when it is reached."""

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of everything that is shown, in hexadecimal."""
        return digest({"changes": [asdict(change) for change in self.changes], "open": self.open})

    @property
    def level(self) -> Level:
        """The strictest level any of its changes needs."""
        return max((Level[change.level.upper()] for change in self.changes), default=Level.AUTO)

    @property
    def refused(self) -> str:
        """Why it cannot be carried out, change by change that a rule refuses; empty when it can."""
        return " ".join(
            f"{change.summary}: refused. {change.because} (rule {change.rule}, {change.where})"
            for change in self.changes
            if change.level == str(Level.DENY)
        )

    def change(self, step: int) -> Change | None:
        """The change planned as that step."""
        return next((change for change in self.changes if change.step == step), None)

    def to_json(self) -> dict[str, Json]:
        """The plan as JSON."""
        changes = [asdict(change) for change in self.changes]
        return {"changes": changes, "answer": self.answer, "failed": self.failed, "open": self.open}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Plan:
        """The plan that `to_json` wrote."""
        return cls(tuple(Change(**each) for each in value["changes"]), value["answer"], value["failed"], value["open"])

    def shown(self) -> list[dict[str, Json]]:
        """The changes as JSON for people and programs: references in words, and what is from outside marked as such."""
        return [
            asdict(replace(change, args={name: _readable(value) for name, value in change.args.items()}))
            | {"quoted": {name: _quoted(value) for name, value in change.args.items() if _is_boxed(value)}}
            for change in self.changes
        ]


def _timeless(text: str) -> str:
    """A text without the lines in which a tool says how long it took, which differ each time."""
    return _TOOK.sub("", text).strip()


def _readable(value: Json) -> Json:
    return spoken(value) if isinstance(value, dict) else value


def _is_boxed(value: Json) -> bool:
    return isinstance(value, dict) and BOX in value


def _quoted(value: Json) -> Json:
    """A boxed argument in segments: which words are whose."""
    return [{"text": spoken(part), "from": part.get("from") if isinstance(part, dict) else None} for part in value[BOX]]


class Planning:
    """The scope in which a request is only planned."""

    def __init__(
        self,
        look: Callable[[Call[Any], int], Awaitable[Any]],
        propose: Callable[[Call[Any], int, dict[str, Json], Target], Awaitable[Change]],
        first: int = 1,
    ) -> None:
        self.order = Order(count(first).__next__)
        self.opened: set[str] = set()
        self.changes: list[Change] = []
        self._look, self._propose = look, propose
        self._marks = Marks()
        self._changed = False
        self._waits_for: list[str] = []

    def enter(self, call: Call[T]) -> Coroutine[Any, Any, T]:
        """Read now, or note the change and answer with what will come later."""
        step = self.order.next()
        call = call.after(self.opened)
        if call.action.effect is not Effect.READ:
            self._changed = True
            return self._note(call, step)
        return self._later(step) if self._changed else self._read(call, step)

    async def _read(self, call: Call[T], step: int) -> T:
        value: T = await self._look(call, step)
        polling = call.manner.polling
        if polling is not None and not polling.done(value):
            self._waits_for.append(polling.what)
        return value

    async def _later(self, step: int) -> Any:
        return Later(self._marks, step)

    async def _note(self, call: Call[Any], step: int) -> Any:
        args = {
            name: argument(self._marks, value, None if isinstance(value, Later) else call.dump(name))
            for name, value in call.arguments.items()
        }
        target = call.target()
        target = replace(target, id=self._readable(target.id))
        change = await self._propose(call, step, args, target)
        if call.manner.offered and change.level == str(Level.DENY):
            raise Refused(change.because, change.rule, change.where)
        change = replace(
            change,
            summary=self._readable(change.summary),
            undo=self._readable(change.undo),
            evidence=self._readable(change.evidence),
        )
        if any((each.action, each.target) == (call.name, target.id) for each in self.changes):
            change = replace(change, before=None)  # the change before it in this plan will have moved the number
        self.changes.append(change)
        return Later(self._marks, step)

    def _readable(self, text: str) -> str:
        """Text as a person reads it; all of it may be a later value, such as a number that is a target's id."""
        return self._marks.readable(str(text))

    async def plan(self, request: Callable[[], Awaitable[str | Outside[str]]]) -> Plan:
        """Run a request in this scope and return the plan it makes."""
        try:
            with entered(self):
                said = await request()
        except (NotKnownYet, UnknownReference) as reason:
            return Plan(self._sorted(), open=f"{reason}.")
        except IntegrationError as failure:
            return Plan(self._sorted(), failed={"error": failed(failure)})
        except Refused as refused:
            return Plan(self._sorted(), failed={"refused": list(refused.args)})
        if self._changed:
            return Plan(self._sorted())
        if self._waits_for:  # the answer would not be the one that comes after the waiting
            return Plan(open=f"It waits for {' and '.join(self._waits_for)}.")
        return Plan(answer=words(said))

    def _sorted(self) -> tuple[Change, ...]:
        return tuple(sorted(self.changes, key=lambda change: change.step))
