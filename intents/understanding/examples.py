"""Sentences filled in for the person to read: what a text could have meant, and what can be asked for at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

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
        self._catalogue = catalogue

    @cached_property
    def _general(self) -> dict[str, str]:
        """One example of each request."""
        return {
            each.name: self.filled(
                each, {slot.name: _sample(slot, self._catalogue) for slot in each.speakable.values() if slot.required}
            )
            for each in self._templates.intents.values()
        }

    def filled(self, intent: Intent, values: Mapping[str, str]) -> str:
        """The request's first template that says exactly these slots, filled in.

        Slots that are required and not given stand as `<replicas>`.
        """
        wanted = dict(values) | {
            name: f"<{name}>" for name, slot in intent.speakable.items() if slot.required and name not in values
        }
        parsed = self._templates.parsed(intent)
        filled = (_fill(sentence.expression, wanted, parsed, frozenset()) for sentence in parsed.sentences)
        complete = (" ".join(each.text.split()) for each in filled if each is not None and each.said == set(wanted))
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


@dataclass(frozen=True)
class _Filled:
    """Part of a template as text."""

    text: str
    said: frozenset[str]
    """The slots said so far, in this part and those before it."""


def _fill(part: Expression, values: Mapping[str, str], parsed: IntentData, before: frozenset[str]) -> _Filled | None:
    """Fill in a part of a template that comes after others; None when it needs a slot that has no value."""
    match part:
        case TextChunk(text=text):
            return _Filled(text, before)
        case ListReference(slot_name=name):
            return _Filled(values[name], before | {name}) if name in values else None
        case RuleReference(rule_name=name):
            return _fill(parsed.expansion_rules[name].expression, values, parsed, before)
        case Alternative(items=items, is_optional=optional):
            return _choose([_fill(item, values, parsed, before) for item in items], before, optional)
        case Group(items=items):
            return _join(items, values, parsed, before)
    raise AssertionError(f"a template cannot contain {part!r}")


def _choose(options: Sequence[_Filled | None], before: frozenset[str], optional: bool) -> _Filled | None:
    """The option that says the most slots; what may be left out is, unless it says one that nothing before it said."""
    best = max(filter(None, options), key=lambda each: len(each.said), default=None)
    return _Filled("", before) if optional and (best is None or best.said == before) else best


def _join(
    items: Sequence[Expression], values: Mapping[str, str], parsed: IntentData, before: frozenset[str]
) -> _Filled | None:
    """The parts one after another."""
    whole = _Filled("", before)
    for item in items:
        filled = _fill(item, values, parsed, whole.said)
        if filled is None:
            return None
        whole = _Filled(whole.text + filled.text, filled.said)
    return whole
