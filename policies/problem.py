"""What is wrong with a rule, said so that a person can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

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

    def __str__(self) -> str:
        """The form that editors and terminals make a link of: `careful.cedar:21: what`."""
        place = ":".join(part for part in (self.file, str(self.line or "")) if part)
        return f"{place}: {self.what}" if place else self.what


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
