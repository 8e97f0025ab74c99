"""The question which of several runs is meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from daemon.confirming.words import tokens
from daemon.conversation.saying import name_of
from intents.understanding.options import pick


@dataclass(frozen=True)
class Which:
    """Which of these runs is to be cancelled?"""

    question: str
    runs: tuple[Mapping[str, Any], ...]
    expires: float = inf
    silences: int = 0

    def taken(self, text: str) -> Sequence[Mapping[str, Any]]:
        """The runs that an answer names: by place, by what was asked for, by words that only one has, or all."""
        said = tokens(text)
        if " ".join(said) in ("both", "all", "all of them", "both of them", "everything"):
            return self.runs
        at = pick(text, [(name_of(run), str(run["run"])) for run in self.runs])
        if at is not None:
            return self.runs[at : at + 1]
        names = [set(tokens(name_of(run))) for run in self.runs]
        common = set.intersection(*names)
        telling = {word for word in said if word not in common and any(word in name for name in names)}
        meant = [run for run, name in zip(self.runs, names, strict=True) if telling and telling <= name]
        return meant if len(meant) == 1 else ()
