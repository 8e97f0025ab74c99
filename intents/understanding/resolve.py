"""From a reading to a request's slots: names are checked, the context is asked, what is missing is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby

from intents.context import Context
from intents.understanding.catalogue import Catalogue, NoSuchName
from intents.understanding.examples import Examples
from intents.understanding.slots import Between, Named, Shaped, Slot
from intents.understanding.templates import Reading, Twice, Unknown

MOST_UNLIKE = 2
"""Words that could be one name that nothing here resembles."""


@dataclass(frozen=True)
class Refusal:
    """Why a reading is no request."""

    because: str
    nearest: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unread: bool = False
    """Whether it is only that the names could not be read."""
    slot: str | None = None
    """The slot whose value is wrong."""
    instead: list[str] = field(default_factory=list)
    """What could stand in that slot, best first."""


class Resolving:
    """Checks readings against the names that exist."""

    def __init__(self, catalogue: Catalogue, examples: Examples) -> None:
        self._catalogue = catalogue
        self._examples = examples

    def resolve(self, reading: Reading, context: Context) -> object | Refusal:
        """The request's slots as an instance of its dataclass, or why there are none."""
        slots = reading.intent.speakable
        said = dict(reading.slots)
        values: dict[str, object] = self._from_context(slots, context) | said
        missing = missing_in(reading)
        for name, value in said.items():
            problem = self._problem(slots[name], value, values, slots)
            if problem is not None:
                because, instead = problem
                corrected = [self.example(reading, {name: each}) for each in instead]
                unread = _named_in(slots[name], value) in self._catalogue.unread
                return Refusal(because, corrected, missing, unread, name, instead)
        if missing:
            return Refusal(" ".join(slots[name].question for name in missing), [self.example(reading)], missing)
        complete: object = reading.intent.slots(**values)
        return complete

    def example(self, reading: Reading, instead: Mapping[str, str] | None = None) -> str:
        """The reading as a sentence, some slots replaced; slots that are not said stand as `<replicas>`."""
        values = {name: value for name, value in reading.slots if not isinstance(value, Unknown)} | dict(instead or {})
        return self._examples.filled(reading.intent, {name: str(value) for name, value in values.items()})

    def likely(self, readings: Iterable[Reading]) -> Iterator[Reading]:
        """The readings that could be meant, best first: least missing, least unknown, least unlike any name.

        Comparing words with every name takes longest, so it is put off until a reading's turn comes.
        """
        like: dict[tuple[str, str], bool] = {}

        def unlike(reading: Reading) -> int:
            """How many words of the longest name that nothing resembles."""
            return max(
                (len(text.split()) for kind, text in strange_names(reading) if not is_like(kind, text)), default=0
            )

        def is_like(kind: str, text: str) -> bool:
            if (kind, text) not in like:
                like[kind, text] = kind in self._catalogue.unread or bool(self._catalogue.nearest(kind, text))
            return like[kind, text]

        for _, equals in groupby(sorted(readings, key=faults), key=faults):
            yield from sorted(
                (each for each in equals if unlike(each) <= MOST_UNLIKE),
                key=lambda each: (
                    unlike(each) > 0,
                    sum(len(said.text.split()) for said in each.unknown.values()),
                    -each.literal,
                ),
            )

    def _problem(
        self, slot: Slot, value: object, values: Mapping[str, object], slots: Mapping[str, Slot]
    ) -> tuple[str, list[str]] | None:
        """What is wrong with a slot's value, and what could stand there instead; None when nothing is."""
        if isinstance(value, Twice):
            return f"I cannot tell which {slot.name.replace('_', ' ')} is meant, {value.text}.", []
        match slot.mark:
            case Named(kind, within):
                place = None if within is None else values.get(within, slots[within].default)
                known_place = place if isinstance(place, str) else None
                name = value.text if isinstance(value, Unknown) else str(value)
                try:
                    self._catalogue.check(kind, name, known_place)
                except NoSuchName as error:
                    return self._said(error), error.instead or ([name] if kind in self._catalogue.unread else [])
            case Between(low, high):
                if isinstance(value, Unknown):
                    return f"{_titled(slot)} must be a whole number from {low} to {high}, not {value.text!r}.", []
            case Shaped(example=example):
                if isinstance(value, Unknown):
                    return f"{_titled(slot)} must look like {example}, not {value.text!r}.", []
                try:
                    self._check_beginning(slot.mark, str(value))
                except NoSuchName as error:
                    return self._said(error), []
        return None

    def _said(self, error: NoSuchName) -> str:
        """What is wrong with a name; where the names could not be read, nothing is claimed about what exists."""
        unread = self._catalogue.unread.get(error.kind)
        if unread is None:
            return str(error)
        article = "an" if error.kind[0] in "aeiou" else "a"
        where = f" in {error.place}" if error.place else ""
        return f"It is not known whether there is {article} {error.kind} {error.name!r}{where}: {unread}"

    def _check_beginning(self, mark: Shaped, value: str) -> None:
        """Check the name before the hyphen, as far as such names are known."""
        if mark.begins_with is not None and self._catalogue.all(mark.begins_with):
            self._catalogue.check(mark.begins_with, value.split("-")[0])

    def _from_context(self, slots: Mapping[str, Slot], context: Context) -> dict[str, object]:
        """What the context says for the slots: of the right shape, and for a ticket of a project that exists."""
        found: dict[str, object] = {}
        for name, slot in slots.items():
            if isinstance(slot.mark, Shaped) and slot.mark.from_context is not None:
                value: str | None = getattr(context, slot.mark.from_context)
                if value is not None and re.fullmatch(slot.mark.pattern, value):
                    with suppress(NoSuchName):
                        self._check_beginning(slot.mark, value)
                        found[name] = value
        return found


def missing_in(reading: Reading) -> list[str]:
    """The slots that the request requires and the reading does not say."""
    said = dict(reading.slots)
    return [name for name, slot in reading.intent.speakable.items() if slot.required and name not in said]


def strange_names(reading: Reading) -> list[tuple[str, str]]:
    """Kind and words of each name that the reading could not make out."""
    marks = {name: slot.mark for name, slot in reading.intent.speakable.items()}
    return [(mark.kind, said.text) for name, said in reading.unknown.items() if isinstance(mark := marks[name], Named)]


def faults(reading: Reading) -> tuple[int, int, int]:
    """What is wrong with a reading, the worst first: slots missing, slots unknown, names among them."""
    return len(missing_in(reading)), len(reading.unknown), len(strange_names(reading))


def _named_in(slot: Slot, value: object) -> str | None:
    """The kind of name that a slot's value is looked up as; None where its shape alone is looked at."""
    match slot.mark:
        case Named(kind):
            return kind
        case Shaped(begins_with=kind) if not isinstance(value, Unknown):
            return kind
    return None


def _titled(slot: Slot) -> str:
    return slot.name.replace("_", " ").capitalize()
