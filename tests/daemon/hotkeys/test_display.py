"""Connections to X servers that are there, that are not, and that go."""

from __future__ import annotations

import pytest
from virtual_screen import VirtualScreen

from daemon.hotkeys.display import connect, leave
from daemon.hotkeys.way import NoHotkeys


def test_one_that_is_there(screen: VirtualScreen) -> None:
    for name in (None, f":{screen.number}", f":{screen.number}.0"):
        display = connect(name)
        assert display.get_display_name() == name or name is None
        leave(display)


def test_one_that_has_gone_is_left_without_a_word(own_screen: VirtualScreen) -> None:
    display = connect()
    own_screen.kill()
    leave(display)


def test_without_a_screen_it_says_what_works_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(NoHotkeys, match=r"\$DISPLAY is not set.*`devos press`"):
        connect()


def test_one_that_does_not_answer_may_still_come(own_screen: VirtualScreen) -> None:
    own_screen.kill()
    with pytest.raises(NoHotkeys, match=f"':{own_screen.number}' does not answer. DevOS goes on trying") as caught:
        connect()
    assert caught.value.again


def test_a_name_that_is_none(screen: VirtualScreen) -> None:
    with pytest.raises(NoHotkeys, match="nonsense"):
        connect("nonsense")
