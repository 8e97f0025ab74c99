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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from intents.understanding.slots import rules_in, slots_in


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

    rules: Mapping[str, str] = field(default_factory=dict)
    """Parts that several variants share, by name: `<where>`."""
    variants: tuple[str, ...] = ()
    tests: tuple[Case, ...] = ()


def read_sentences(file: Path, known: frozenset[str]) -> Sentences:
    """Read a sentence file; one that does not exist holds nothing.

    Args:
        file: the YAML file.
        known: the names of the slots that a template may mention.

    Raises:
        SentenceError: the file is no YAML, has an unknown key, or a template names an unknown slot or rule.
    """
    if not file.exists():
        return Sentences()
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SentenceError(f"{file.name} is no YAML: {error}") from error
    if not isinstance(written, dict) or set(written) - {"rules", "variants", "tests"}:
        raise SentenceError(f"{file.name} must hold `rules`, `variants` and `tests`, and nothing else.")
    rules = {name: _template(file, each, known) for name, each in (written.get("rules") or {}).items()}
    variants = tuple(_template(file, each, known) for each in written.get("variants") or ())
    for sentence in (*rules.values(), *variants):
        unknown = rules_in(sentence) - set(rules)
        if unknown:
            raise SentenceError(f"{file.name}: {sentence!r} uses the unknown rule {', '.join(sorted(unknown))}.")
    return Sentences(rules, variants, tuple(_case(file, each, known) for each in written.get("tests") or ()))


def _template(file: Path, written: object, known: frozenset[str]) -> str:
    if not isinstance(written, str):
        raise SentenceError(f"{file.name}: a template must be a text in quotes, not {written!r}.")
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
