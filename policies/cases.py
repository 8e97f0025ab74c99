"""Cases beside the rules: a call, and what the rules must say about it.

A case file is YAML, a list of mappings; docs/rules.md says what may stand in one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from policies.action import Action, Json, Target
from policies.annotations import RESERVED
from policies.decision import Decision, Facts, Level
from policies.engine import Rules
from policies.problem import Problem, RuleError, did_you_mean
from policies.reading import text_of
from policies.rule import Rule
from policies.schema import CHOICES, arguments_of

ALLOW = "allow"
"""Stands for every level but deny."""

DEEPEST = 16
"""How deep a case may nest; the reader's time grows with the square of it."""

NOON = "2026-06-16T12:00"
"""When a case happens that does not say: a Tuesday, local time."""


@dataclass(frozen=True)
class Case:
    """One call, and what must be said about it; what is None or empty is not looked at."""

    file: str
    line: int
    facts: Facts
    level: str
    """A level's name, or "allow"."""
    rule: str | None
    never: tuple[str, ...]
    """Rules that must not match."""
    group: str | None
    votes: int | None
    reason: bool | None

    @property
    def where(self) -> str:
        """The file and line, for example "careful.yaml:12"."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Outcome:
    """What the rules say about a case."""

    case: Case
    decision: Decision
    matched: tuple[str, ...]
    """The rules that match."""
    wrong: tuple[str, ...]
    """Each difference to what was expected, in words; empty where the case holds."""


def read_cases(
    files: Sequence[Path], actions: Mapping[str, Action[..., Any]], groups: Collection[str] = ()
) -> list[Case]:
    """Read case files.

    Args:
        files: YAML files.
        actions: every action there is, by full name.
        groups: the configured groups of people.

    Raises:
        RuleError: with everything that is wrong in any of the files, each with its file and line.
    """
    problems: list[Problem] = []
    cases: list[Case] = []
    for file in files:
        try:
            cases += _Reading(file.name, actions, groups, problems).cases(text_of(file))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 0
            problems.append(Problem(file.name, line, f"is no YAML: {error.problem or error.context}."))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            problems.append(Problem(file.name, 0, f"cannot be read: {error}."))
    if problems:
        raise RuleError(problems)
    return cases


def try_case(case: Case, rules: Rules) -> Outcome:
    """Decide a case and compare."""
    decision = rules.decide(case.facts)
    try:
        matched = tuple(rule.id for rule in rules.matched(case.facts))
    except (ValueError, OverflowError):
        matched = ()
    return Outcome(case, decision, matched, tuple(_differences(case, decision, matched, rules)))


def unreached(rules: Rules, outcomes: Sequence[Outcome]) -> list[Rule]:
    """The rules that match in no case."""
    reached = {rule for outcome in outcomes for rule in outcome.matched}
    return [rule for rule in rules.rules if rule.id not in reached]


def _differences(case: Case, decision: Decision, matched: Sequence[str], rules: Rules) -> list[str]:
    found: list[str] = []
    allowed = case.level == ALLOW and decision.level is not Level.DENY
    said = f"{decision.level}, by {decision.rule}{f' ({decision.where})' if decision.where else ''}: {decision.because}"
    if str(decision.level) != case.level and not allowed:
        found.append(f"expected {case.level}, but it is {said}")
    elif case.rule not in (None, decision.rule):
        found.append(f"expected {case.rule} to decide, but it is {said}")
    known = (*(rule.id for rule in rules.rules), *RESERVED)
    for name in (*([case.rule] if case.rule else []), *case.never):
        if name not in known:
            found.append(f"there is no rule {name!r}{did_you_mean(name, known)}")
    found += [f"rule {name} matches, and must not" for name in case.never if name in matched]
    asked = [(demand.group, demand.votes, demand.reason) for demand in decision.demands]
    wanted = (case.group, case.votes, case.reason)
    if any(each is not None for each in wanted) and not any(_meets(one, wanted) for one in asked):
        of = f"of {case.group or 'anybody'}, {case.votes or 'any number of'} votes"
        found.append(f"nobody is asked that way ({of}{', with a reason' if case.reason else ''}); asked: {asked}")
    return found


def _meets(asked: tuple[object, ...], wanted: tuple[object, ...]) -> bool:
    return all(want is None or want == have for have, want in zip(asked, wanted, strict=True))


class _Reading:
    """One case file, taken apart."""

    def __init__(
        self, file: str, actions: Mapping[str, Action[..., Any]], groups: Collection[str], problems: list[Problem]
    ) -> None:
        self.file, self.actions, self.groups, self.problems = file, actions, groups, problems
        self.lines: dict[str, int] = {}
        self.ok = True

    def cases(self, text: str) -> list[Case]:
        depth = 0
        for event in yaml.parse(text, yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent):
                raise yaml.YAMLError("a case is written out, without aliases")
            if depth > DEEPEST:
                raise yaml.YAMLError(f"it nests more than {DEEPEST} deep")
        loader = yaml.SafeLoader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return []
            if not isinstance(root, yaml.SequenceNode):
                raise yaml.YAMLError("a case file is a list; begin each case with `- call: …`")
            return [case for node in root.value if (case := self._case(loader, node)) is not None]
        finally:
            loader.dispose()

    def _case(self, loader: yaml.SafeLoader, node: yaml.Node) -> Case | None:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            self.problems.append(Problem(self.file, line, "a case is a mapping; begin it with `- call: …`"))
            return None
        said = loader.construct_document(node)
        self.lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value} | {"": line}
        self.ok = True
        for name, count in Counter(str(key.value) for key, _ in node.value).items():
            if count > 1:
                self._wrong(name, f"{name!r} stands here twice; one would be lost.")
        facts = self._facts(said)
        known_level = self._choice(said, "level", (*map(str, Level), ALLOW))
        never = self._texts(said, "not")
        group = self._text(said, "group", None)
        votes, reason = self._whole(said, "votes"), said.get("reason")
        if facts is None or not self.ok or known_level is None:
            return None
        rule = self._text(said, "rule", None)
        return Case(self.file, line, facts, known_level, rule, never, group, votes, reason)

    def _facts(self, said: Mapping[str, Json]) -> Facts | None:
        for name in said:
            if name not in KEYS:
                self._wrong(str(name), f"there is no {name!r} in a case{did_you_mean(str(name), KEYS)}")
        call = self._choice(said, "call", self.actions)
        args = self._args(call, said.get("args") or {})
        environment = self._choice(said, "environment", CHOICES["Environment"], "none")
        channel = self._choice(said, "channel", CHOICES["Channel"], "typed")
        tier = self._choice(said, "tier", CHOICES["Tier"], "medium")
        groups = self._texts(said, "groups")
        for group in groups:
            if group not in self.groups:
                self._wrong("groups", f"there is no group {group!r}{did_you_mean(group, self.groups)}")
        at = self._moment(said.get("at", NOON))
        if call is None or environment is None or channel is None or tier is None or at is None or not self.ok:
            return None
        action = self.actions[call]
        return Facts(
            action=call,
            effect=action.effect,
            args=args,
            target=Target(self._text(said, "id", None) or str(next(iter(args.values()), "")), environment),
            person=self._text(said, "person", None) or "ada",
            channel=channel,
            intent=self._text(said, "intent", None) or "any",
            tier=tier,
            before=self._whole(said, "before"),
            after=self._whole(said, "after"),
            bound=self._whole(said, "bound") if "bound" in said else action.bound,
            cost=self._whole(said, "cost"),
            at=at,
            groups=frozenset(groups),
            outside=self._texts(said, "outside"),
            opened=self._texts(said, "opened"),
        )

    def _args(self, call: str | None, args: Json) -> dict[str, Json]:
        if call is None:
            return {}
        if not isinstance(args, dict):
            self._wrong("args", "args is a mapping: {name: value}")
            return {}
        action, seen = self.actions[call], arguments_of(self.actions[call])
        for name, value in args.items():
            if name not in action.hints:
                self._wrong("args", f"{call} has no argument {name!r}{did_you_mean(str(name), action.hints)}")
            elif name in seen and value is not None and not seen[name].fits(value):
                self._wrong("args", f"{name} is a {seen[name].type}, and {value!r} is none.")
        return args

    def _choice(
        self, said: Mapping[str, Json], name: str, known: Collection[str], default: str | None = None
    ) -> str | None:
        value = self._text(said, name, default)
        if value is None:
            self._wrong(name if name in said else "", f"a case needs `{name}`{did_you_mean('', known)}")
        elif value not in known:
            self._wrong(name, f"there is no {name} {value!r}{did_you_mean(value, known)}")
            return None
        return value

    def _text(self, said: Mapping[str, Json], name: str, default: str | None) -> str | None:
        value = said.get(name, default)
        if value is None or isinstance(value, str):
            return value
        self._wrong(name, f"{name} is a text, and {value!r} is none; put it in quotes.")
        return default

    def _whole(self, said: Mapping[str, Json], name: str) -> int | None:
        value = said.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self._wrong(name, f"{name} is a whole number, and {value!r} is none.")
        return None

    def _texts(self, said: Mapping[str, Json], name: str) -> tuple[str, ...]:
        value = said.get(name)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        if value is not None:
            self._wrong(name, f"{name} is a list of texts, [one, two], and {value!r} is none.")
        return ()

    def _moment(self, value: Json) -> datetime | None:
        try:
            if isinstance(value, date) and not isinstance(value, datetime):
                value = value.isoformat()
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            return moment.astimezone()
        except (TypeError, ValueError, OverflowError):
            self._wrong("at", f"at is a moment like 2026-12-24 17:30, local time, and {value!r} is none.")
            return None

    def _wrong(self, key: str, what: str) -> None:
        self.ok = False
        self.problems.append(Problem(self.file, self.lines.get(key, self.lines[""]), what))


KEYS = (
    *("call", "args", "id", "environment", "person", "groups", "channel", "intent", "tier", "at"),
    *("before", "after", "bound", "cost", "outside", "opened"),
    *("level", "rule", "not", "group", "votes", "reason"),
)
"""What may stand in a case: the facts, then what must be said about them."""
