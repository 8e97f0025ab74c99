"""The YAML file beside a request: more ways to say it, and the tests of all of them.

variants:
  - "(set|bring) [the] {deployment} to {replicas} (replicas|pods) [in {namespace}]"
tests:
  - say: "set checkout to six pods in staging"
    slots: {deployment: checkout, replicas: 6, namespace: staging}
  - say: "don't scale checkout to six pods"
    slots: null                      # must not be understood as this request
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from intents.understanding.slots import slots_in


class SentenceError(ValueError):
    """A sentence file says something that cannot be right; the message names the file and the place."""


@dataclass(frozen=True)
class Case:
    """One sentence and what it must mean."""

    say: str
    slots: Mapping[str, object] | None
    """The slots as JSON, or None when the sentence must not be understood as this request."""


@dataclass(frozen=True)
class Sentences:
    """What one file holds."""

    variants: tuple[str, ...] = ()
    tests: tuple[Case, ...] = ()


def read_sentences(file: Path, known: frozenset[str]) -> Sentences:
    """Read a sentence file; one that does not exist holds nothing.

    Args:
        file: the YAML file.
        known: the names of the slots that a variant may mention.

    Raises:
        SentenceError: the file is no YAML, has an unknown key, or a variant names an unknown slot.
    """
    if not file.exists():
        return Sentences()
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SentenceError(f"{file.name} is no YAML: {error}") from error
    if not isinstance(written, dict) or set(written) - {"variants", "tests"}:
        raise SentenceError(f"{file.name} must hold `variants` and `tests`, and nothing else.")
    variants = tuple(_variant(file, each, known) for each in written.get("variants") or ())
    return Sentences(variants, tuple(_case(file, each, known) for each in written.get("tests") or ()))


def _variant(file: Path, written: object, known: frozenset[str]) -> str:
    if not isinstance(written, str):
        raise SentenceError(f"{file.name}: a variant must be a text in quotes, not {written!r}.")
    unknown = slots_in(written) - known
    if unknown:
        raise SentenceError(f"{file.name}: {written!r} names the unknown slot {', '.join(sorted(unknown))}.")
    return written


def _case(file: Path, written: Any, known: frozenset[str]) -> Case:
    if not isinstance(written, dict) or set(written) != {"say", "slots"} or not isinstance(written["say"], str):
        raise SentenceError(f"{file.name}: a test has `say` and `slots`, not {written!r}.")
    slots = written["slots"]
    if slots is not None and (not isinstance(slots, dict) or set(slots) - known):
        raise SentenceError(f"{file.name}: the test {written['say']!r} must give known slots, or null.")
    return Case(written["say"], slots)
