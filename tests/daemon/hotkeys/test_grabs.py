"""Keys taken from a real X server, out of the hands of a real window."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from virtual_screen import SECONDS, VirtualScreen, Window

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.display import connect, leave
from daemon.hotkeys.grabs import Grabs
from daemon.hotkeys.keyboard import Keyboard
from daemon.hotkeys.way import NoHotkeys

Bound = Callable[..., tuple[Binding, ...]]


class Held:
    """Grabs, and what they told."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        self.told: queue.Queue[list[str]] = queue.Queue()
        self.died: queue.Queue[None] = queue.Queue()
        self.grabs = Grabs(bindings, self._changed, lambda: self.died.put(None))

    def _changed(self, keyboard: Keyboard, ours: Sequence[Binding]) -> None:
        self.told.put([each.name for each in ours])

    def next(self) -> list[str]:
        return self.told.get(timeout=SECONDS)


@contextmanager
def holding(bindings: Sequence[Binding]) -> Iterator[Held]:
    held = Held(bindings)
    held.grabs.start()
    try:
        yield held
    finally:
        held.grabs.close()


@contextmanager
def another_program(code: int, modifiers: int) -> Iterator[None]:
    """Somebody else who has a key."""
    from Xlib import X

    display = connect()
    display.screen().root.grab_key(code, modifiers, False, X.GrabModeAsync, X.GrabModeAsync)
    display.sync()
    yield
    leave(display)


def test_a_key_is_kept_from_the_window_and_all_others_are_not(
    screen: VirtualScreen, window: Window, bound: Bound
) -> None:
    with holding(bound(scale="ctrl+alt+k", freeze="ctrl+alt+shift+f", help="f9")) as held:
        assert held.next() == ["scale", "freeze", "help"] and not held.grabs.problem
        for chord in ("ctrl+alt+k", "ctrl+alt+shift+f", "F9"):
            screen.press(chord)
        assert window.got() == []
        for chord in ("k", "ctrl+k", "ctrl+alt+shift+k", "ctrl+alt+f"):
            screen.press(chord)
        assert window.got() == ["k", "k", "k", "f"]
    screen.press("ctrl+alt+k")
    assert window.got() == ["k"]


@pytest.mark.parametrize("locked", [["Caps_Lock"], ["Num_Lock"], ["Caps_Lock", "Num_Lock"]])
def test_locked_keys_do_not_matter(screen: VirtualScreen, window: Window, bound: Bound, locked: list[str]) -> None:
    with holding(bound(scale="ctrl+alt+k", deploy="ctrl+alt+deploy")):
        screen.keys("key", *locked)
        try:
            screen.press("ctrl+alt+k")
            screen.spell("deploy")
        finally:
            screen.keys("key", *locked)
        assert window.got() == locked * 2


def test_no_letter_of_a_word_reaches_the_window_however_fast_it_is_typed(
    screen: VirtualScreen, window: Window, bound: Bound
) -> None:
    with holding(bound(deploy="ctrl+alt+deploy")):
        for _ in range(5):
            screen.spell("deploy")
        screen.spell("dxyz")
        assert window.got() == []
        screen.spell("xd")
        assert window.got() == ["x"]


def test_the_keyboard_is_given_back_with_the_first_modifier_once_no_letter_is_down(
    screen: VirtualScreen, window: Window, bound: Bound
) -> None:
    with holding(bound(deploy="ctrl+alt+deploy")):
        screen.keys("keydown", "ctrl", "keydown", "alt", "key", "d", "keydown", "e", "keyup", "alt")
        screen.keys("key", "p", "keyup", "e", "key", "q", "keyup", "ctrl", "key", "a")
        assert window.got() == ["q", "a"]


def test_what_another_program_has_is_named_and_the_rest_is_ours(
    screen: VirtualScreen, window: Window, bound: Bound
) -> None:
    with (
        another_program(45, 4 | 8),
        holding(bound(scale="ctrl+alt+k", k="ctrl+alt+kill", deploy="ctrl+alt+deploy", mute="ctrl+alt+m")) as held,
    ):
        assert held.next() == ["deploy", "mute"]
        assert (
            "Another program already has ctrl+alt+k (scale): give it up there, or set other keys" in held.grabs.problem
        )
        assert "ctrl+alt+kill (k)" in held.grabs.problem and "mute" not in held.grabs.problem
        screen.press("ctrl+alt+m")
        screen.spell("deploy")
        assert window.got() == []


def test_what_another_program_gives_up_is_taken_in_a_while(
    screen: VirtualScreen, bound: Bound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.hotkeys.grabs.AGAIN", 0.05)
    with another_program(45, 4 | 8):
        held = Held(bound(scale="ctrl+alt+k", mute="ctrl+alt+m"))
        held.grabs.start()
        assert held.next() == ["mute"]
    assert held.next() == ["scale", "mute"] and not held.grabs.problem
    held.grabs.close()


def test_keys_move_with_the_layout_and_what_it_lacks_is_named(own_screen: VirtualScreen, bound: Bound) -> None:
    with holding(bound(scale="ctrl+alt+z", other="ctrl+alt+/")) as held, Window(own_screen) as window:
        assert held.next() == ["scale", "other"]
        own_screen.layout("de")
        assert held.next() == ["scale"]
        assert "This keyboard has no key '/' for ctrl+alt+/ (other): set other keys" in held.grabs.problem
        own_screen.keys("keydown", "ctrl", "keydown", "alt", "key", "29", "key", "52", "keyup", "alt", "keyup", "ctrl")
        assert window.got() == ["y"]
        own_screen.layout("us")
        assert held.next() == ["scale", "other"] and not held.grabs.problem


def test_a_key_that_only_the_listener_heard_did_not_come_to_us(
    screen: VirtualScreen, bound: Bound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.hotkeys.grabs.BOTH", 0.05)
    with holding(bound(scale="ctrl+alt+k")) as held:
        assert not held.grabs.took(45, 1)


def test_the_end_of_the_server_is_told_once_and_a_close_is_not(own_screen: VirtualScreen, bound: Bound) -> None:
    with holding(bound(scale="ctrl+alt+k")) as closed:
        pass
    closed.grabs.close()
    with holding(bound(scale="ctrl+alt+k")) as held:
        own_screen.kill()
        held.died.get(timeout=SECONDS)
    assert held.died.empty() and closed.died.empty()
    with pytest.raises(NoHotkeys):
        Held(bound(scale="ctrl+alt+k")).grabs.start()
