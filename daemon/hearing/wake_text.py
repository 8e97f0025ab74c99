"""The second look at a wake word: whether the transcript begins with it, and what was said after it."""

from __future__ import annotations

import re

WORD = r"[^\W_]+(?:['\u2019][^\W_]+)*"
"""A word, "don't" and its like in one piece."""

GREETINGS = frozenset({"hey", "hi", "ok", "okay", "hello", "hay", "ey"})
"""What many wake words begin with, as it is said and as it is written down."""

AFTER_GREETING, ALONE, WHOLE = 64.0, 85.0, 70.0
"""From where on, of 100, two texts are taken for the same word that was heard differently: after a greeting, which
makes it likely already; with the greeting swallowed, as it often is; and of words that have none."""


LONGER = 1.6
"""How many times as long as the word what was heard in its place may be."""


def without(word: str, text: str) -> str | None:
    """The text after the wake word, as it was written; None where the text does not begin with it.

    A transcriber that never saw the word writes what it sounds like, in any number of words ("hey dev us" for "hey
    devos"), so sound counts as well as spelling. What remains is empty where nothing else was said.
    """
    tokens = [*re.finditer(WORD, text.lower())]
    first, _, rest = word.lower().strip().partition(" ")
    if first not in GREETINGS or not rest:
        end = _end(f"{first} {rest}", tokens, 0, WHOLE)
    elif tokens and tokens[0][0] in GREETINGS:
        end = _end(rest, tokens, 1, AFTER_GREETING)
    else:
        end = _end(rest, tokens, 0, ALONE) or _end(f"{first} {rest}", tokens, 0, ALONE)
    return None if end is None else re.sub(r"^[\W_]+", "", text[end:])


def _end(wanted: str, tokens: list[re.Match[str]], start: int, least: float) -> int | None:
    """Where the words from `start` on that are most like the wanted ones end; None where none are like enough."""
    best, end = least, None
    for last in range(start, min(start + len(wanted.split()) + 2, len(tokens))):
        alike = _alike(wanted, " ".join(each[0] for each in tokens[start : last + 1]))
        # Of two equally good ones the longer leaves no half of the word behind.
        if alike >= best:
            best, end = alike, tokens[last].end()
    return end


def _alike(wanted: str, heard: str) -> float:
    """How much two texts are alike, 0 to 100, by their letters and by their sound."""
    from metaphone import doublemetaphone
    from rapidfuzz import fuzz

    left, right = (re.sub(r"[\W_]+", "", each) for each in (wanted, heard))
    if len(right) > LONGER * len(left):
        return 0.0
    sounds = [(one, other) for one in doublemetaphone(left) for other in doublemetaphone(right) if one and other]
    sound = max((fuzz.ratio(one, other) for one, other in sounds), default=0.0)
    return float(0.6 * fuzz.ratio(left, right) + 0.4 * sound)
