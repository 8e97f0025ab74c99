"""The random words that confirm a change: drawn anew each time, compared exactly, and never written anywhere."""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NoReturn

WORDS: Mapping[str, tuple[str, ...]] = {
    "alpha": ("alfa",),
    "bravo": (),
    "charlie": ("charly", "charley"),
    "delta": (),
    "foxtrot": ("fox trot",),
    "hotel": (),
    "india": (),
    "juliet": ("juliett", "juliette"),
    "kilo": ("keelo",),
    "lima": ("leema",),
    "november": (),
    "oscar": ("oskar",),
    "romeo": (),
    "tango": ("tan go",),
    "uniform": (),
    "victor": ("viktor",),
    "whiskey": ("whisky",),
    "yankee": ("yankie",),
    "zulu": ("zoolu",),
}
"""Word → how Whisper writes it besides. Left out of the alphabet is what tiny.en took for something else in synthetic
voices: golf and papa ("alpha"), sierra ("c"), mike ("my"), quebec ("callback"), and echo and x-ray, which are short."""

DIGITS: Mapping[str, tuple[str, ...]] = {
    "2": ("two", "to", "too"),
    "3": ("three",),
    "4": ("four", "for", "fore", "foer"),
    "5": ("five",),
    "6": ("six",),
    "7": ("seven",),
    "9": ("nine", "nein", "ein"),
}
"""Digit → how Whisper writes it besides. Without eight, which is easily heard as the end of the word before it."""

SPOKEN: Mapping[str, str] = {digit: spellings[0] for digit, spellings in DIGITS.items()}

VOCABULARY = (
    f"Answers: confirm, no, wait, repeat, what will it do. The words: {', '.join(WORDS)}, {', '.join(SPOKEN.values())}."
)
"""What Whisper is told to expect: all the words there are, so that it favours none of them."""

_CONFIRM = frozenset(("confirm", "confirmed", "confirms", "confirming"))
_BEFORE = frozenset(("yes", "yeah", "ok", "okay", "please", "well", "so", "i"))
_AFTER = frozenset(("please", "thanks"))
_READ: Mapping[tuple[str, ...], str] = {
    tuple(form.split()): word for word, spellings in WORDS.items() for form in (word, *spellings)
}
_DIGIT: Mapping[str, str] = {form: digit for digit, spellings in DIGITS.items() for form in (digit, *spellings)}


class Challenge:
    """Words that a person has to say. They leave this object only to be spoken; nothing that writes can see them."""

    __slots__ = ("_digit", "_word")

    def __init__(self, word: str, digit: str) -> None:
        self._word, self._digit = word, digit

    @classmethod
    def draw(cls, but: Challenge | None = None) -> Challenge:
        """New words by the system's source of randomness, in both parts others than those of `but`."""
        words = [word for word in WORDS if but is None or word != but._word]
        digits = [digit for digit in DIGITS if but is None or digit != but._digit]
        return cls(secrets.choice(words), secrets.choice(digits))

    @property
    def aloud(self) -> str:
        """As they are spoken: "tango seven"."""
        return f"{self._word} {SPOKEN[self._digit]}"

    def met_by(self, text: str) -> bool:
        """Whether a sentence says to confirm with exactly these words, and says nothing else."""
        said = confirmed_with(text)
        return said is not None and hmac.compare_digest(f"{self._word} {self._digit}".encode(), said.encode())

    def named_in(self, text: str) -> bool:
        """Whether a sentence holds both of these words, in whatever order, and whatever else it says."""
        said = tokens(text)
        words = {_READ.get((each,)) for each in said} | {_READ.get(pair) for pair in pairwise(said)}
        return self._word in words and self._digit in {_DIGIT.get(each) for each in said}

    def __repr__(self) -> str:
        return "<words>"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("words that confirm are never stored")


def tokens(text: str) -> list[str]:
    """The words and numbers of what was heard, in lower case; "Tango7" is two."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+", plain)


def confirmed_with(text: str) -> str | None:
    """The words a sentence confirms with ("tango 7"), by the table of spellings; None where it is no such sentence."""
    said = _bare(tokens(text))
    if len(said) < 3 or said[0] not in _CONFIRM:
        return None
    word, digit = _READ.get(tuple(said[1:-1])), _DIGIT.get(said[-1])
    return f"{word} {digit}" if word is not None and digit is not None else None


def is_attempt(text: str) -> bool:
    """Whether a sentence seems to be meant as a confirmation, right or wrong."""
    said = tokens(text)
    return any(each in _CONFIRM for each in said) or (tuple(said[:-1]) in _READ and said[-1] in _DIGIT)


def _bare(said: Sequence[str]) -> list[str]:
    """Without what people say before and after, which changes nothing."""
    start, end = 0, len(said)
    while start < end and said[start] in _BEFORE:
        start += 1
    while end > start and said[end - 1] in _AFTER:
        end -= 1
    return list(said[start:end])
