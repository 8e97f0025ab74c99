"""From a reading to a request's slots: names checked where they must exist, the context asked, what is missing named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from intents.context import Context
from intents.understanding.catalogue import Catalogue, NoSuchName
from intents.understanding.examples import Examples
from intents.understanding.slots import Between, Named, Shaped, Slot
from intents.understanding.templates import Reading, Unknown

MOST_UNKNOWN = 4
"""Words that could be one misheard name or number; more are another sentence."""
MOST_UNLIKE = 2
"""Words that could be one name that nothing here resembles."""


@dataclass(frozen=True)
class Refusal:
    """Why a reading is no request."""

    because: str
    nearest: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class Resolving:
    """Checks readings against the names that exist."""

    def __init__(self, catalogue: Catalogue, examples: Examples) -> None:
        self._catalogue = catalogue
        self._examples = examples

    def resolve(self, reading: Reading, context: Context) -> object | Refusal:
        """The request's slots as an instance of its dataclass, or why there are none."""
        slots = reading.intent.speakable
        said = dict(reading.slots)
        filled = {
            name: value for name, slot in slots.items() if (value := self._from_context(slot, context)) is not None
        }
        values = filled | said
        missing = missing_in(reading)
        for name, value in said.items():
            problem = self._problem(slots[name], value, values, slots)
            if problem is not None:
                because, instead = problem
                corrected = [self.example(reading, {name: each}) for each in instead]
                return Refusal(because, corrected, missing)
        if missing:
            return Refusal(" ".join(slots[name].question for name in missing), [self.example(reading)], missing)
        complete: object = reading.intent.slots(**values)
        return complete

    def example(self, reading: Reading, instead: Mapping[str, str] | None = None) -> str:
        """The reading as a sentence, some slots replaced; slots that are not said stand as `<replicas>`."""
        values = {name: value for name, value in reading.slots if not isinstance(value, Unknown)} | dict(instead or {})
        return self._examples.filled(reading.intent, {name: str(value) for name, value in values.items()})

    def is_plausible(self, reading: Reading) -> bool:
        """Whether the words that a slot cannot read could still be meant for it."""
        return all(self._could_be(reading.intent.speakable[name], each) for name, each in reading.unknown.items())

    def _could_be(self, slot: Slot, unknown: Unknown) -> bool:
        words = len(unknown.text.split())
        if isinstance(slot.mark, Named) and words > MOST_UNLIKE:
            return words <= MOST_UNKNOWN and bool(self._catalogue.nearest(slot.mark.kind, unknown.text))
        return words <= MOST_UNKNOWN

    def _problem(
        self, slot: Slot, value: object, values: Mapping[str, object], slots: Mapping[str, Slot]
    ) -> tuple[str, list[str]] | None:
        """What is wrong with a slot's value, and what could stand there instead; None when nothing is."""
        match slot.mark:
            case Named(kind, within):
                place = None if within is None else values.get(within, slots[within].default)
                known_place = place if isinstance(place, str) else None
                name = value.text if isinstance(value, Unknown) else str(value)
                try:
                    self._catalogue.check(kind, name, known_place)
                except NoSuchName as error:
                    return str(error), error.nearest
            case Between(low, high):
                if isinstance(value, Unknown):
                    return f"{_titled(slot)} must be a whole number from {low} to {high}, not {value.text!r}.", []
            case Shaped(example=example):
                if isinstance(value, Unknown):
                    return f"{_titled(slot)} must look like {example}, not {value.text!r}.", []
        return None

    def _from_context(self, slot: Slot, context: Context) -> str | None:
        """What the context says for a slot: of the right shape, and for a ticket of a project that exists."""
        if not isinstance(slot.mark, Shaped) or slot.mark.from_context is None:
            return None
        value: str | None = getattr(context, slot.mark.from_context)
        if value is None or re.fullmatch(slot.mark.pattern, value) is None:
            return None
        projects = self._catalogue.all("project")
        return value if not projects or value.split("-")[0] in projects else None


def missing_in(reading: Reading) -> list[str]:
    """The slots that the request requires and the reading does not say."""
    said = dict(reading.slots)
    return [name for name, slot in reading.intent.speakable.items() if slot.required and name not in said]


def rank(reading: Reading) -> tuple[int, int, int, int]:
    """The readings in order, best first: the least missing, then the least unknown, then the most fixed words."""
    unknown = reading.unknown.values()
    words = sum(len(each.text.split()) for each in unknown)
    return len(missing_in(reading)), len(unknown), words, -reading.literal


def _titled(slot: Slot) -> str:
    return slot.name.replace("_", " ").capitalize()
