"""The steps one by one; the whole walk is walked at a terminal in tests/daemon/commands/test_init.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.app import INTENTS
from daemon.config import Config
from daemon.first_steps import walk
from daemon.first_steps.asking import Asker


class Person:
    """Somebody who gives these answers, one after another, and has nothing left to say at the end."""

    def __init__(self, *answers: str) -> None:
        self._answers, self.shown = list(answers), list[str]()

    def __call__(self) -> Asker:
        return Asker(self._read, self.shown.append)

    def _read(self, prompt: str) -> str:
        self.shown.append(prompt)
        return self._answers.pop(0)


READ_ONLY = Config.model_validate({"rules": {"pack": "read-only"}})
TEAM = Config.model_validate({"rules": {"pack": "team"}})


@pytest.mark.parametrize(
    ("config", "answer", "pack"),
    [(Config(), "", "read-only"), (Config(), "n", "careful"), (READ_ONLY, "n", "careful"), (TEAM, "n", "team")],
    ids=["by default", "not", "no longer", "a team's"],
)
def test_devos_only_reads_until_somebody_says_otherwise(config: Config, answer: str, pack: str) -> None:
    person = Person(answer)
    assert walk.rules(person(), config) == {"rules.pack": pack}
    assert any(walk.CHANGES in each for each in person.shown), "how to change it is said"


def test_listening_all_the_time_is_off_unless_it_is_wanted(tmp_path: Path) -> None:
    assert walk.wake_word(Person("")(), tmp_path, Config()) == {"wake.on": False}
    assert walk.wake_word(Person("y", "2")(), tmp_path, Config()) == {"wake.on": True, "wake.words": ["okay nabu"]}


def test_keys_that_are_taken_are_asked_for_again() -> None:
    person = Person("y", "ctrl+alt+k", "ctrl+alt+q", "", "", "n")
    chosen = walk.hotkeys(person(), Config(), lambda: INTENTS)
    assert chosen["hotkeys.talk"] == "ctrl+alt+q" and chosen["hotkeys.hold"] is False
    assert any("scale_deployment" in each for each in person.shown)


def test_without_hotkeys_nothing_more_is_asked() -> None:
    assert walk.hotkeys(Person("n")(), Config(), lambda: INTENTS) == {"hotkeys.on": False}


def test_the_simulated_company_comes_first_and_needs_nothing() -> None:
    person = Person("")
    assert walk.first_system(person(), Config()) == {}
    assert any("devos run --sandbox" in each for each in person.shown)


def test_a_system_is_asked_for_in_the_kinds_its_settings_have() -> None:
    person = Person("5", "twelve", "12")
    assert walk.first_system(person(), Config()) == {"newrelic.account": 12}
    assert any("$DEVOS_NEWRELIC_KEY" in each for each in person.shown)


def test_a_system_that_is_connected_is_not_offered_again() -> None:
    config = Config.model_validate({"jira": {"url": "https://x.example", "email": "a@x.example"}})
    person = Person("")
    walk.first_system(person(), config)
    assert not [each for each in person.shown if "Jira" in each]


@pytest.mark.parametrize("answer", ["", "1"])
def test_the_best_model_stays_the_best_when_another_comes(tmp_path: Path, answer: str) -> None:
    assert walk.model(Person(answer)(), tmp_path, Config()) == {}


def test_a_level_is_a_bar() -> None:
    person = Person()
    show: Callable[[float], None] = walk.bar(person())
    for level in (0.0, 0.5, 3.0):
        show(level)
    assert [each.count("#") for each in person.shown] == [0, 20, 40]
