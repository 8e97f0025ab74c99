"""The four top-level names are short and general; this finds out early when somebody else takes one."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

NAMES = {"daemon", "intents", "integrations", "policies"}


def test_no_other_distribution_owns_one_of_our_names() -> None:
    owners = {
        (name, distribution.metadata["Name"])
        for distribution in distributions()
        for file in distribution.files or ()
        if (name := Path(file.parts[0]).stem) in NAMES
    }
    assert {owner for _, owner in owners} <= {"devos"}, owners


def test_our_names_come_from_this_repository(repository: Path) -> None:
    for name in sorted(NAMES):
        module = __import__(name)
        assert module.__file__ is not None
        assert Path(module.__file__).is_relative_to(repository), f"{name} comes from {module.__file__}"
