"""What every way of listening has in common."""

from __future__ import annotations

import pytest

from daemon.hotkeys.hotkeys import way_for
from daemon.hotkeys.way import NoHotkeys, Way

WAYS = {"X11": ({"DISPLAY": ":1"}, "linux"), "portal": ({"WAYLAND_DISPLAY": "w"}, "linux"), "macOS": ({}, "darwin")}


@pytest.mark.parametrize("name", WAYS)
def test_a_way_has_its_name_and_can_be_closed_before_it_starts_and_twice(name: str) -> None:
    found = way_for(*WAYS[name])
    assert found and found[0] == name
    died: list[str] = []
    way: Way = found[1]((), lambda press: None, died.append, seconds=2.0)
    assert (way.name, way.problem) == (name, "")
    way.close()
    way.close()
    assert not died


def test_what_is_missing_may_still_come_unless_it_is_said_that_it_cannot() -> None:
    assert NoHotkeys("no X server").again and not NoHotkeys("no such library", again=False).again
