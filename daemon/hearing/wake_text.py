"""The second look at a wake word: whether the transcript begins with it, and what was said after it."""

from __future__ import annotations

import re

WORD = r"[^\W_]+(?:['\u2019][^\W_]+)*"
"""A word, "don't" and its like in one piece."""

GREETINGS = frozenset({"hey", "hi", "ok", "okay", "hello"})
"""What a word may begin with that is often swallowed: the rest of it is enough then."""

SHORTEST = 5
"""Letters that such a rest has to have."""

ALIKE = 72.0
"""From here on, of 100, two texts are taken for the same word that was heard differently."""


def without(word: str, text: str) -> str | None:
    """The text after the wake word, as it was written; None where the text does not begin with it.

    A transcriber that never saw the word writes what it sounds like, in any number of words ("hey dev us" for "hey
    devos"), so sound counts as well as spelling. What remains is empty where nothing else was said.
    """
    tokens = [*re.finditer(WORD, text)]
    best, rest = ALIKE, None
    for wanted in _forms(word):
        length = len(wanted.split())
        for count in range(max(1, length - 1), length + 3):
            if count > len(tokens):
                break
            heard = " ".join(each[0] for each in tokens[:count])
            alike = _alike(wanted, heard)
            # Of two equally good ones the longer leaves no half of the word behind.
            if alike >= best:
                best, rest = alike, text[tokens[count - 1].end() :]
    return None if rest is None else re.sub(r"^[\W_]+", "", rest)


def _forms(word: str) -> list[str]:
    """The word, and its rest after a greeting."""
    first, _, rest = word.lower().partition(" ")
    return [word.lower(), rest] if first in GREETINGS and len(rest.replace(" ", "")) >= SHORTEST else [word.lower()]


def _alike(wanted: str, heard: str) -> float:
    """How much two texts are alike, 0 to 100, by their letters and by their sound."""
    from metaphone import doublemetaphone
    from rapidfuzz import fuzz

    left, right = (re.sub(r"[\W_]+", "", each.lower()) for each in (wanted, heard))
    sounds = [(one, other) for one in doublemetaphone(left) for other in doublemetaphone(right) if one and other]
    sound = max((fuzz.ratio(one, other) for one, other in sounds), default=0.0)
    return float(0.6 * fuzz.ratio(left, right) + 0.4 * sound)
