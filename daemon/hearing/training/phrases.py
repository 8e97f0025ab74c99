"""What is said while a word is learnt: the word as people pronounce it, what sounds almost like it, and the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from random import Random

Phonemes: TypeAlias = tuple[str, ...]
"""The sounds of a text, in the letters of the phonetic alphabet, long ones in one piece."""

PRONOUNCED = {"devos": ("dev O S", "dev oss", "devoss")}
"""Names that a synthesiser gets wrong → how people say them."""

WITHIN = {
    "devos": (
        "the devs are over there, and the ops are in the other room", "every dev asks for more of us",
        "a dev's office has a device or two", "they have us on the list of devices",
    )
}  # fmt: skip
"""The same names → sentences that come close to them."""

VOWELS = "aeiou"

NEIGHBOURS = {
    "b": "pdv", "c": "gk", "d": "tbg", "f": "vp", "g": "kd", "h": "", "j": "gz", "k": "gt", "l": "rw", "m": "nb",
    "n": "ml", "p": "bt", "q": "k", "r": "lw", "s": "zf", "t": "dk", "v": "bfw", "w": "vr", "x": "s", "y": "j",
    "z": "s",
}  # fmt: skip
"""Consonants → those that are heard in their place."""

GREETED = (
    "David", "Dave", "boss", "there", "guys", "everybody", "Siri", "Google", "Jarvis", "Jervis", "Travis", "Davis",
    "doctor", "Debbie", "devil", "devs", "Dave us", "look", "wait", "listen", "dude", "team", "developers", "Doris",
)  # fmt: skip
"""Who and what else is called, after the same greeting."""

ASKED = (
    "scale the web app deployment to ten replicas and monitor the rollout",
    "scale checkout to four replicas in staging",
    "deploy the user authentication service to production using CDK and create a change request",
    "deploy the notification service to staging and tell the team in Teams",
    "analyze the performance issue on the payment service and create a ticket with the findings",
    "create a Jira ticket for the login bug and assign it to me",
    "review pull request forty two and merge it when the checks are green",
    "what is the status of dev four five six",
    "move dev seven eight nine to in progress",
    "roll back the analytics service to the last release",
    "show me the error rate of checkout in the last hour",
    "open the dashboard and freeze every change",
    "send the release notes to Northbridge Construction",
    "generate unit tests for the payment module and run them",
    "who approved the last change in production",
    "approve tango seven because it was tested",
)
"""Ordinary requests."""

_WHO = ("I", "we", "they", "she", "he", "the manager", "my neighbour", "a colleague", "the customer", "nobody")
_WILL = ("will", "could", "should", "did not", "would", "has to", "never wanted to", "might", "used to", "forgot to")
_DO = (
    "read", "write", "move", "open", "check", "forget", "paint", "deploy", "review", "cancel", "measure", "sell",
    "borrow", "repair", "describe", "answer", "watch", "develop", "discuss", "divide", "have a look at", "visit",
)  # fmt: skip
_WHAT = (
    "the old house", "seven letters", "a change request", "the database", "our oldest device", "her favourite song",
    "a heavy box", "every window", "that invoice", "the pods in staging", "two hundred pages", "the garden",
    "this evening's news", "the service", "his bicycle", "a divorce", "the office", "half of the boxes", "the harvest",
)  # fmt: skip
_WHEN = (
    "before lunch", "on Wednesday", "in the morning", "as soon as possible", "with all of us", "without a reason",
    "at eleven thirty", "because of the weather", "for the third time", "over the weekend", "in the kitchen", "again",
)  # fmt: skip


def pronunciations(word: str, more: Sequence[str] = ()) -> list[str]:
    """How the word is given to synthesisers: what the person says it sounds like, or else by what is known of it."""
    if more:
        return list(dict.fromkeys(more))
    found = [word]
    for name, ways in PRONOUNCED.items():
        found = [
            re.sub(rf"\b{name}\b", way, each)
            for each in found
            for way in (ways if re.search(rf"\b{name}\b", each) else (name,))
        ]
    return list(dict.fromkeys(found))


def sentences(random: Random) -> Iterator[str]:
    """Sentences in which the word is not said, without end: requests, and whatever else people talk about."""
    while True:
        if random.random() < 0.3:
            yield random.choice(ASKED)
        else:
            yield " ".join(random.choice(each) for each in (_WHO, _WILL, _DO, _WHAT, _WHEN))


Pronounce: TypeAlias = Callable[[Sequence[str]], list[Phonemes]]
"""Tells how texts are pronounced, sound by sound (`voices.phonemes`)."""


def natural(word: str, spellings: Sequence[str], pronounce: Pronounce) -> list[str]:
    """What people may well say that begins or ends like the word: its parts, and other names after its greeting."""
    candidates = list(dict.fromkeys(each for spelling in spellings for each in _natural(spelling)))
    candidates += [each for name, close in WITHIN.items() if re.search(rf"\b{name}\b", word) for each in close]
    return [text for text, apart in _apart(candidates, pronounce(spellings), pronounce) if apart >= 2]


def confusables(spellings: Sequence[str], random: Random, pronounce: Pronounce, *, most: int = 100) -> list[str]:
    """Words that nobody says, but which sound almost like this one; not those that nobody could tell from it.

    Args:
        spellings: the word's pronunciations.
        random: what decides where there are too many.
        pronounce: tells how texts are pronounced.
        most: how many there may be.
    """
    candidates = list(dict.fromkeys(each for spelling in spellings for each in _edited(spelling)))
    if len(candidates) < 4 * most:  # a short word has few neighbours, but those have neighbours as well
        candidates = list(dict.fromkeys([*candidates, *(other for each in candidates for other in _edited(each))]))
    random.shuffle(candidates)
    ranked = _apart(candidates[: 8 * most], pronounce(spellings), pronounce)
    return [text for text, apart in ranked if 3 <= apart <= 4][:most]


def _apart(texts: Sequence[str], right: Sequence[Phonemes], pronounce: Pronounce) -> Iterator[tuple[str, int]]:
    """Each text and how many sounds it is away from the word; without those in which the word is said."""
    for text, sounds in zip(texts, pronounce(texts), strict=True):
        if sounds and not any(_holds(sounds, each) for each in right):
            yield text, min(_distance(sounds, each) for each in right)


def _natural(phrase: str) -> Iterator[str]:
    """What people may well say: parts of the phrase, and other names after its greeting."""
    words = phrase.lower().split()
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            if end - start < len(words):
                yield " ".join(words[start:end])
    if len(words) > 1:
        yield from (f"{words[0]} {each}" for each in GREETED)


def _edited(phrase: str) -> Iterator[str]:
    """The phrase with one letter of it changed or left out, or with another end."""
    words = phrase.lower().split()
    for index, word in enumerate(words):
        for place, letter in enumerate(word):
            for other in ("", *(VOWELS if letter in VOWELS else NEIGHBOURS.get(letter, ""))):
                if other != letter:
                    yield " ".join([*words[:index], word[:place] + other + word[place + 1 :], *words[index + 1 :]])
        for end in ("s", "t", "n", "er", "ing", "y"):
            yield " ".join([*words[:index], word[:-1] + end, *words[index + 1 :]])


def _holds(whole: Phonemes, part: Phonemes) -> bool:
    """Whether the one is said within the other: then it would be right to hear it there."""
    return any(whole[start : start + len(part)] == part for start in range(len(whole) - len(part) + 1))


def _distance(left: Phonemes, right: Phonemes) -> int:
    """How many sounds have to be changed, added or left out to turn one into the other."""
    row = list(range(len(right) + 1))
    for index, one in enumerate(left, 1):
        corner, row[0] = row[0], index
        for column, other in enumerate(right, 1):
            corner, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, corner + (one != other))
    return row[-1]
