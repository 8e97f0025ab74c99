"""The sentences of every request, as hassil templates, and all the ways one text can be read by them.

Slots are matched against the text's own words: every run of words that means something to a slot (a name the
catalogue has, a whole number within bounds, a text of the right shape) becomes an entry of that slot's list. So a
catalogue of any size costs nothing to compile, a number is read exactly, and a second look can let any words stand in
a slot, to say what is wrong with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from hassil.expression import Expression, Group, RuleReference, TextChunk
from hassil.intents import Intent as SentenceGroup
from hassil.intents import IntentData, Intents, SlotList, TextSlotList, TextSlotValue
from hassil.models import MatchEntity
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError
from hassil.recognize import recognize_all

from intents.intent import Intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.sentences import SentenceError
from intents.understanding.slots import Between, Mark, Named, Shaped

LONGEST_SLOT = 6
"""Words one slot may take."""
MOST_UNKNOWN = 4
"""Words that could be one misheard name or number; more are another sentence."""
MOST_WORDS = 40
"""Words of a text that is looked at twice; a longer one is no near miss of a request."""
_GRAMMAR = re.compile(r"a|an|and|at|by|do|does|for|from|have|in|is|of|on|or|the|to|using|with")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Unknown:
    """Words that stand where a slot is, and that the slot cannot read."""

    text: str


@dataclass(frozen=True)
class Twice(Unknown):
    """What is said twice in one sentence, and not the same: "the staging checkout … in production"."""


@dataclass(frozen=True)
class Reading:
    """One way to read a text."""

    intent: Intent
    slots: tuple[tuple[str, object], ...]
    """Slot and value, in the slots' own order; a value that could not be read is `Unknown`."""
    literal: int
    """Letters of the text that the template itself contains: the more, the surer."""
    respelled: bool
    """Whether a name was written in a way nobody says it, and is the same only without spaces and hyphens."""

    @property
    def unknown(self) -> dict[str, Unknown]:
        """The slots that could not be read."""
        return {name: value for name, value in self.slots if isinstance(value, Unknown)}


class Templates:
    """The templates of some requests, parsed once.

    Raises:
        SentenceError: a template cannot be parsed.
    """

    def __init__(self, intents: Sequence[Intent]) -> None:
        self.intents = {each.name: each for each in intents}
        self._lists: dict[Mark, str] = {}
        """The name of the list that a kind of slot reads from; requests with the same kind share it."""
        groups = {each.name: SentenceGroup(each.name, [self._parsed(each)]) for each in intents}
        self._compiled = Intents("en", groups)
        self._literals = {each.name: frozenset(self._words(each)) for each in intents}

    def parsed(self, intent: Intent) -> IntentData:
        """The parsed templates of one request, its rules with them."""
        return self._compiled.intents[intent.name].data[0]

    def literals(self, intent: Intent) -> frozenset[str]:
        """The words that the request's own templates contain besides its slots."""
        return self._literals[intent.name]

    def _words(self, intent: Intent) -> Iterator[str]:
        parsed = self.parsed(intent)
        for sentence in parsed.sentences:
            yield from _words_in(sentence.expression, parsed)

    def exact(self, text: str, catalogue: Catalogue) -> list[Reading]:
        """Every reading in which each slot holds what it can hold."""
        return self._readings(text, catalogue, lambda said: ())

    def near(self, text: str, catalogue: Catalogue) -> list[Reading]:
        """Every reading in which any words may stand in a slot; what the slot cannot read is `Unknown`."""
        if len(text.split()) > MOST_WORDS:
            return []
        return self._readings(text, catalogue, lambda said: (Unknown(said),) if could_be_slot(said) else ())

    def _readings(
        self, text: str, catalogue: Catalogue, otherwise: Callable[[str], tuple[object, ...]]
    ) -> list[Reading]:
        runs = list(dict.fromkeys(_runs(text.split())))
        lists: dict[str, SlotList] = {}
        for mark, key in self._lists.items():
            meant = ((run, meanings(mark, run, catalogue) or otherwise(run)) for run in runs)
            lists[key] = TextSlotList(
                key, [TextSlotValue(TextChunk(_joined(run)), (run, each)) for run, each in meant if each]
            )
        found: dict[Reading, None] = {}
        for result in recognize_all(_joined(text), self._compiled, lists):
            intent = self.intents[result.intent.name]
            said: dict[str, tuple[str, tuple[object, ...]]] = {each.name: each.value for each in result.entities_list}
            for name, text in _contradictions(result.entities_list).items():
                said[name] = (text, (Twice(text),))
            names = [name for name in intent.speakable if name in said]
            respelled = any(_is_respelled(intent.speakable[name].mark, said[name][0], catalogue) for name in names)
            for values in product(*(said[name][1] for name in names)):
                slots = tuple(zip(names, values, strict=True))
                found[Reading(intent, slots, result.text_chunks_matched, respelled)] = None
        return list(found)

    def _parsed(self, intent: Intent) -> IntentData:
        """Parse a request's templates, each slot tied to the list of its kind."""

        def tied(text: str) -> str:
            text = _joined(text)
            return re.sub(
                r"\{(\w+)\}", lambda found: f"{{{self._list_of(intent.speakable[found[1]].mark)}:{found[1]}}}", text
            )

        try:
            rules = {name: parse_sentence(tied(text)) for name, text in intent.rules.items()}
            data = IntentData([tied(text) for text in (*intent.sentences, *intent.variants)], expansion_rules=rules)
            _ = data.sentences  # parses them, now rather than at the first request
        except ParseError as error:
            raise SentenceError(f"{intent.name}: a template cannot be read: {error}") from error
        return data

    def _list_of(self, mark: Mark) -> str:
        return self._lists.setdefault(mark, f"kind_{len(self._lists)}")


