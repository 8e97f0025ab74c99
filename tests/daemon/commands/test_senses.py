from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.daemon.conftest import House


def test_mute_and_unmute(house: House) -> None:
    assert house.devos("mute").out.startswith("The microphone is closed")
    assert house.ask("senses")["hearing"]["status"] == "muted"
    assert house.devos("unmute", "--json").json == {"muted": False}
    assert house.ask("senses")["hearing"]["status"] != "muted"


def test_without_a_daemon_it_says_so(empty: House) -> None:
    said = empty.devos("mute")
    assert said.code == 1 and "devos run" in said.err
