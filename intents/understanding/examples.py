"""Sentences filled in for the person to read: what a text could have meant, and what can be asked for at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hassil.expression import Alternative, Expression, Group, ListReference, RuleReference, TextChunk
from hassil.intents import IntentData
from rapidfuzz import fuzz

from intents.intent import Intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.slots import Between, Named, Slot
from intents.understanding.templates import Templates

ALIKE_FROM = 50.0
"""Example and text share about half their words; below, an example is no help."""


class Examples:
    """Example sentences of some requests, with names that exist."""

    def __init__(self, templates: Templates, catalogue: Catalogue) -> None:
        self._templates = templates
        self._general = {
            each.name: self.filled(
                each, {slot.name: _sample(slot, catalogue) for slot in each.speakable.values() if slot.required}
            )
            for each in templates.intents.values()
        }

    def filled(self, intent: Intent, values: Mapping[str, str]) -> str:
        """The request's first template that says exactly these slots, filled in.

        Slots that are required and not given stand as `<replicas>`.
        """
        wanted = dict(values) | {
            name: f"<{name}>" for name, slot in intent.speakable.items() if slot.required and name not in values
        }
        parsed = self._templates.parsed(intent)
        filled = [_fill(sentence.expression, wanted, parsed) for sentence in parsed.sentences]
        complete = (" ".join(text.split()) for text, said in filter(None, filled) if said == set(wanted))
        return next(complete, intent.sentences[0])

    def alike(self, text: str, most: int = 3) -> list[str]:
        """The examples most like a text, best first; none when nothing is like it."""
        scored = ((fuzz.token_set_ratio(text, example), example) for example in self._general.values())
        near = sorted((each for each in scored if each[0] >= ALIKE_FROM), key=lambda each: -each[0])
        return [example for _, example in near[:most]]


def _sample(slot: Slot, catalogue: Catalogue) -> str:
    """Something that can be said in a slot."""
    match slot.mark:
        case Named(kind):
            return next(iter(catalogue.all(kind)), f"<{slot.name}>")
        case Between(low, high):
            return str(min(high, low + 3))
        case shaped:
            return shaped.example


def _fill(part: Expression, values: Mapping[str, str], parsed: IntentData) -> tuple[str, set[str]] | None:
    """A part of a template as text, with the slots it says; None when it needs a slot that has no value."""
    match part:
        case TextChunk(text=text):
            return text, set()
        case ListReference():
            return (values[part.slot_name], {part.slot_name}) if part.slot_name in values else None
        case RuleReference(rule_name=name):
            return _fill(parsed.expansion_rules[name].expression, values, parsed)
        case Alternative(items=items):
            return _choose(list(_each(items, values, parsed)), part.is_optional)
        case Group(items=items):
            filled = [_fill(item, values, parsed) for item in items]
            whole = [each for each in filled if each is not None]
            return (
                ("".join(text for text, _ in whole), set().union(*(said for _, said in whole)))
                if len(whole) == len(filled)
                else None
            )
    raise AssertionError(f"a template cannot contain {part!r}")


def _each(items: Sequence[Expression], values: Mapping[str, str], parsed: IntentData) -> Iterator[tuple[str, set[str]]]:
    """The alternatives that can be filled in."""
    return (filled for item in items if (filled := _fill(item, values, parsed)) is not None)


def _choose(filled: Sequence[tuple[str, set[str]]], optional: bool) -> tuple[str, set[str]] | None:
    """The alternative that says the most slots; one that says none is left out where it may be."""
    best = max(filled, key=lambda each: len(each[1]), default=None)
    return ("", set()) if optional and (best is None or not best[1]) else best
