"""From a sentence to a request with checked slots, or to a clear answer why not.

Stages: normalise → templates. A text is understood only when exactly one reading fits a template whole and every name
in it exists. What merely comes near is answered with what it could have meant, never carried out.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from intents.context import Context
from intents.intent import Intent, Tier
from intents.understanding.catalogue import Catalogue
from intents.understanding.examples import Examples
from intents.understanding.normalise import TooLong, normalise
from intents.understanding.resolve import Refusal, Resolving, faults
from intents.understanding.templates import Reading, Templates

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


class Understanding:
    """Understands the sentences of some requests, over the names that exist."""

    def __init__(self, intents: Sequence[Intent], catalogue: Catalogue) -> None:
        self._begin(Templates(intents), catalogue)

    def _begin(self, templates: Templates, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._templates = templates
        self._examples = Examples(templates, catalogue)
        self._resolving = Resolving(catalogue, self._examples)
        self._projects = catalogue.all("project")

    def with_catalogue(self, catalogue: Catalogue) -> Understanding:
        """The same requests over other names; cheap, because the templates stay parsed."""
        other = Understanding.__new__(Understanding)
        other._begin(self._templates, catalogue)
        return other

    def understand(self, text: str, context: Context, *, channel: str) -> Understood | NotUnderstood:
        """Understand one sentence.

        Args:
            text: as typed or transcribed.
            context: fills slots that were not said and that may come from it.
            channel: how the sentence arrived (voice, file, typed, hotkey, web), so that the answer can speak of
                hearing or of reading.
        """
        started = time.perf_counter()
        answer = self._understand(text, context, "heard" if channel in _SPOKEN else "read")
        return dataclasses.replace(answer, ms=(time.perf_counter() - started) * 1000)

    def _understand(self, text: str, context: Context, took: str) -> Understood | NotUnderstood:
        try:
            said = normalise(text, self._projects)
        except TooLong as error:
            return NotUnderstood(text[:80], str(error))
        if not said:
            return NotUnderstood(text, f"I {took} nothing that asks for something.")
        exact = self._templates.exact(said, self.catalogue)
        if exact:
            return self._settle(text, exact, context)
        if _NEGATED.search(said):
            return NotUnderstood(text, f"I {took} {said!r}, which says what not to do; nothing is done.")
        for reading in self._resolving.likely(self._templates.near(said, self.catalogue)):
            outcome = self._resolving.resolve(reading, context)
            if isinstance(outcome, Refusal):
                return _refused(text, outcome)
        return NotUnderstood(text, f"I {took} {said!r}, and know no such request.", self._examples.alike(said))

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
            return NotUnderstood(text, f"That can mean {' or '.join(map(repr, meant))}; which one?", meant)
        refusal = next(outcome for _, outcome in outcomes if isinstance(outcome, Refusal))
        return _refused(text, refusal)


def _refused(text: str, refusal: Refusal) -> NotUnderstood:
    return NotUnderstood(text, refusal.because, refusal.nearest, refusal.missing, refusal.unread)
