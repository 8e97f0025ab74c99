"""Tells Whisper which words to expect: the catalogue's names, in the sentences they are asked for with.

Sentences work where a list does not. On 52 espeak-ng recordings (13 requests, four voices) tiny.en had every word that
matters right in 16 without a prompt, in 19 with the names alone, in 24 with names and terms in a list, and in 50 with
these sentences; on 52 others that had no part in choosing them, in 10 without and in 42 with. The numbers in them
matter: with 13, 14, 16, 17 and 23 in their place, 5 of 36 spoken numbers turned into another one; with these, none did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intents.understanding.catalogue import Catalogue

_SENTENCES = (
    "Scale {} to 12 replicas in production.",
    "Scale {} to 7 pods in staging.",
    "Scale {} to 3 replicas in production.",
    "Deploy {} to staging using CDK and create a change request.",
    "Give {} 4 pods.",
    "Scale {} to 20 replicas.",
)

LIMIT = 600
"""Characters of a prompt, about 200 tokens. Whisper takes 223 tokens and forgets the first ones of a longer prompt."""

_LONGEST_NAME = 40
"""A longer name is an identifier that nobody says aloud."""


def prompt_of(names: Sequence[str]) -> str:
    """The prompt for a catalogue.

    Args:
        names: what people talk about, deployments first: the first six names stand in the sentences, the others in a
            list before them as long as there is room. What cannot be a spoken name (longer than 40 characters, several
            lines) is left out.
    """
    spoken = list(
        dict.fromkeys(name for name in names if name.isprintable() and 0 < len(name.strip()) <= _LONGEST_NAME)
    )
    if not spoken:
        return ""
    sentences = " ".join(
        sentence.format(name) for sentence, name in zip(_SENTENCES, islice(cycle(spoken), len(_SENTENCES)), strict=True)
    )
    listed = ""
    for name in spoken[len(_SENTENCES) :]:
        longer = f"{listed}, {name}" if listed else name
        if len(longer) + len(sentences) + 2 > LIMIT:
            break
        listed = longer
    return f"{listed}. {sentences}" if listed else sentences


def prompt_for(catalogue: Catalogue) -> str:
    """The prompt for the names that exist."""
    return prompt_of([*catalogue.all("deployment"), *catalogue.all("service"), *catalogue.all("project")])


class Expected:
    """The prompt for whatever names exist now: called before each sentence, made anew when they have changed."""

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        """Take what gives the catalogue as it is."""
        self._catalogue = catalogue
        self._made: tuple[Catalogue, str] | None = None

    def __call__(self) -> str:
        """The prompt."""
        catalogue = self._catalogue()
        if self._made is None or self._made[0] is not catalogue:
            self._made = catalogue, prompt_for(catalogue)
        return self._made[1]
