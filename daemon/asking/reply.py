"""What a written reply may mean: yes or no to one question, in exactly these words, and never anything else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from policies.visible import visible

LONGEST = 500
"""Characters of a reason that are taken."""
_ANSWER = re.compile(
    rf"(?P<word>approve|deny) (?P<code>[a-z0-9]{{4,12}})(?: because (?P<because>\S(?:.{{0,{LONGEST - 2}}}\S)?))?",
    re.IGNORECASE | re.ASCII,
)
_BEGINS = re.compile(r"\W*(?:approve|deny)\b", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Said:
    """One answer, as somebody wrote it."""

    yes: bool
    code: str
    because: str | None


def read(text: str) -> Said | None:
    """The answer that a reply is: one line, "approve CODE" or "deny CODE", and if wanted " because …"; else None.

    Whatever is not seen makes it no answer, so that nobody says more, or else, than what others read.
    """
    line = text.strip()
    found = _ANSWER.fullmatch(line)
    if found is None or visible(line, lines=False) != line:
        return None
    return Said(found["word"].lower() == "approve", found["code"].lower(), found["because"])


def is_attempt(text: str, code: str) -> bool:
    """Whether a reply looks as if it were meant as an answer to this question, so that its author should hear of it."""
    return code in text.lower() or _BEGINS.match(visible(text).strip()) is not None
