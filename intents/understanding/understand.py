"""From a sentence to a request with checked slots, or to a clear answer why not.

Stages: normalise → templates. A text is understood only when exactly one reading fits a template whole and every name
in it exists. What merely comes near is answered with what it could have meant, never carried out. Where a request is
chosen already, by its key or because a slot of it was asked for, a fragment says enough: "web-app to ten", "staging".
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from intents.context import Context
from intents.intent import Intent, Tier
from intents.understanding.catalogue import Catalogue
from intents.understanding.correcting import Correction, corrections
from intents.understanding.examples import Examples
from intents.understanding.fragments import Fragments, reading_of, without_one
from intents.understanding.normalise import TooLong, normalise
from intents.understanding.options import Option, labelled
from intents.understanding.resolve import Refusal, Resolving, faults
from intents.understanding.templates import Reading, Templates, Twice, Unknown
from policies.action import Json

_NEGATED = re.compile(r"\b(?:not|never|\w+n't|dont|no|cancel|stop|abort|without|nothing)\b")
_CERTAIN, _RESPELLED = 1.0, 0.95
_SPOKEN = ("voice", "file", "hotkey")


@dataclass(frozen=True)
class Understood:
    """A request, complete and checked."""

    intent: Intent
    slots: object
    """An instance of the intent's dataclass."""
    tier: Tier
    confidence: float
    """From 0 to 1: 1.0 when each word was one of a template or a name as people say it."""
    stage: str
    ms: float
    """How long understanding took, in milliseconds."""

    @property
    def known(self) -> dict[str, Json]:
        """The slots that have a value, as JSON: what a correction of this request starts from."""
        return {name: value for name, value in self.intent.slots_to_json(self.slots).items() if value is not None}


@dataclass(frozen=True)
class NotUnderstood:
    """No request, and why."""

    text: str
    because: str
    """One sentence for the person."""
    nearest: list[str] = field(default_factory=list)
    """Sentences that it could have meant, best first."""
    missing: list[str] = field(default_factory=list)
    """Slots that must still be said."""
    unread: bool = False
    """Whether it is only that the names could not be read; the sentence itself may be right."""
    stage: str = "template"
    ms: float = 0.0
    intent: Intent | None = None
    """The request that it would be, where that much is clear; an answer can complete it."""
    known: Mapping[str, Json] = field(default_factory=dict)
    """The slots of that request that were said and can be read, as JSON."""
    options: tuple[Option, ...] = ()
    """What it could have meant, to choose from."""
    asks: bool = False
    """Whether everything that was said is understood, so that nothing but `missing` stands in the way."""


