"""All hotkeys of a session: found, kept alive, passed on."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from virtual_screen import SECONDS, VirtualScreen

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.hotkeys import Hotkeys, HotkeysState, NoSuchKeys, way_for
from daemon.hotkeys.press import Press

Bound = Callable[..., tuple[Binding, ...]]

KEYS = {"talk": "ctrl+alt+space", "mute": "ctrl+alt+m", "scale_web_app": "ctrl+alt+k", "deploy": "ctrl+alt+deploy"}


class States:
    """Each state that was told, in order."""

    def __init__(self) -> None:
        self._states: queue.Queue[HotkeysState] = queue.Queue()

    def __call__(self, state: HotkeysState) -> None:
        self._states.put(state)

    def until(self, status: str) -> HotkeysState:
        while (state := self._states.get(timeout=SECONDS)).status != status:
            pass
        return state


@contextmanager
def listening(bindings: tuple[Binding, ...], deliver: Any, **more: Any) -> Iterator[tuple[Hotkeys, States]]:
    states = States()
    hotkeys = Hotkeys(bindings, deliver, environment=os.environ, changed=states, delays=(0.02, 0.05), **more)
    hotkeys.start()
    try:
        yield hotkeys, states
    finally:
        hotkeys.close()


def test_the_way_is_chosen_by_what_the_session_says() -> None:
    def name(platform: str = "linux", **environment: str) -> str | None:
        found = way_for(environment, platform)
        return found[0] if found else None

    assert name(DISPLAY=":0") == "X11"
    assert name(DISPLAY=":0", WAYLAND_DISPLAY="wayland-0") == "portal"
    assert name(DISPLAY=":0", XDG_SESSION_TYPE="wayland") == "portal"
    assert name(DISPLAY=":0", XDG_SESSION_TYPE="x11", WAYLAND_DISPLAY="") == "X11"
    assert name("darwin", DISPLAY=":0") == "macOS"
    assert name() is None


def test_keys_arrive_from_start_to_close(screen: VirtualScreen, bound: Bound, pressed: Any) -> None:
    with listening(bound(**KEYS), pressed) as (hotkeys, states):
        assert states.until("ready") == hotkeys.state == HotkeysState("X11", "ready", "", bound(**KEYS))
        screen.press("ctrl+alt+k")
        screen.spell("deploy")
        assert [pressed.next(), pressed.next()] == ["scale_web_app", "deploy"]
        screen.keys("keydown", "ctrl", "keydown", "alt", "keydown", "space")
        assert pressed.next() == "talk down"
        screen.keys("keyup", "space", "keyup", "alt", "keyup", "ctrl")
        assert pressed.next() == "talk up"
    assert hotkeys.state.status == states.until("off").status
    screen.press("ctrl+alt+k")
    assert pressed.none


def test_without_any_way_it_says_what_works_all_the_same(bound: Bound, pressed: Any) -> None:
    hotkeys = Hotkeys(bound(**KEYS), pressed, environment={}, platform="linux")
    assert hotkeys.state.status == "off"
    hotkeys.start()
    assert hotkeys.state.status == "none" and "`devos press KEYS`" in hotkeys.state.problem
    assert hotkeys.press("ctrl+alt+k").way == "command" and pressed.next() == "scale_web_app"
    assert hotkeys.press("ctrl+alt+k", asked_from=("sway", "devos")).asked_from == ("sway", "devos")
    hotkeys.close()


def test_without_bindings_nobody_listens(screen: VirtualScreen, pressed: Any) -> None:
    with listening((), pressed) as (hotkeys, _):
        assert hotkeys.state.status == "off"
        with pytest.raises(NoSuchKeys, match="There are: none"):
            hotkeys.press("mute")


def test_the_server_dies_and_comes_back(own_screen: VirtualScreen, bound: Bound, pressed: Any) -> None:
    with listening(bound(**KEYS), pressed) as (hotkeys, states):
        states.until("ready")
        own_screen.keys("keydown", "ctrl", "keydown", "alt", "keydown", "space")
        assert pressed.next() == "talk down"
        own_screen.kill()
        assert pressed.next() == "talk up"
        assert "The X server has gone" in states.until("lost").problem
        assert "does not answer" in states.until("lost").problem
        assert hotkeys.press("deploy").down and pressed.next() == "deploy"
        own_screen.start()
        assert states.until("ready").problem == ""
        own_screen.press("ctrl+alt+k")
        own_screen.spell("deploy")
        assert [pressed.next(), pressed.next()] == ["scale_web_app", "deploy"]


def test_a_server_that_comes_only_later_is_waited_for(own_screen: VirtualScreen, bound: Bound, pressed: Any) -> None:
    own_screen.kill()
    with listening(bound(**KEYS), pressed) as (_, states):
        assert "does not answer" in states.until("lost").problem
        own_screen.start()
        states.until("ready")
        own_screen.press("ctrl+alt+m")
        assert pressed.next() == "mute"


def test_what_cannot_come_by_waiting_is_not_waited_for(
    screen: VirtualScreen, bound: Bound, pressed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "Xlib", None)
    with listening(bound(**KEYS), pressed) as (hotkeys, states):
        assert "needs Xlib: pip install python-xlib" in states.until("none").problem
        assert hotkeys.press("mute").down


def test_a_key_of_another_program_is_a_problem_of_a_state_that_is_ready(
    screen: VirtualScreen, bound: Bound, pressed: Any
) -> None:
    with listening(bound(scale="ctrl+alt+k"), pressed) as (first, states):
        states.until("ready")
        with listening(bound(other="ctrl+alt+k", mute="ctrl+alt+m"), pressed) as (_, more):
            assert "Another program already has ctrl+alt+k (other)" in more.until("ready").problem
            assert not first.state.problem
            screen.press("ctrl+alt+k")
            screen.press("ctrl+alt+m")
            assert [pressed.next(), pressed.next()] == ["scale", "mute"] and pressed.none


def test_what_a_delivery_raises_is_logged_and_the_next_press_is_delivered(
    bound: Bound, caplog: pytest.LogCaptureFixture
) -> None:
    told = []

    def deliver(press: Press) -> None:
        told.append(press.binding.name)
        raise ZeroDivisionError

    hotkeys = Hotkeys(bound(**KEYS), deliver, environment={}, platform="linux")
    hotkeys.press("mute")
    hotkeys.press("deploy")
    assert told == ["mute", "deploy"] and "ctrl+alt+m was pressed, and could not be passed on" in caplog.text


class TestPressing:
    @pytest.fixture
    def hotkeys(self, bound: Bound, pressed: Any) -> Hotkeys:
        return Hotkeys(bound(**KEYS), pressed, environment={}, platform="linux")

    @pytest.mark.parametrize(
        ("keys", "name"),
        [
            ("ctrl+alt+k", "scale_web_app"),
            ("Alt+Ctrl+K", "scale_web_app"),
            ("Ctrl+Alt+Deploy", "deploy"),
            ("deploy", "deploy"),
            ("scale web-app", "scale_web_app"),
            (" Scale_Web_App ", "scale_web_app"),
            ("mute", "mute"),
        ],
    )
    def test_by_keys_or_by_name(self, hotkeys: Hotkeys, pressed: Any, keys: str, name: str) -> None:
        press = hotkeys.press(keys)
        assert (press.binding.name, press.down, press.way) == (name, True, "command")
        assert pressed.next() == name and pressed.none

    def test_the_talk_key_begins_and_ends(self, hotkeys: Hotkeys, pressed: Any) -> None:
        for keys in ("talk", "ctrl+alt+space", "talk"):
            hotkeys.press(keys)
        assert [pressed.next() for _ in range(3)] == ["talk down", "talk up", "talk down"]

    def test_the_talk_key_asks_whether_the_microphone_is_open(self, bound: Bound, pressed: Any) -> None:
        open_now = False
        hotkeys = Hotkeys(bound(**KEYS), pressed, environment={}, listening=lambda: open_now)
        hotkeys.press("talk")
        hotkeys.press("talk")  # a sentence ended by itself
        open_now = True
        hotkeys.press("talk")
        assert [pressed.next() for _ in range(3)] == ["talk down", "talk down", "talk up"]

    @pytest.mark.parametrize(
        ("keys", "told"),
        [
            ("ctrl+alt+j", r"No hotkey is ctrl\+alt\+j. There are: ctrl\+alt\+space \(talk\), ctrl\+alt\+m \(mute\)"),
            ("ctrl+alt+deplyo", r"No hotkey is ctrl\+alt\+deplyo. Did you mean 'ctrl\+alt\+deploy'\?"),
            ("ctrl+k+alt", "'alt' is held and so has to come before the key"),
            ("deplo", r"Nothing is called 'deplo'. Did you mean 'deploy'\?"),
            ("zzz", "Nothing is called 'zzz'. There are: "),
            ("", "Nothing is called ''. There are: "),
        ],
    )
    def test_what_is_bound_to_nothing_is_told_what_there_is(
        self, hotkeys: Hotkeys, pressed: Any, keys: str, told: str
    ) -> None:
        with pytest.raises(NoSuchKeys, match=told):
            hotkeys.press(keys)
        assert pressed.none


def test_a_talk_key_that_is_not_held_begins_and_ends_with_one_press_each(
    screen: VirtualScreen, bound: Bound, pressed: Any
) -> None:
    with listening(bound(**KEYS), pressed, hold=False) as (hotkeys, states):
        states.until("ready")
        for _ in range(3):
            screen.press("ctrl+alt+space")
        assert [pressed.next() for _ in range(3)] == ["talk down", "talk up", "talk down"]
        hotkeys.press("talk")
        assert pressed.next() == "talk up" and pressed.none


def test_who_watches_is_shown_the_keys_and_nothing_is_done_meanwhile(
    screen: VirtualScreen, bound: Bound, pressed: Any
) -> None:
    shown: queue.Queue[Press] = queue.Queue()
    with listening(bound(**KEYS), pressed) as (hotkeys, states):
        states.until("ready")
        hotkeys.press("talk")
        stop = hotkeys.watch(shown.put)
        screen.press("ctrl+alt+k")
        press = shown.get(timeout=SECONDS)
        assert (press.binding.name, press.way, press.down) == ("scale_web_app", "X11", True)
        hotkeys.press("talk")
        assert [pressed.next(), pressed.next()] == ["talk down", "talk up"], "what was begun before is ended"
        hotkeys.press("talk")
        assert pressed.none
        stop()
        stop()
        screen.press("ctrl+alt+m")
        assert pressed.next() == "mute" and shown.qsize() == 2


def test_letting_go_of_the_talk_key_ends_and_never_begins(bound: Bound) -> None:
    told: list[Press] = []
    open_now = [False]
    hotkeys = Hotkeys(bound(talk="ctrl+alt+space", mute="f9"), told.append, listening=lambda: open_now[0])
    assert not hotkeys.press("talk", release=True).down and not told
    open_now[0] = True
    assert not hotkeys.press("talk", release=True).down
    assert [press.down for press in told] == [False]
    with pytest.raises(NoSuchKeys, match="only the talk key is let go of"):
        hotkeys.press("mute", release=True)
    assert len(told) == 1
