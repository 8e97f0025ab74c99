"""One rule: read, and checked as far as it can be by itself."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace

import cedarpy
from cedarpy import pst

from policies.annotations import APPROVALS, ONE_MORE, annotation_problems
from policies.decision import Level
from policies.problem import Problem, RuleError, did_you_mean
from policies.statement import Statement

DEEPEST, MOST_JOINED = 32, 400
"""How deep brackets may nest in one rule, and how many parts of it may be joined by dots and operators."""

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_JOINING = frozenset(
    (".", "::", "&&", "||", "!", "-", "+", "*", "if", "has", "like", "in", "is", "when", "unless", "@")
)
_UNFINISHED = "unexpected end of input"
_WORDS = (
    *("permit", "forbid", "when", "unless", "principal", "action", "resource", "context", "if", "then", "else"),
    *("true", "false", "in", "is", "has", "like", "contains", "containsAll", "containsAny", "isEmpty"),
)


@dataclass(frozen=True)
class Rule:
    """One permit or forbid."""

    id: str
    statement: Statement
    node: pst.Template
    """The rule as Cedar's own tree, under its own id."""
    level: Level
    """What it asks for when it matches; DENY for a forbid, AUTO where it only asks for one level more."""
    because: str
    """Its own sentence, placeholders unfilled; empty where it has none."""
    one_more: bool = False
    """Whether it permits nothing by itself, but raises what other permits ask for."""
    group: str | None = None
    """Whose approval it wants; None for anybody else's."""
    votes: int = 1
    """How many of them have to say yes."""
    reason: bool = False
    """Whether whoever agrees has to say why."""

    @property
    def where(self) -> str:
        """The file and line, for example "careful.cedar:21"."""
        return f"{self.statement.file}:{self.statement.line}"


def parse(statement: Statement) -> Rule:
    """Read one rule.

    Raises:
        RuleError: it is not Cedar, is a template, is too deep, or its annotations are wrong.
    """
    too_deep = _depth_problem(statement)
    if too_deep is not None:
        raise RuleError([too_deep])
    try:
        parsed = cedarpy.PolicySet.from_str(statement.text).to_pst()
    except ValueError as error:
        raise RuleError([_syntax_problem(statement, str(error))]) from error
    if parsed.templates:
        what = "a rule with ?principal or ?resource is a template, which permits nothing; name what is meant."
        raise RuleError([statement.problem(what)])
    (node,) = parsed.static_policies.values()
    problems = list(annotation_problems(statement, node))
    if problems:
        raise RuleError(problems)
    said = node.annotations
    permitted = APPROVALS.get(said.get("approval", ""), Level.AUTO)
    return Rule(
        id=said["id"],
        statement=statement,
        node=replace(node, id=said["id"]),
        level=Level.DENY if node.effect == "forbid" else permitted,
        because=said.get("because", ""),
        one_more=said.get("approval") == ONE_MORE,
        group=said.get("group"),
        votes=int(said.get("votes", "1")),
        reason="reason" in said,
    )


def _depth_problem(statement: Statement) -> Problem | None:
    """Where a rule gets deeper than Cedar's parser can be trusted with: it ends the whole process on a deep one."""
    depth = joined = 0
    for token in statement.tokens:
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        joined += token.text in _JOINING
        if depth > DEEPEST:
            return statement.at(token, f"brackets nest more than {DEEPEST} deep here.")
        if joined > MOST_JOINED:
            return statement.at(token, f"more than {MOST_JOINED} parts are joined by here; make several rules of it.")
    return None


def _syntax_problem(statement: Statement, message: str) -> Problem:
    """Find the word at which Cedar's grammar is first broken: no beginning of the rule that ends before it is wrong."""
    if message == _UNFINISHED:
        what = "the rule that begins here does not end; is a `;` or a bracket missing?"
        return statement.at(statement.tokens[0], what)
    # What goes on after a mistake is a mistake too, so the first wrong word can be searched for by halving.
    first = bisect_left(
        statement.tokens, True, key=lambda each: _complaint(statement.text[: each.end]) not in ("", _UNFINISHED)
    )
    if first == len(statement.tokens):
        return statement.at(statement.tokens[0], f"{message}.")
    broken = statement.tokens[first]
    if broken is statement.tokens[-1]:  # the grammar holds to the end, so Cedar means a word: it stands in the message
        mentioned = set(re.findall(r"\w+", message)) - set(_WORDS)
        broken = next((each for each in statement.tokens if each.text in mentioned), broken)
    if broken.text == "@":
        return statement.at(broken, f"{message}; is the `;` of the rule before it missing?")
    return statement.at(broken, f"{message}{did_you_mean(broken.text, _WORDS) if broken.text not in _WORDS else '.'}")


def _complaint(text: str) -> str:
    try:
        cedarpy.PolicySet.from_str(text)
    except ValueError as error:
        return str(error)
    return ""
