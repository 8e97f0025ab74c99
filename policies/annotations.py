"""What stands above a rule: its name, its sentence, who has to agree. Cedar itself takes any word there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter

from cedarpy import pst

from policies.decision import Level
from policies.problem import Problem, did_you_mean
from policies.statement import Statement

ANNOTATIONS = ("id", "approval", "because", "group", "votes", "reason")
"""The annotations a rule may carry. Cedar itself accepts any, so a misspelt one would go unnoticed."""

APPROVALS: Mapping[str, Level] = {"confirm": Level.CONFIRM, "approve": Level.APPROVE, "change": Level.CHANGE}
"""What `@approval` may say; a permit without it is automatic."""

ONE_MORE = "one-more"
"""The other thing that `@approval` may say: one level more than the other permits that match."""

PLACEHOLDERS = (
    "action",
    "system",
    "id",
    "environment",
    "person",
    "channel",
    "intent",
    "tier",
    "before",
    "after",
    "bound",
    "cost",
    "weekday",
    "hour",
    "date",
    "outside",
    "opened",
    "group",
    "votes",
)
"""The facts that a `@because` sentence may name in braces."""

RESERVED = ("no-match", "error")
"""What a decision calls itself when no rule made it, so no rule may be called that."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def annotation_problems(statement: Statement, node: pst.Template) -> Iterator[Problem]:
    """Everything that is wrong with a rule's annotations, each at its word."""
    for name in node.annotations:
        if name not in ANNOTATIONS:
            yield statement.problem(f"there is no annotation @{name}{did_you_mean(name, ANNOTATIONS)}", name)
    own = node.annotations.get("id")
    if own is None:
        yield statement.problem('a rule needs an @id("…") that decisions can name.')
    elif own in RESERVED:
        yield statement.problem(f"no rule may be called {own!r}: decisions that no rule made are.", own)
    elif not _ID.fullmatch(own):
        yield statement.problem(f"{own!r} is no @id; write small letters, digits and hyphens.", own)
    approval = node.annotations.get("approval")
    if approval is not None and node.effect == "forbid":
        yield statement.problem("a forbid refuses whoever agrees; leave @approval out.", "approval")
    elif approval is not None and approval not in (*APPROVALS, ONE_MORE):
        hint = did_you_mean(approval, (*APPROVALS, ONE_MORE))
        what = f"there is no approval {approval!r}{hint} Without @approval, it is automatic."
        yield statement.problem(what, approval or "approval")
    yield from _demand_problems(statement, node.annotations)
    yield from _placeholder_problems(statement, node.annotations)


def _demand_problems(statement: Statement, said: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with the annotations that say who has to agree, and how."""
    approval = said.get("approval")
    for name, allowed in (("group", ("approve",)), ("votes", ("approve",)), ("reason", ("confirm", "approve"))):
        if name in said and approval not in allowed:
            wanted = " or ".join(f'@approval("{each}")' for each in allowed)
            yield statement.problem(f"@{name} means something only beside {wanted}.", name)
    if not re.fullmatch("[1-9]", said.get("votes", "1")):
        yield statement.problem(f"@votes is a number from 1 to 9, not {said['votes']!r}.", said["votes"] or "votes")
    if said.get("reason", "required") != "required":
        what = f"@reason can only be 'required', not {said['reason']!r}; without @reason, none is."
        yield statement.problem(what, said["reason"] or "reason")
    if said.get("group") == "":
        yield statement.problem("@group names a group from the settings.", "group")


def _placeholder_problems(statement: Statement, said: Mapping[str, str]) -> Iterator[Problem]:
    because = said.get("because", "")
    try:
        found = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(because)]
    except ValueError as error:
        yield statement.problem(f"@because: {error}; a brace that is meant as one is written twice.", "because")
        return
    for name, spec, conversion in found:
        if name is not None and (name not in PLACEHOLDERS or spec or conversion):
            what = f"@because cannot name {{{name}}}{did_you_mean(name, PLACEHOLDERS)}"
            yield statement.problem(what, f"{{{name}" if name else "because")
        elif name == "group" and "group" not in said:
            yield statement.problem("@because names {group}, and the rule has no @group.", "{group}")
