"""A rule file's text, taken apart into rules whose every word knows where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from policies.problem import Problem, RuleError

_TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|::|[=!<>]=|&&|\|\||\w+|\S')


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
        alone = (each for each in self.tokens if word and each.text in (word, f'"{word}"'))
        within = (each for each in self.tokens if word and word in each.text)
        token = next(alone, None) or next(within, None)
        if token is None:
            return self.at(self.tokens[0], what)
        return self.at(token, what, token.text.find(word), len(word))

    def at(self, token: Token, what: str, offset: int = 0, length: int = 0) -> Problem:
        """A problem with one of its words, or with `length` characters of it from `offset`."""
        source, length = self.lines[token.line - 1], length or len(token.text)
        return Problem(self.file, token.line, what, token.column + offset, length, source)


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
