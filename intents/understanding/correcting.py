"""Sentences that change what was said before: "no, I meant staging", "not web-app, checkout", "make that five"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from intents.understanding.normalise import TooLong, normalise

_LEAD = re.compile(
    r"^(?:"
    r"(?:no|nope|nah|sorry|oops|actually|correction|rather|wait)\b(?! (?:more|longer|one)\b)"
    r"|(?:i|we) (?:mean|meant|said|wanted)\b"
    r"|(?:make|change|set) (?:that|it)\b"
    r"|(?:it|that) (?:should|must) be\b|(?:it|that) should have been\b"
    r")(?: to be| to| be)? *"
)
_INSTEAD = re.compile(r" *\b(?:instead|rather)$")
_BUT = re.compile(r"^not (?P<rejected>.+?) but (?P<meant>.+)$")
_AFTERWARDS = re.compile(r"^(?P<meant>.+?) (?:and )?not (?P<rejected>.+)$")
_FIRST = re.compile(r"^not (?P<both>.+)$")


@dataclass(frozen=True)
class Correction:
    """What a correcting sentence says, word for word."""

    meant: str
    """What is to stand now; empty where only something was rejected."""
    rejected: str = ""
    """What is not to stand any more; empty where that was not said."""


def corrects(text: str) -> bool:
    """Whether a sentence, as it was heard, changes what was said before."""
    try:
        return bool(corrections(normalise(text)))
    except TooLong:
        return False


def corrections(said: str) -> list[Correction]:
    """The ways to read a normalised sentence as a correction; none where it is no correction.

    "not web app check out" does not say where the rejected name ends, so it can be read in several ways; whoever knows
    what was said before takes the one that fits.
    """
    rest, led = _without_lead(said)
    if (found := _BUT.match(rest)) or (found := _AFTERWARDS.match(rest)):
        return [Correction(found["meant"], found["rejected"])]
    if found := _FIRST.match(rest):
        words = found["both"].split()
        return [Correction(" ".join(words[at:]), " ".join(words[:at])) for at in range(len(words), 0, -1)]
    return [Correction(rest)] if led and rest else []


def _without_lead(said: str) -> tuple[str, bool]:
    """The sentence without the words that only say that it corrects, and whether there were any."""
    rest = _INSTEAD.sub("", said)
    before = ""
    while before != rest:
        before, rest = rest, _LEAD.sub("", rest, count=1)
    return rest, rest != said
