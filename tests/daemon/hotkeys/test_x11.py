"""Hotkeys on a real X server: xdotool presses, pynput hears, the window in front gets nothing of it."""

from __future__ import annotations

import ctypes
import queue
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from virtual_screen import SECONDS, VirtualScreen, Window

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.display import connect, leave
from daemon.hotkeys.way import NoHotkeys
from daemon.hotkeys.x11 import X11

Bound = Callable[..., tuple[Binding, ...]]

KEYS = {
    "talk": "ctrl+alt+space",
    "mute": "ctrl+alt+m",
    "scale": "ctrl+alt+k",
    "deploy": "ctrl+alt+deploy",
    "deps": "ctrl+alt+deps",
}


@contextmanager
def listening(bindings: Sequence[Binding], pressed: Any) -> Iterator[tuple[X11, queue.Queue[str]]]:
    died: queue.Queue[str] = queue.Queue()
    way = X11(bindings, pressed, died.put, seconds=2.0)
    way.start()
    try:
        yield way, died
    finally:
        way.close()


@pytest.fixture
def way(screen: VirtualScreen, bound: Bound, pressed: Any) -> Iterator[X11]:
    with listening(bound(**KEYS), pressed) as (way, _):
        assert not way.problem
        yield way


@pytest.fixture
def _way(way: X11) -> None:
    """For tests that only want it to listen."""


