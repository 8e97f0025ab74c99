"""A question that DevOS asked to be able to go on, and what it knows so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING

from intents.understanding.options import Option, choose, question

if TYPE_CHECKING:
    from intents.understanding.understand import NotUnderstood
    from policies.action import Json

EXPIRES = 30.0
"""Seconds that a question for a slot stands after it was asked."""
MOST = 4
"""How often it is asked for the same request before DevOS gives up."""


@dataclass(frozen=True)
class Pending:
    """A request that lacks something."""

    question: str
    """What was asked, or would be if nobody says anything."""
    intent: str | None = None
    """The request that was chosen, by name."""
    known: Mapping[str, Json] = field(default_factory=dict)
    """Its slots so far, as JSON."""
    options: tuple[Option, ...] = ()
    """What may have been meant."""
    by_key: bool = False
    """Whether its key chose the request."""
    asked_from: tuple[str, ...] = ()
    """The programs that pressed that key."""
    said: tuple[str, ...] = ()
    """What was said so far, in order."""
    replaces: str | None = None
    """The run that is given up for this request, because it corrects it."""
    expires: float = inf
    silences: int = 0
    """How often nobody answered."""
    asked: int = 0
    """How often something was asked."""

    @classmethod
    def of(cls, answer: NotUnderstood, before: Pending) -> Pending | None:
        """What is to be asked for now; None where a question would not help."""
        if answer.intent is None and not answer.options:
            return None
        asks = question(answer.options) if len(answer.options) > 1 and not answer.missing else answer.because
        return replace(
            before,
            question=asks,
            intent=answer.intent.name if answer.intent is not None else None,
            known=answer.known,
            options=answer.options,
            said=before.said if answer.text in before.said or not answer.text else (*before.said, answer.text),
            silences=0,
            asked=before.asked + 1,
        )

    def chosen(self, text: str) -> Pending | None:
        """This with one of its options taken, where a text names one."""
        option = choose(text, self.options) if self.options else None
        if option is None:
            return None
        return replace(self, intent=option.intent.name, known=option.known, options=())

    def text(self, last: str) -> str:
        """Everything that was said for the request, in order."""
        return "; ".join(dict.fromkeys(each for each in (*self.said, last) if each))