class Understanding:
    """Understands the sentences of some requests, over the names that exist."""

    def __init__(self, intents: Sequence[Intent], catalogue: Catalogue) -> None:
        self._begin(Templates(intents), catalogue)

    def _begin(self, templates: Templates, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._templates = templates
        self._examples = Examples(templates, catalogue)
        self._resolving = Resolving(catalogue, self._examples)
        self._fragments = Fragments(templates, catalogue)
        self._projects = catalogue.all("project")

    def with_catalogue(self, catalogue: Catalogue) -> Understanding:
        """The same requests over other names; cheap, because the templates stay parsed."""
        other = Understanding.__new__(Understanding)
        other._begin(self._templates, catalogue)
        return other

    def understand(
        self,
        text: str,
        context: Context,
        *,
        channel: str,
        chosen: Intent | None = None,
        known: Mapping[str, Json] | None = None,
    ) -> Understood | NotUnderstood:
        """Understand one sentence.

        Args:
            text: as typed or transcribed; with a request chosen it may be empty, and says nothing besides `known`.
            context: fills slots that were not said and that may come from it.
            channel: how the sentence arrived (voice, file, typed, hotkey, web), so that the answer can speak of
                hearing or of reading.
            chosen: the request that this is about, by its key or since more was asked about it. A sentence that says
                another request whole is still that one.
            known: slots of the chosen request that were said before, as JSON; null for one whose value was rejected, so
                that its default does not do either. What is said now stands instead.
        """
        started = time.perf_counter()
        took = "heard" if channel in _SPOKEN else "read"
        if chosen is None:
            answer = self._understand(text, context, took)
        else:
            before = {
                name: value
                for name, value in (known or {}).items()
                if (slot := chosen.speakable.get(name)) and (value is not None or slot.default is not None)
            }
            answer = self._complete(text, context, took, chosen, before)
            if isinstance(answer, NotUnderstood) and answer.intent is chosen:
                rejected = {name: None for name in before if before[name] is None and name not in answer.known}
                answer = dataclasses.replace(answer, known={**answer.known, **rejected})
        return dataclasses.replace(answer, ms=(time.perf_counter() - started) * 1000)

    def _understand(self, text: str, context: Context, took: str) -> Understood | NotUnderstood:
        try:
            said = normalise(text, self._projects)
        except TooLong as error:
            return NotUnderstood(text[:80], str(error))
        if not said:
            return NotUnderstood(text, f"I {took} nothing that asks for something.")
        exact = self._templates.exact(said, self.catalogue)
        return self._settle(text, exact, context) if exact else self._near(text, said, context, took)

    def _near(self, text: str, said: str, context: Context, took: str) -> NotUnderstood:
        """What is wrong with a sentence that no template fits."""
        if _NEGATED.search(said):
            return NotUnderstood(text, f"I {took} {said!r}, which says what not to do; nothing is done.")
        for reading in self._resolving.likely(self._templates.near(said, self.catalogue)):
            outcome = self._resolving.resolve(reading, context)
            if isinstance(outcome, Refusal):
                return self._refused(text, reading, outcome)
        return NotUnderstood(text, f"I {took} {said!r}, and know no such request.", self._examples.alike(said))

    def _complete(
        self, text: str, context: Context, took: str, chosen: Intent, known: Mapping[str, Json]
    ) -> Understood | NotUnderstood:
        """Understand what was said about a request that is chosen already."""
        try:
            said = normalise(without_one(text), self._projects)
        except TooLong as error:
            return NotUnderstood(text[:80], str(error), intent=chosen, known=known)
        if not said:
            return self._settle(text, [reading_of(chosen, known)], context)
        for correction in corrections(said):
            before = self._without(correction, chosen, known)
            if before is not None and not _NEGATED.search(correction.meant):
                return self._anew(text, self._fill(text, correction.meant, context, took, chosen, before), before)
        return self._anew(text, self._fill(text, said, context, took, chosen, known), known)

    @staticmethod
    def _anew(text: str, answer: Understood | NotUnderstood, known: Mapping[str, Json]) -> Understood | NotUnderstood:
        """The answer, unless a slot would stand at its default again after exactly that was rejected."""
        if isinstance(answer, NotUnderstood):
            return answer
        slots, now = answer.intent.speakable, answer.known
        rejected = [name for name, value in known.items() if value is None and name in slots]
        again = [name for name in rejected if now.get(name) == slots[name].default]
        if not again:
            return answer
        kept = {name: value for name, value in now.items() if name not in again} | dict.fromkeys(again)
        because = " ".join(slots[name].question for name in again)
        return NotUnderstood(text, because, missing=again, asks=True, intent=answer.intent, known=kept)

    def _fill(
        self, text: str, said: str, context: Context, took: str, chosen: Intent, known: Mapping[str, Json]
    ) -> Understood | NotUnderstood:
        if not said:
            return self._settle(text, [reading_of(chosen, known)], context)
        if exact := self._fragments.exact(said, chosen, known) or self._whole(said, chosen, known):
            return self._settle(text, exact, context)
        if _NEGATED.search(said):
            because = f"I {took} {said!r}, which says what not to do; nothing is done."
            return NotUnderstood(text, because, intent=chosen, known=known)
        for reading in self._resolving.likely(self._fragments.near(said, chosen, known)):
            outcome = self._resolving.resolve(reading, context)
            if isinstance(outcome, Refusal):
                return self._refused(text, reading, outcome)
        other = self._near(text, said, context, took)
        return other if other.intent is not None else dataclasses.replace(other, intent=chosen, known=known)

    def _whole(self, said: str, chosen: Intent, known: Mapping[str, Json]) -> list[Reading]:
        """The readings of a whole sentence: those of the chosen request with what is known, else of any other."""
        exact = self._templates.exact(said, self.catalogue)
        own = [each for each in exact if each.intent is chosen]
        return [reading_of(chosen, {**known, **dict(each.slots)}, respelled=each.respelled) for each in own] or exact

    def _without(self, correction: Correction, chosen: Intent, known: Mapping[str, Json]) -> dict[str, Json] | None:
        """What is known, with null for what a correction rejects; None where that is not what stands there now."""
        if not correction.rejected:
            return dict(known)
        for name, slot in chosen.speakable.items():
            now = known.get(name, slot.default)
            if now is not None and now in self._fragments.means(correction.rejected, slot):
                optional = not slot.required and slot.default is None
                kept = {each: value for each, value in known.items() if each != name}
                return kept if optional else {**kept, name: None}
        return None

    def _settle(self, text: str, readings: Sequence[Reading], context: Context) -> Understood | NotUnderstood:
        """Take the one reading that holds; with none, say what is wrong; with several, say them all."""
        outcomes = [(each, self._resolving.resolve(each, context)) for each in sorted(readings, key=faults)]
        holding = {(reading.intent, slots): reading for reading, slots in outcomes if not isinstance(slots, Refusal)}
        if len(holding) == 1:
            (((intent, slots), reading),) = holding.items()
            confidence = _RESPELLED if reading.respelled else _CERTAIN
            return Understood(intent, slots, intent.tier, confidence, "template", 0.0)
        if holding:
            meant = [self._resolving.example(reading) for reading in holding.values()]
            found = [
                (example, intent, intent.slots_to_json(slots))
                for example, (intent, slots) in zip(meant, holding, strict=True)
            ]
            because = f"That can mean {' or '.join(map(repr, meant))}; which one?"
            return NotUnderstood(text, because, meant, options=labelled(found))
        reading, refusal = next((each, outcome) for each, outcome in outcomes if isinstance(outcome, Refusal))
        return self._refused(text, reading, refusal)

    def _refused(self, text: str, reading: Reading, refusal: Refusal) -> NotUnderstood:
        known: dict[str, Json] = {
            name: value
            for name, value in reading.slots
            if name != refusal.slot and isinstance(value, str | int) and not isinstance(value, Unknown)
        }
        known |= {name: None for name, value in reading.slots if isinstance(value, Twice)}  # nor does its default do
        wrong = refusal.slot
        meant = [] if wrong is None or refusal.unread else refusal.instead
        found = [
            (example, reading.intent, {**known, str(wrong): each})
            for example, each in zip(refusal.nearest, meant, strict=False)
        ]
        return NotUnderstood(
            text,
            refusal.because,
            refusal.nearest,
            refusal.missing,
            refusal.unread,
            intent=reading.intent,
            known=known,
            options=_offered(found, str(wrong)),
            asks=wrong is None,
        )


def _offered(found: Sequence[tuple[str, Intent, Mapping[str, Json]]], slot: str) -> tuple[Option, ...]:
    """What could stand in a slot that could not be read, each called by its name."""
    return tuple(Option(str(known[slot]), example, intent, known) for example, intent, known in found)
