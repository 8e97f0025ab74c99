"""A rule file's text, taken apart into rules that know where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter

import cedarpy
from cedarpy import pst

from policies.decision import Level
from policies.problem import Problem, RuleError, did_you_mean

ANNOTATIONS = ("id", "approval", "because")
"""The annotations a rule may carry. Cedar itself accepts any, so a misspelt one would go unnoticed."""

APPROVALS: Mapping[str, Level] = {"confirm": Level.CONFIRM, "approve": Level.APPROVE, "change": Level.CHANGE}
"""What `@approval` may say; a permit without it is automatic."""

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
)
"""The facts that a `@because` sentence may name in braces."""

RESERVED = ("no-match", "error")
"""What a decision calls itself when no rule made it, so no rule may be called that."""

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
    end: int
    """The offset just behind it."""


@dataclass(frozen=True)
class Statement:
    """One rule's text, up to its semicolon."""

    file: str
    text: str
    tokens: Sequence[Token]

    @property
    def line(self) -> int:
        """The line it begins on, annotations included."""
        return self.tokens[0].line

    def line_of(self, word: str) -> int:
        """The line on which a word, bare or in quotes, first stands; the rule's own where it does not stand alone."""
        return next((each.line for each in self.tokens if each.text in (word, f'"{word}"')), self.line)

    def problem(self, what: str, word: str = "") -> Problem:
        """A problem with this rule, placed at a word of it."""
        return Problem(self.file, self.line_of(word), what)


@dataclass(frozen=True)
class Rule:
    """One permit or forbid."""

    id: str
    statement: Statement
    node: pst.Template
    """The rule as Cedar's own tree, under its own id."""
    level: Level
    """What it asks for when it matches; DENY for a forbid."""
    because: str
    """Its own sentence, placeholders unfilled; empty where it has none."""

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
    begin = 0
    for match in _TOKEN.finditer(text):
        if match[0].startswith("//"):
            continue
        begin = begin if tokens else match.start()
        line = text.count("\n", 0, match.start()) + 1
        if match[0] == '"':
            raise RuleError([Problem(file, line, "a text in quotes begins here and does not end on this line.")])
        tokens.append(Token(match[0], line, match.end() - begin))
        if match[0] == ";":
            yield Statement(file, text[begin : match.end()], tokens)
            tokens = []
    if tokens:
        yield Statement(file, text[begin:], tokens)


def parse(statement: Statement) -> Rule:
    """Read one rule.

    Raises:
        RuleError: it is not Cedar, is a template, or its annotations are wrong.
    """
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
    permitted = APPROVALS.get(node.annotations.get("approval", ""), Level.AUTO)
    return Rule(
        id=node.annotations["id"],
        statement=statement,
        node=replace(node, id=node.annotations["id"]),
        level=Level.DENY if node.effect == "forbid" else permitted,
        because=node.annotations.get("because", ""),
    )


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
    elif approval is not None and approval not in APPROVALS:
        what = (
            f"there is no approval {approval!r}{did_you_mean(approval, APPROVALS)} Without @approval, it is automatic."
        )
        yield statement.problem(what, "approval")
    yield from _placeholder_problems(statement, node.annotations.get("because", ""))


def _placeholder_problems(statement: Statement, because: str) -> Iterator[Problem]:
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(because)]
    except ValueError as error:
        yield statement.problem(f"@because: {error}; a brace that is meant as one is written twice.", "because")
        return
    for field, spec, conversion in fields:
        if field is not None and (field not in PLACEHOLDERS or spec or conversion):
            what = f"@because cannot name {{{field}}}{did_you_mean(field, PLACEHOLDERS)}"
            yield statement.problem(what, "because")


def _syntax_problem(statement: Statement, message: str) -> Problem:
    """Find the word at which Cedar's grammar is first broken: no beginning of the rule that ends before it is wrong."""
    if message == _UNFINISHED:
        what = "the rule that begins here does not end; is a `;` or a bracket missing?"
        return Problem(statement.file, statement.line, what)
    beginnings = ((each, _complaint(statement.text[: each.end])) for each in statement.tokens)
    broken = next((each for each, complaint in beginnings if complaint not in ("", _UNFINISHED)), None)
    if broken is None:
        return Problem(statement.file, statement.line, f"{message}.")
    if broken is statement.tokens[-1]:  # the grammar holds to the end, so Cedar means a word: it stands in the message
        mentioned = set(re.findall(r"\w+", message)) - set(_WORDS)
        broken = next((each for each in statement.tokens if each.text in mentioned), broken)
    if broken.text == "@":
        return Problem(statement.file, broken.line, f"{message}; is the `;` of the rule before it missing?")
    hint = did_you_mean(broken.text, _WORDS) if broken.text not in _WORDS else "."
    return Problem(statement.file, broken.line, f"{message}{hint}")


def _complaint(text: str) -> str:
    try:
        cedarpy.PolicySet.from_str(text)
    except ValueError as error:
        return str(error)
    return ""
