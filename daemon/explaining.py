"""What `devos policy explain` asks about and shows, and the bar that `devos policy replay` draws."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policies.action import Action, Target
from policies.audit.event import Stored, Unreadable
from policies.audit.reader import Reader
from policies.audit.schema import NewerFile
from policies.decision import Facts
from policies.explain import Explanation
from policies.history import ASKED, Past, decisions, foreseen
from policies.problem import did_you_mean
from policies.schema import arguments_of

IN_WORDS = {"Long": "whole number", "Bool": "yes or no (true, false)"}
"""What a person calls the types that a rule sees; every other one is a list."""

if TYPE_CHECKING:
    from rich.console import Console


def facts_asked(
    actions: Mapping[str, Action[..., Any]],
    name: str,
    args: Sequence[str],
    target: str,
    environment: str,
    person: str,
    channel: str,
    groups: Mapping[str, Collection[str]],
    said: Mapping[str, Any],
) -> Facts:
    """The facts of a call as a person describes it.

    Args:
        actions: every action there is, by full name.
        name: the action's.
        args: each as "name=value", where the value is JSON or plain text.
        target: what it is done to; empty for the first argument's value.
        environment: where that is.
        person: who asks.
        channel: how it is asked.
        groups: the configured groups, each with its members.
        said: `before`, `after`, `cost`, `tier`, `outside`, and `at` as local time, empty for now.

    Raises:
        ValueError: there is no such action or argument, or a value is not of its type; the message says what is.
    """
    if name not in actions:
        raise ValueError(f"There is no action {name!r}{did_you_mean(name, actions)}")
    action = actions[name]
    found = dict(_argument(action, name, each) for each in args)
    given = {each: found[each] for each in action.hints if each in found}
    return Facts(
        action=name,
        effect=action.effect,
        args=given,
        target=Target(target or str(next(iter(given.values()), "")), environment),
        person=person,
        channel=channel,
        intent="explained",
        tier=said["tier"],
        before=said["before"],
        after=said["after"],
        bound=action.bound,
        cost=said["cost"],
        at=_moment(said["at"]),
        groups=frozenset(group for group, members in groups.items() if person in members),
        outside=tuple(said["outside"]),
    )


def facts_recorded(
    path: Path,
    run: str,
    step: int,
    actions: Mapping[str, Action[..., Any]],
    groups: Mapping[str, Collection[str]],
) -> tuple[Facts, str]:
    """The facts of a decision that the audit log holds, and where they stand in it, in words.

    A step that waits, or that somebody said no to, was never begun: its facts stand where it was asked about, or in the
    run's plan.

    Args:
        path: the log's file.
        run: the run's id.
        step: the step's number.
        actions: every action there is, by full name.
        groups: the configured groups, each with its members.

    Raises:
        ValueError: there is none, or it cannot be read; the message says why.
    """
    try:
        with closing(Reader(path)) as log:
            entries = log.entries(run=run)
    except (OSError, sqlite3.Error, Unreadable, NewerFile) as problem:
        raise ValueError(f"{path} cannot be read: {problem}") from problem
    found = [*_before_it_began(entries, step, actions, groups)]
    found += [("what was decided then", each) for each in decisions(entries, actions, groups) if each.step == step]
    if not found:
        raise ValueError(
            f"The log holds no decision of run {run!r}, step {step}: it was neither planned, asked about, begun, nor "
            f"refused by a rule. `devos runs show {run}` lists the steps."
        )
    for where, each in reversed(found):
        if each.facts is not None:
            return each.facts, f"{where}, entry {each.seq} of the log"
    what = "its arguments were erased, or its facts were not recorded yet"
    raise ValueError(f"The decision of run {run!r}, step {step} cannot be made again: {what}.")


def _before_it_began(
    entries: Sequence[Stored],
    step: int,
    actions: Mapping[str, Action[..., Any]],
    groups: Mapping[str, Collection[str]],
) -> Iterator[tuple[str, Past]]:
    for kind, each in foreseen(entries, actions, groups):
        if each.step == step:
            yield "the question about it" if kind == ASKED else "the run's plan", each


def lines(facts: Facts, explanation: Explanation, source: str = "") -> Iterator[str]:
    """An explanation, a line at a time; `source` says where the facts stand that it was made from."""
    decision = explanation.decision
    yield f"{facts.action} on {facts.target.id or 'nothing named'} ({facts.target.environment}): {decision.level}"
    yield f"  because: {decision.because}"
    yield f"  rule:    {decision.rule}{f', {decision.where}' if decision.where else ''}"
    for who in explanation.who:
        yield f"  who:     {who}"
    if source:
        yield f"  facts:   from {source}"
    if explanation.considered:
        yield "Every rule that was considered:"
    for each in explanation.considered:
        sign = "=>" if each.decides else " +" if each.matched else "  "
        level = "one-more" if each.rule.one_more else str(each.rule.level)
        yield f"{sign} {each.rule.id:<28} {each.rule.where:<26} {level:<9} {'' if each.matched else 'no: '}{each.why}"


@contextmanager
def progress_bar(total: int, console: Console | None = None) -> Iterator[Callable[[int], None]]:
    """Draw a bar, on standard error where nothing else is given; gives what takes how far it is."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=console or Console(stderr=True), transient=True) as bar:
        task = bar.add_task("deciding again", total=total)
        yield lambda seq: bar.update(task, completed=seq)


def _argument(action: Action[..., Any], name: str, text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--arg is name=value, and {text!r} is not.")
    if key not in action.hints:
        raise ValueError(f"{name} has no argument {key!r}{did_you_mean(key, action.hints)}")
    seen = arguments_of(action).get(key)
    if seen is None or seen.type == "String":
        return key, value
    try:
        read = json.loads(value)
    except ValueError:
        read = value.split(",") if seen.type == "Set<String>" else None
    if not seen.fits(read):
        raise ValueError(f"{key} is a {IN_WORDS.get(seen.type, 'list')}, and {value!r} is none.")
    return key, read


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise ValueError(f"--at is a moment like 2026-12-24T17:30, local time, and {text!r} is none.") from None
