"""What the command line asks of the senses of a real daemon that has neither screen nor sound card."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from daemon.client import Told, ask
from daemon.senses_desk import SensesDesk

if TYPE_CHECKING:
    from daemon.senses import Senses
    from tests.daemon.conftest import House

SECONDS = 60.0
"""What takes longer than this never comes."""


def test_a_key_is_pressed_by_its_name_or_its_keys(house: House) -> None:
    assert house.ask("press", keys="freeze") == {"pressed": "freeze", "down": True}
    until = time.monotonic() + SECONDS
    while not (house.home / "frozen").exists():
        assert time.monotonic() < until and house.ask("senses")
    assert house.ask("press", keys="Ctrl+Alt+Shift+F")["pressed"] == "freeze"


def test_keys_that_stand_for_nothing_are_refused_with_the_nearest(house: House) -> None:
    with pytest.raises(Told, match="Did you mean 'freeze'") as told:
        house.ask("press", keys="freezer")
    assert told.value.code == 2


def test_letting_go_begins_nothing(house: House) -> None:
    assert house.ask("press", keys="talk", release=True) == {"pressed": "talk", "down": False}
    assert house.ask("senses")["hearing"]["status"] != "listening"


def test_mute_closes_the_microphone_until_it_is_taken_back(house: House) -> None:
    assert house.ask("mute", on=True) == {"muted": True}
    assert house.ask("senses")["hearing"]["status"] == "muted"
    assert house.ask("mute", on=False) == {"muted": False}
    assert house.ask("senses")["hearing"]["status"] != "muted"


def test_keys_are_shown_instead_of_done_while_somebody_watches(house: House) -> None:
    with closing(ask(house.home, "keys")) as watching:
        assert next(watching)["watching"]
        house.ask("press", keys="freeze")
        press = next(watching)["press"]
        assert (press["name"], press["keys"], press["way"], press["down"]) == (
            "freeze",
            "ctrl+alt+shift+f",
            "command",
            True,
        )
    assert not (house.home / "frozen").exists()


async def test_nobody_watches_for_ever() -> None:
    """The keys belong to the person again when the time is over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("daemon.senses_desk.WATCHED", 0.0)
        watched: list[str] = []

        @contextmanager
        def watching() -> Iterator[asyncio.Queue[object]]:
            watched.append("began")
            yield asyncio.Queue()
            watched.append("ended")

        senses = SimpleNamespace(watched=watching, hotkeys=SimpleNamespace(state=SimpleNamespace(way="X11")))
        answers = SensesDesk(cast("Senses", senses)).handlers["keys"]({})
        assert [each async for each in answers] == [{"watching": True, "way": "X11"}]
    assert watched == ["began", "ended"]