@pytest.mark.usefixtures("_way")
class TestListening:
    def test_a_plain_chord(self, screen: VirtualScreen, window: Window, pressed: Any) -> None:
        screen.press("ctrl+alt+k")
        screen.press("Control_R+Alt_R+k")
        assert [pressed.next(), pressed.next()] == ["scale", "scale"] and window.got() == []

    def test_a_word_and_one_with_the_same_beginning(self, screen: VirtualScreen, window: Window, pressed: Any) -> None:
        screen.spell("deploy")
        screen.spell("deps")
        assert [pressed.next(), pressed.next()] == ["deploy", "deps"] and window.got() == []

    def test_esc_and_letting_go_cancel_a_word(self, screen: VirtualScreen, window: Window, pressed: Any) -> None:
        screen.keys("keydown", "ctrl", "keydown", "alt", "key", "d", "key", "e", "key", "Escape")
        screen.keys("key", "p", "key", "s", "key", "k", "keyup", "alt", "keyup", "ctrl")
        screen.spell("dep")
        screen.spell("ps")
        screen.press("ctrl+alt+m")
        # The second try's letters are nobody's; what nobody has, the window gets.
        assert pressed.next() == "mute" and pressed.none and window.got() == ["p", "s"]

    def test_talking_lasts_as_long_as_its_keys_are_held(
        self, screen: VirtualScreen, window: Window, pressed: Any
    ) -> None:
        for last in ("space", "alt", "ctrl"):
            screen.keys("keydown", "ctrl", "keydown", "alt", "keydown", "space")
            assert pressed.next() == "talk down"
            screen.keys("keyup", last)
            assert pressed.next() == "talk up"
            screen.keys("keyup", "space", "keyup", "alt", "keyup", "ctrl")
        assert pressed.none and window.got() == []

    def test_what_is_typed_otherwise_reaches_the_window(
        self, screen: VirtualScreen, window: Window, pressed: Any
    ) -> None:
        screen.keys("type", "--delay", "0", "kmd deploy K")
        assert "".join(window.got()) == "kmdspacedeployspacek" and pressed.none

    def test_at_a_locked_screen_only_what_puts_an_end_to_things_is_pressed(
        self, screen: VirtualScreen, pressed: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from Xlib import X

        locker = connect()
        locker.screen().root.grab_keyboard(True, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
        with monkeypatch.context() as patch:
            patch.setattr("daemon.hotkeys.grabs.BOTH", 0.1)
            screen.press("ctrl+alt+k")
            screen.spell("deploy")
            screen.press("ctrl+alt+m")
            assert pressed.next() == "mute"
        leave(locker)
        screen.press("ctrl+alt+k")
        assert pressed.next() == "scale" and pressed.none


def test_a_second_layout_that_is_switched_to_changes_no_key(
    own_screen: VirtualScreen, bound: Bound, pressed: Any
) -> None:
    own_screen.layout("us,ru")
    with listening(bound(**KEYS), pressed), Window(own_screen) as window:
        xlib = ctypes.CDLL("libX11.so.6")  # which xdotool brings along
        xlib.XOpenDisplay.restype = ctypes.c_void_p
        display = ctypes.c_void_p(xlib.XOpenDisplay(None))
        assert xlib.XkbLockGroup(display, 0x100, 1)
        xlib.XCloseDisplay(display)
        pointer = connect()
        active = pointer.screen().root.query_pointer().mask >> 13 & 3
        leave(pointer)
        assert active == 1, "the second layout is not active"
        # By their numbers, as a keyboard has them: xdotool itself would look for Latin letters.
        own_screen.keys("keydown", "37", "keydown", "64", "key", "45", "key", "--delay", "0", "40", "26", "33", "39")
        own_screen.keys("keyup", "64", "keyup", "37")
        assert [pressed.next(), pressed.next()] == ["scale", "deps"] and window.got() == []


def test_keys_that_move_with_the_layout_are_followed(own_screen: VirtualScreen, bound: Bound, pressed: Any) -> None:
    with listening(bound(scale="ctrl+alt+y"), pressed):
        own_screen.layout("de")
        while pressed.none:  # until the change has been noticed
            own_screen.keys("keydown", "37", "keydown", "64", "key", "52", "keyup", "64", "keyup", "37")
        assert pressed.next() == "scale"


def test_what_another_program_has_is_not_obeyed(screen: VirtualScreen, bound: Bound, pressed: Any) -> None:
    from Xlib import X

    other = connect()
    other.screen().root.grab_key(45, 4 | 8, False, X.GrabModeAsync, X.GrabModeAsync)
    other.sync()
    with listening(bound(**KEYS), pressed) as (way, _):
        assert "ctrl+alt+k (scale)" in way.problem
        screen.press("ctrl+alt+k")
        screen.press("ctrl+alt+m")
        assert pressed.next() == "mute" and pressed.none
    leave(other)


def test_the_death_of_the_server_is_told_once_and_lets_go_of_the_talk_key(
    own_screen: VirtualScreen, bound: Bound, pressed: Any
) -> None:
    with listening(bound(**KEYS), pressed) as (_, died):
        own_screen.keys("keydown", "ctrl", "keydown", "alt", "keydown", "space")
        assert pressed.next() == "talk down"
        own_screen.kill()
        assert "The X server has gone" in died.get(timeout=SECONDS)
        assert pressed.next() == "talk up"
    assert died.empty()


def test_closing_lets_go_of_the_talk_key_and_tells_of_no_death(
    screen: VirtualScreen, bound: Bound, pressed: Any
) -> None:
    with listening(bound(**KEYS), pressed) as (way, died):
        screen.keys("keydown", "ctrl", "keydown", "alt", "keydown", "space")
        assert pressed.next() == "talk down"
        way.close()
        assert pressed.next() == "talk up"
    screen.keys("keyup", "space", "keyup", "alt", "keyup", "ctrl")
    assert pressed.none and died.empty()


def test_what_goes_wrong_with_one_press_does_not_end_the_listening(
    screen: VirtualScreen, bound: Bound, pressed: Any
) -> None:
    def deliver(press: Any) -> None:
        pressed(press)
        raise ZeroDivisionError

    with listening(bound(**KEYS), deliver) as (_, died):
        screen.press("ctrl+alt+k")
        screen.press("ctrl+alt+m")
        assert [pressed.next(), pressed.next()] == ["scale", "mute"] and died.empty()


def test_without_a_screen_or_without_recording_it_says_so_and_leaves_nothing(
    screen: VirtualScreen, bound: Bound, pressed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for options, told in ((), "does not answer"), (("-extension", "RECORD"), "it lacks the extension RECORD"):
        with VirtualScreen(*options) as poor:
            if not options:
                poor.kill()
            monkeypatch.setenv("DISPLAY", poor.environment["DISPLAY"])
            way = X11(bound(**KEYS), pressed, lambda text: None, seconds=2.0)
            with pytest.raises(NoHotkeys, match=told):
                way.start()
            way.close()


def test_without_pynput_it_says_so_and_gives_the_keys_back(
    screen: VirtualScreen, window: Window, bound: Bound, pressed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "daemon.hotkeys.listener", raising=False)
    monkeypatch.setitem(sys.modules, "pynput.keyboard", None)
    way = X11(bound(**KEYS), pressed, lambda text: None, seconds=2.0)
    with pytest.raises(NoHotkeys, match=r"pynput cannot listen to keys here: .*`devos press`"):
        way.start()
    screen.press("ctrl+alt+k")
    assert window.got() == ["k"] and pressed.none
