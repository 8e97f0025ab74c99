"""A rule file's text, taken apart into rules that know where they stand."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import Formatter

import cedarpy
from cedarpy import pst

from policies.decision import Level
from policies.problem import Problem, RuleError, did_you_mean

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

DEEPEST, MOST_JOINED = 32, 400
"""How deep brackets may nest in one rule, and how many parts of it may be joined by dots and operators."""

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_JOINING = frozenset(
    (".", "::", "&&", "||", "!", "-", "+", "*", "if", "has", "like", "in", "is", "when", "unless", "@")
)
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|::|[=!<>]=|&&|\|\||\w+|\S')
_UNFINISHED = "unexpected end of input"
_WORDS = (
    *("permit", "forbid", "when", "unless", "principal", "action", "resource", "context", "if", "then", "else"),
    *("true", "false", "in", "is", "has", "like", "contains", "containsAll", "containsAny", "isEmpty"),
)


@dataclass(frozen=True)
class Token:
    """One word or sign of a rule file."""

    text: str
    line: int
    column: int
    """Counted from 1."""
    end: int
    """The offset just behind it, in the statement's text."""


@dataclass(frozen=True)
class Statement:
    """One rule's text, up to its semicolon."""

    file: str
    text: str
    tokens: Sequence[Token]
    lines: Sequence[str] = field(repr=False)
    """The whole file's."""

    @property
    def line(self) -> int:
        """The line it begins on, annotations included."""
        return self.tokens[0].line

    def problem(self, what: str, word: str = "") -> Problem:
        """A problem with this rule, placed where a word of it first stands; at its beginning where none does.

        Args:
            what: what is wrong.
            word: a word, bare or in quotes, or else a part of a text in quotes.
        """
        alone = (each for each in self.tokens if each.text in (word, f'"{word}"'))
        within = (each for each in self.tokens if word and word in each.text)
        token = next(alone, None) or next(within, self.tokens[0])
        return self.at(token, what, token.text.find(word) if word else 0, len(word))

    def at(self, token: Token, what: str, offset: int = 0, length: int = 0) -> Problem:
        """A problem with one of its words, or with `length` characters of it from `offset`."""
        source, length = self.lines[token.line - 1], length or len(token.text)
        return Problem(self.file, token.line, what, token.column + offset, length, source)


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


def statements(file: str, text: str) -> Iterator[Statement]:
    """Split a file's text into its rules; comments fall away, lines and offsets stay.

    Raises:
        RuleError: a quotation mark is never closed.
    """
    tokens: list[Token] = []
    lines = text.split("\n")
    line, begin_of_line, begin, seen = 1, 0, 0, 0
    for match in _TOKEN.finditer(text):
        if broken := text.count("\n", seen, match.start()):
            line, begin_of_line = line + broken, text.rfind("\n", seen, match.start()) + 1
        seen = match.start()
        if match[0].startswith("//"):
            continue
        begin, column = begin if tokens else match.start(), match.start() - begin_of_line + 1
        if match[0] == '"':
            what = "a text in quotes begins here and does not end on this line."
            raise RuleError([Problem(file, line, what, column, 1, lines[line - 1])])
        tokens.append(Token(match[0], line, column, match.end() - begin))
        if match[0] == ";":
            yield Statement(file, text[begin : match.end()], tokens, lines)
            tokens = []
    if tokens:
        yield Statement(file, text[begin:], tokens, lines)


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
    problems = list(_annotation_problems(statement, node))
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


def _annotation_problems(statement: Statement, node: pst.Template) -> Iterator[Problem]:
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
