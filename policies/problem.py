"""What is wrong with a rule, said so that a person can mend it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from policies.visible import visible

NEAR = 60.0
"""The similarity, out of 100, from which a word is offered as what was meant."""

FEW = 6
"""The number of words up to which all of them are listed when none is near."""


@dataclass(frozen=True)
class Problem:
    """One mistake and where it stands."""

    file: str
    """The rule file's name; empty where the mistake is in no file."""
    line: int
    """Counted from 1; 0 where the mistake is the whole file's."""
    what: str
    """What is wrong, and the nearest right word where there is one."""
    column: int = field(default=0, compare=False)
    """Counted from 1, in characters; 0 where the mistake is no one word's."""
    length: int = field(default=0, compare=False)
    """How many characters the wrong word has."""
    source: str = field(default="", compare=False)
    """The whole line that it stands on."""

    def __str__(self) -> str:
        """The form that editors and terminals make a link of: `careful.cedar:21: what`."""
        return self._said(self.file, self.line)

    def drawn(self) -> str:
        """The same with the column, then the line, then the wrong word underlined; safe to show."""
        said = self._said(self.file, self.line, self.column)
        if not self.column:
            return said
        before, word = self.source[: self.column - 1], self.source[self.column - 1 :][: self.length]
        room = "".join(each if each == "\t" else " " * _width(each) for each in visible(before))
        return f"{said}\n  {visible(self.source)}\n  {room}{'^' * max(1, sum(map(_width, visible(word))))}"

    def _said(self, *place: str | int) -> str:
        where = ":".join(str(part) for part in place if part)
        return visible(f"{where}: {self.what}" if where else self.what)


def _width(character: str) -> int:
    """How many columns of a terminal a character takes."""
    return 0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1


class RuleError(ValueError):
    """The rules cannot be used; every problem found is listed, one to a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the nearest known word, or the few that there are; empty where neither helps."""
    words = sorted(set(known))
    nearest = process.extractOne(word, words, scorer=fuzz.ratio, score_cutoff=NEAR)
    if nearest is not None:
        return f"; did you mean {nearest[0]!r}?"
    return f"; it can be {', '.join(map(repr, words))}." if 0 < len(words) <= FEW else "."
