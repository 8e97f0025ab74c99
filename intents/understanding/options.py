"""What an unsure sentence could have meant, and the answer of a person who is asked which."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from intents.intent import Intent
from intents.understanding.catalogue import spoken, squashed
from policies.action import Json

_PLACES: Mapping[str, int] = {
    "first": 0,
    "1st": 0,
    "former": 0,
    "second": 1,
    "2nd": 1,
    "latter": 1,
    "third": 2,
    "3rd": 2,
    "last": -1,
}
_NUMBERS: Mapping[str, int] = {"one": 0, "1": 0, "two": 1, "2": 1, "three": 2, "3": 2}
_YES = frozenset(
    ("yes", "yeah", "yep", "yup", "sure", "correct", "right", "exactly", "yes i do", "that one", "that's it")
)
_AROUND = re.compile(
    r"^(?:(?:i mean|i meant|i said|it's|that's|the|take|um|uh|er|no|please|make it|yes|yeah)\b[\s,]*)+|"
    r"[\s,]*\b(?:please|one|option|of course)$"
)


@dataclass(frozen=True)
class Option:
    """One thing that a sentence could have meant."""

    label: str
    """What tells it from the others: "web-api", or the whole sentence."""
    example: str
    """The sentence that says exactly this."""
    intent: Intent
    known: Mapping[str, Json]
    """Its slots as JSON, as far as they are known."""


def labelled(found: Sequence[tuple[str, Intent, Mapping[str, Json]]]) -> tuple[Option, ...]:
    """Options from their sentence, request and slots, each called by what tells it from the others."""
    requests = {intent.name for _, intent, _ in found}
    names = list(dict.fromkeys(name for _, _, known in found for name in known))
    differing = [name for name in names if len({known.get(name) for _, _, known in found}) > 1]
    told = differing[0] if len(requests) == 1 and len(differing) == 1 else None
    return tuple(
        Option(str(known[told]) if told is not None and told in known else example, example, intent, known)
        for example, intent, known in found
    )


def question(options: Sequence[Option]) -> str:
    """The question which one is meant: "Do you mean web-app or web-api?"."""
    return f"Do you mean {' or '.join(option.label for option in options)}?"


def choose(text: str, options: Sequence[Option]) -> Option | None:
    """The option that an answer names, by its place or its label; None where it names none, or several."""
    at = pick(text, [(option.label, option.example) for option in options])
    return None if at is None else options[at]


def pick(text: str, labels: Sequence[Sequence[str]]) -> int | None:
    """Which of several things an answer names: "the second one", or one of the labels that each of them has."""
    said = " ".join(re.sub(r"[^\w\s'-]", " ", text.casefold()).split())
    if len(labels) == 1 and said in _YES:
        return 0
    place = _place(said, numbered=not any(each.isdecimal() for several in labels for each in several))
    if place is not None:
        return place % len(labels) if -len(labels) <= place < len(labels) else None
    bare = squashed(_stripped(said))
    named = [at for at, several in enumerate(labels) if bare and bare in _forms(several)]
    return named[0] if len(named) == 1 else None


def _place(said: str, *, numbered: bool) -> int | None:
    """Which one is meant by "the second one", "number two" or "the latter"."""
    found = re.fullmatch(
        r"(?:(?:i mean|i meant|take|it's|yes|um|uh|the|number|option)\s+)*(\w+)(?:\s+(?:one|option))?", said
    )
    if found is None:
        return None
    return _PLACES.get(found[1], _NUMBERS.get(found[1]) if numbered else None)


def _stripped(said: str) -> str:
    before = ""
    while before != said:
        before, said = said, _AROUND.sub("", said).strip()
    return said


def _forms(labels: Sequence[str]) -> set[str]:
    return {squashed(form) for label in labels for form in (label, *spoken(label))}
