"""One spelling for what was said: "Hey DevOS, um, scale the Web App to ten." → "scale the web app to 10".

Nothing here guesses. What a step cannot read it leaves as it was, so that the templates refuse it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache

from text_to_num import alpha2digit

LONGEST = 2_000
"""Characters; a longer text is no request, and reading it would only cost time."""

_TYPOGRAPHIC = str.maketrans(dict.fromkeys("\u2018\u2019\u00b4`", "'") | dict.fromkeys("\u2010\u2011\u2012\u2212", "-"))
"""Curved apostrophes and accents; hyphens and the minus sign."""
_THOUSANDS = re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3})+)(?![\w,])")
_BARE_FRACTION = re.compile(r"(?<![\w.])\.(\d)")
_MINUS = re.compile(r"(?<![\w-])-\s*(?=\d)")
_PUNCTUATION = re.compile(r"[^\w\s'./-]|(?<!\w)[./'-]|[./'-](?!\w)|[/]")
_NEGATIVE = re.compile(r"\bnegative (?=\d)")
_HUNDRED = re.compile(r"\ba (?=10{2,}\b)")
_VERSION = re.compile(r"\b(?:version|release|ver|v)\.? ?(\d+(?:(?: point | dot |\.| )\d+){0,2})\b")
_VERSION_JOINT = re.compile(r" point | dot | ")
_STUTTER = re.compile(r"\b(the|to|a|in|on|of|and|for)(?: \1\b)+")
_WRITTEN_KEY = re.compile(r"(?<![\w-])([A-Z][A-Z0-9]+)-[1-9][0-9]*(?![\w-])")
_KUBECTL = re.compile(r"\b(?:cube|kube|coop|q) ?(?:control|cuttle|c t l|ctl)\b")

_ANYWHERE = re.compile(r"\b(?:u+h+m*|u+m+|e+r+m?|h+m+|a+h+|you know|basically|please|kindly|just)\b")
_BEFORE = re.compile(
    r"^(?:(?:hey|hi|hello|ok|okay|so|alright|all right|right|now|and|then)\b"
    r"|(?:dev ?os|dev ?ops|devoss)\b"
    r"|(?:can|could|would|will) you\b"
    r"|(?:i|we) (?:want|need|would like)(?: you)? to\b|(?:i'd|we'd) like(?: you)? to\b"
    r"|let's|let us\b|go ahead and\b) *"
)
_AFTER = re.compile(r" *\b(?:for (?:me|us)|thanks|thank you|thank you very much|right now|now)$")


class TooLong(ValueError):
    """The text is longer than any request."""

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def __str__(self) -> str:
        return f"That is {self.length:,} characters long; a request has at most {LONGEST:,}."


def normalise(text: str, projects: Collection[str] = ()) -> str:
    """Bring a sentence into the one form that the templates are written in.

    Lower case, digits for numbers, "minus 3" for negative ones, "DEV-789" for an issue of a known project however it
    was spoken, "v2.1.0" for a version; no fillers, no punctuation but what stands inside a word.

    Args:
        text: as typed or transcribed.
        projects: the Jira projects' keys that exist. "dev 789" is an issue only when DEV is among them; "DEV-789",
            written so, always.

    Raises:
        TooLong: the text has more than `LONGEST` characters.
    """
    if len(text) > LONGEST:
        raise TooLong(len(text))
    said = _plain(text)
    said = _THOUSANDS.sub(lambda found: found[1].replace(",", ""), said)
    said = _MINUS.sub("minus ", _BARE_FRACTION.sub(r"0.\1", said))
    said = _words(_PUNCTUATION.sub(" ", said))
    said = _words(_ANYWHERE.sub(" ", said))
    said = _without_courtesies(said)
    said = _numbers(said)
    said = _tickets(said, (*projects, *_WRITTEN_KEY.findall(text)))
    said = _VERSION.sub(lambda found: "v" + _VERSION_JOINT.sub(".", found[1]), said)
    said = _KUBECTL.sub("kubectl", said)
    return _STUTTER.sub(r"\1", said)


def _plain(text: str) -> str:
    """Lower case, compatible forms unified, without control, format and private characters.

    Superscripts, fractions and circled digits keep their form: unified, "10²" would read as 102.
    """
    unified = "".join(
        each if unicodedata.category(each) == "No" else unicodedata.normalize("NFKC", each) for each in text
    )
    composed = unicodedata.normalize("NFC", unified).translate(_TYPOGRAPHIC)
    return "".join(_visible(each) for each in composed).casefold()


def _visible(character: str) -> str:
    """The character; a space for one that separates or controls; nothing for one that has no shape."""
    category = unicodedata.category(character)
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category[0] == "Z" or category == "Cc" else character


def _words(text: str) -> str:
    """Single spaces between the words, none around them."""
    return " ".join(text.split())


def _without_courtesies(said: str) -> str:
    """Take away what people say before and after a request; never a word that could turn its meaning."""
    before = ""
    while before != said:
        before, said = said, _AFTER.sub("", _BEFORE.sub("", said))
    return said


def _numbers(said: str) -> str:
    """Digits for number words: "two hundred and fifty" → "250", "a hundred" → "100", "negative three" → "minus 3"."""
    counted: str = alpha2digit(said, "en", 0)
    return _NEGATIVE.sub("minus ", _HUNDRED.sub("", counted))


def _tickets(said: str, projects: Collection[str]) -> str:
    """Glue the issues of known projects: "dev 7 8 9", "d e v 789", "dev-789" → "DEV-789"."""
    for key in projects:
        parts = _issue_of(key).split(said)
        parts[1::2] = [f"{key.upper()}-{re.sub('[ -]', '', digits)}" for digits in parts[1::2]]
        said = "".join(parts)
    return said


@cache
def _issue_of(key: str) -> re.Pattern[str]:
    """What an issue of one project looks like. In "dev 789 10 pods" the second number is another one."""
    spelled = r"[ .]?".join(re.escape(letter) for letter in key.casefold())
    digits = r"\d{3,}|(?:\d(?:[ -]\d)+|\d{1,2} \d{2}|\d{1,2})(?! \d)"
    return re.compile(rf"(?<![\w-]){spelled}(?: (?:dash|hyphen|number|ticket|issue))* ?-? ?({digits})(?![\w.-])")
