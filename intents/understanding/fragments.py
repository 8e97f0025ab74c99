"""Answers to a question for a slot: "ten", "web-app to ten", "the one in staging" say only what was asked.

A fragment is a text of which every word belongs to a slot of the request that was chosen, or is one that the request's
own sentences contain, or says nothing. Whatever has another word in it is no fragment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from intents.intent import Intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.slots import Between, Named, Shaped, Slot
from intents.understanding.templates import (
    LONGEST_SLOT,
    MOST_UNKNOWN,
    Reading,
    Templates,
    Unknown,
    could_be_slot,
    meanings,
)

MOST_WORDS = 14
"""Words of a fragment; what is longer is a sentence of its own."""
_EMPTY = frozenset(
    ("the", "a", "an", "to", "in", "on", "at", "of", "for", "with", "and", "it", "it's", "its", "that", "from", "is")
) | frozenset(("be", "should", "would", "like", "i", "i'd", "say", "said", "take", "use"))
"""Words that may stand around a slot and change nothing."""
_THE_ONE = re.compile(
    r"\b(the|that) ((?:(?!to\b|is\b|at\b|be\b|with\b|of\b|for\b)[\w-]+ )+?)one(?=[.!?, ]*$)", re.IGNORECASE
)


def without_one(text: str) -> str:
    """A text in which "the web-app one" is the web-app, before words become numbers."""
    return _THE_ONE.sub(lambda found: f"{found[1]} {found[2].strip()}", text)


@dataclass(frozen=True)
class _Part:
    """Words that stand for a slot."""

    slot: str
    text: str
    means: tuple[object, ...]


@dataclass(frozen=True)
class _Cover:
    """One way in which every word of a text has its place."""

    parts: tuple[_Part, ...]
    fillers: int


class Fragments:
    """Reads fragments over the names that exist."""

    def __init__(self, templates: Templates, catalogue: Catalogue) -> None:
        self._templates, self._catalogue = templates, catalogue

    def exact(self, said: str, intent: Intent, known: Mapping[str, object]) -> list[Reading]:
        """Every reading of a fragment in which each word has its place.

        Args:
            said: normalised.
            intent: the request whose slots it fills.
            known: what was said before; the reading holds it too, as far as the fragment says nothing else.
        """
        words = said.split()
        if len(words) > MOST_WORDS:
            return []
        return self._readings(list(self._covers(tuple(words), intent, known, frozenset())), intent, known)

    def near(self, said: str, intent: Intent, known: Mapping[str, object]) -> list[Reading]:
        """Every reading in which one run of words is what a slot cannot read, and each other word has its place."""
        words = tuple(said.split())
        if len(words) > MOST_WORDS:
            return []
        strange = self._strange(words, intent)
        first, last = (min(strange), max(strange)) if strange else (len(words), -1)
        found: list[_Cover] = []
        for start in range(min(first + 1, len(words))):
            for end in range(max(start, last) + 1, min(start + MOST_UNKNOWN, len(words)) + 1):
                run = " ".join(words[start:end])
                if not could_be_slot(run):
                    continue
                for name in _unread(intent, run, known):
                    misheard = _Part(name, run, (Unknown(run),))
                    before = self._covers(words[:start], intent, known, frozenset((name,)))
                    for one in before:
                        used = frozenset((name, *(part.slot for part in one.parts)))
                        for other in self._covers(words[end:], intent, known, used):
                            parts = (*one.parts, misheard, *other.parts)
                            found.append(_Cover(parts, one.fillers + other.fillers))
        return [reading for cover in found for reading in self._readings([cover], intent, known)]

    def means(self, said: str, slot: Slot) -> tuple[object, ...]:
        """What some words mean in one slot, apart from words that say nothing."""
        words = [word for word in said.split() if word not in _EMPTY]
        return meanings(slot.mark, " ".join(words), self._catalogue)

    def _strange(self, words: tuple[str, ...], intent: Intent) -> list[int]:
        """The places of the words that say something and belong to nothing that a slot can read."""
        placed = {at for at, word in enumerate(words) if self._is_filler(word, intent)}
        for start in range(len(words)):
            for end in range(start + 1, min(start + LONGEST_SLOT, len(words)) + 1):
                run = " ".join(words[start:end])
                if any(meanings(slot.mark, run, self._catalogue) for slot in intent.speakable.values()):
                    placed.update(range(start, end))
        return [at for at in range(len(words)) if at not in placed]

    def _is_filler(self, word: str, intent: Intent) -> bool:
        return word in _EMPTY or word in self._templates.literals(intent)

    def _covers(
        self, words: tuple[str, ...], intent: Intent, known: Mapping[str, object], used: frozenset[str]
    ) -> Iterator[_Cover]:
        if not words:
            yield _Cover((), 0)
            return
        for length in range(1, min(LONGEST_SLOT, len(words)) + 1):
            run = " ".join(words[:length])
            for part in self._parts(run, intent, known, used):
                for rest in self._covers(words[length:], intent, known, used | {part.slot}):
                    yield _Cover((part, *rest.parts), rest.fillers)
        if self._is_filler(words[0], intent):
            for rest in self._covers(words[1:], intent, known, used):
                yield _Cover(rest.parts, rest.fillers + 1)

    def _parts(self, run: str, intent: Intent, known: Mapping[str, object], used: frozenset[str]) -> Iterator[_Part]:
        """The slots that the words can stand for: those that are asked for before those that are known already."""
        able = [
            (_rank(slot, known), _Part(name, run, means))
            for name, slot in intent.speakable.items()
            if name not in used and (means := meanings(slot.mark, run, self._catalogue))
        ]
        first = min((rank for rank, _ in able), default=0)
        yield from (part for rank, part in able if rank == first)

    def _readings(self, covers: list[_Cover], intent: Intent, known: Mapping[str, object]) -> list[Reading]:
        """The readings of the covers that leave the fewest words without a slot."""
        said = [cover for cover in covers if cover.parts]
        fewest = min((cover.fillers for cover in said), default=0)
        found: dict[Reading, None] = {}
        for cover in said:
            if cover.fillers > fewest:
                continue
            respelled = any(self._is_respelled(intent.speakable[part.slot], part.text) for part in cover.parts)
            for values in product(*(part.means for part in cover.parts)):
                slots = dict(known) | dict(zip((part.slot for part in cover.parts), values, strict=True))
                found[reading_of(intent, slots, respelled=respelled)] = None
        return list(found)

    def _is_respelled(self, slot: Slot, text: str) -> bool:
        return isinstance(slot.mark, Named) and text not in self._catalogue.forms(slot.mark.kind)


def reading_of(intent: Intent, slots: Mapping[str, object], *, respelled: bool = False) -> Reading:
    """A reading that holds these slots, in their own order."""
    ordered = tuple((name, slots[name]) for name in intent.speakable if slots.get(name) is not None)
    return Reading(intent, ordered, 0, respelled)


def _rank(slot: Slot, known: Mapping[str, object]) -> int:
    if slot.name in known:
        return 2
    return 0 if slot.required else 1


def _unread(intent: Intent, run: str, known: Mapping[str, object]) -> Iterator[str]:
    """The slots in which the words may stand, although they cannot be read there."""
    digits = any(character.isdigit() for character in run)
    name_asked = any(isinstance(slot.mark, Named) and _rank(slot, known) == 0 for slot in intent.speakable.values())
    for name, slot in intent.speakable.items():
        asked = slot.required and name not in known
        match slot.mark:
            case Named():
                likely = not run.replace(" ", "").isdecimal()
            case Between() | Shaped():
                likely = digits or (asked and not name_asked)
        if likely:
            yield name
