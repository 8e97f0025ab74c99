"""What is found on a machine, and what is said where nothing is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemon.first_steps import machine


def test_the_microphones_are_listed_by_the_names_people_know(sound: Any) -> None:
    found = machine.microphones()
    assert found.names and not found.problem and "pulse" not in found.names


def test_the_level_is_shown_while_somebody_speaks(sound: Any) -> None:
    from virtual_sound import spoken

    sound.say(spoken("one two three four five six"))
    shown: list[float] = []
    loudest, problem = machine.level(None, shown.append, seconds=2.0)
    assert loudest is not None and not problem and shown and max(shown) <= loudest
    assert "heard well" in machine.verdict(loudest)


def test_without_a_microphone_it_says_so_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    if machine.microphones().names:
        pytest.skip("this machine has a microphone of its own")
    assert machine.microphones().problem
    loudest, problem = machine.level(None, lambda _: None, seconds=0.2)
    assert loudest is None and problem


@pytest.mark.parametrize(("loudest", "said"), [(0.0, "Hardly"), (0.5, "well"), (1.0, "too loud")])
def test_what_a_level_means(loudest: float, said: str) -> None:
    assert said in machine.verdict(loudest)


def test_models_are_found_where_devos_finds_them(tmp_path: Path) -> None:
    found = machine.models(tmp_path, {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"})
    assert found.names or "devos models" in found.problem


@pytest.mark.parametrize(
    ("environment", "platform", "said"),
    [
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", "Wayland"),
        ({"DISPLAY": ":0"}, "linux", "X11"),
        ({}, "linux", "devos press"),
        ({}, "darwin", "Accessibility"),
    ],
)
def test_how_keys_arrive(environment: dict[str, str], platform: str, said: str) -> None:
    assert said in machine.screen(environment, platform)


def test_the_words_that_need_no_training_come_first(tmp_path: Path) -> None:
    assert machine.wake_words(tmp_path)[0] == "hey jarvis"
