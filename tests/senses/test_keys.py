"""Keys, the portal's keys and a button on the desktop, each to its end in a real daemon."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from portal_stand_in import Behaviour, Bus
from portal_stand_in import Portal as StandIn
from private_desktop import private_desktop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.senses.room import Room


def test_what_is_said_while_the_talk_key_is_held_is_done(room: Room) -> None:
    room.start()
    room.screen.keys("keydown", "ctrl", "keydown", "alt", "keydown", "space")
    room.until(lambda: room.senses()["hearing"]["status"] == "listening")
    room.says("how many replicas does web app have?", pause=0.3)
    room.screen.keys("keyup", "space", "keyup", "alt", "keyup", "ctrl")
    run = room.ended()
    assert (run["intent"], run["status"], run["utterance"]["channel"]) == ("count_replicas", "done", "voice")
    assert "four" in room.hears() or "4" in run["said"]


def test_a_requests_own_key_asks_for_what_is_missing_and_takes_a_yes_outside_production(room: Room) -> None:
    room.start()
    room.screen.press("ctrl+alt+k")
    room.until(lambda: room.senses()["hearing"]["status"] == "listening")
    room.says("web app in staging", pause=0.3)
    assert "how many" in room.hears()
    for _ in range(3):  # a word alone is easily missed; it asks again then
        room.says("five.", pause=0.5)
        room.sound.pause(4)
        if room.newest():
            break
    run = room.ended()
    assert (run["intent"], run["utterance"]["channel"]) == ("scale_deployment", "hotkey")
    assert run["status"] == "done" and room.pods("staging/web-app") == 5


def test_a_word_that_is_spelled_chooses_its_request_and_esc_takes_it_back(room: Room) -> None:
    room.start()
    room.screen.keys("keydown", "ctrl", "keydown", "alt", "key", "d", "key", "e", "key", "Escape")
    room.screen.keys("keyup", "alt", "keyup", "ctrl")
    assert room.senses()["hearing"]["status"] == "off"
    room.screen.spell("deploy")
    room.until(lambda: room.senses()["hearing"]["status"] == "listening")
    room.screen.press("ctrl+alt+s")
    room.until(lambda: room.senses()["hearing"]["status"] == "off")
    assert room.newest() == {}


def test_the_freeze_key_stops_every_change(room: Room) -> None:
    room.start()
    room.screen.press("ctrl+alt+shift+f")
    room.until((room.home / "frozen").exists)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    if not shutil.which("dbus-daemon"):
        pytest.skip("install with: apt-get install dbus")
    bus = Bus()
    yield bus
    bus.kill()


def test_under_wayland_the_portals_key_opens_the_microphone(room: Room, bus: Bus, tmp_path: Path) -> None:
    room.environment |= {
        "WAYLAND_DISPLAY": "wayland-0",
        "DBUS_SESSION_BUS_ADDRESS": bus.address,
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    portal = StandIn(bus.address, Behaviour(applications=tmp_path / "data" / "applications"))
    try:
        room.start()
        assert room.senses()["hotkeys"]["way"] == "portal"
        portal.press("talk")
        room.until(lambda: room.senses()["hearing"]["status"] == "listening")
        room.says("how many replicas does web app have?", pause=0.3)
        portal.release("talk")
        assert room.ended()["status"] == "done"
    finally:
        portal.close()


async def test_a_button_on_the_desktop_answers_what_was_asked_by_voice(room: Room, tmp_path: Path) -> None:
    if not all(map(shutil.which, ("dunst", "dbus-daemon"))):
        pytest.skip("install with: apt-get install dunst dbus")
    folder = tmp_path / "desktop"
    folder.mkdir()
    with private_desktop(folder) as desktop:
        room.environment["DBUS_SESSION_BUS_ADDRESS"] = desktop.environment["DBUS_SESSION_BUS_ADDRESS"]
        room.start()
        room.screen.press("ctrl+alt+k")
        room.until(lambda: room.senses()["hearing"]["status"] == "listening")
        room.says("web app to ten replicas", pause=0.3)
        room.hears(quiet=1.5)
        assert room.newest()["status"] == "asking"
        while not await desktop.shown():
            room.sound.pause(0.2)
        room.sound.pause(1.2)  # a press right after it appears is taken for one that was meant for something else
        await desktop.press("Yes")
        run = room.ended()
    assert run["status"] == "done" and "desktop" in [step["via"] for step in run["steps"]]
    assert room.pods("production/web-app") == 10