def meanings(mark: Mark, said: str, catalogue: Catalogue) -> tuple[object, ...]:
    """What some words can mean in a slot: nothing, one value, or several names that are said the same."""
    match mark:
        case Named(kind):
            return catalogue.forms(kind).get(said, ()) or catalogue.read(kind, said)
        case Between(low, high):
            whole = _NUMBER.fullmatch(said) is not None and low <= int(said) <= high
            return (int(said),) if whole else ()
        case Shaped(pattern):
            return (said,) if re.fullmatch(pattern, said) else ()


def could_be_slot(said: str) -> bool:
    """Whether words that mean nothing to a slot may stand in it all the same: few, and not cut at a word of grammar."""
    words = said.split()
    return len(words) <= MOST_UNKNOWN and not any(_GRAMMAR.fullmatch(each) for each in (words[0], words[-1]))


def _contradictions(said: Sequence[MatchEntity]) -> dict[str, str]:
    """The slots that are said twice, and not the same, with the words of both."""
    first: dict[str, MatchEntity] = {}
    return {
        each.name: f"{before.value[0]} or {each.value[0]}"
        for each in said
        if (before := first.setdefault(each.name, each)).value[1] != each.value[1]
    }


def _words_in(part: Expression, parsed: IntentData) -> Iterator[str]:
    """The literal words of a part of a template."""
    match part:
        case TextChunk(text=text):
            yield from text.replace("~", "-").split()
        case RuleReference(rule_name=name):
            yield from _words_in(parsed.expansion_rules[name].expression, parsed)
        case Group(items=items):
            for item in items:
                yield from _words_in(item, parsed)


def _joined(text: str) -> str:
    """The text with its hyphens as letters, since hassil tries each slot twice where a hyphen follows."""
    return text.replace("-", "~")


def _runs(words: Sequence[str]) -> Iterator[str]:
    """Every run of up to `LONGEST_SLOT` words."""
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST_SLOT, len(words)) + 1):
            yield " ".join(words[start:end])


def _is_respelled(mark: Mark, said: str, catalogue: Catalogue) -> bool:
    """Whether a name's words are none of the forms it is said in."""
    return isinstance(mark, Named) and said not in catalogue.forms(mark.kind)
