"""The macOS way, against a stand-in for pynput and the system beneath it: this is no Mac."""

from __future__ import annotations

import enum
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.macos import MacOS
from daemon.hotkeys.press import Press
from daemon.hotkeys.way import NoHotkeys, Way

DOWN, UP, CHANGED, SWITCHED_OFF = 10, 11, 12, 0xFFFFFFFE
LIMIT = 20.0
LAYOUT = {"k": 40, "d": 2, "e": 14, "p": 35, "l": 37, "o": 31, "y": 16, "q": 12, "é": 99}


@dataclass(frozen=True)
class KeyCode:
    """A key that is no special one; its character is whatever Option made of it."""

    vk: int | None
    char: str | None = None


class Key(enum.Enum):
    ctrl = KeyCode(0x3B)
    ctrl_r = KeyCode(0x3E)
    alt = KeyCode(0x3A)
    shift = KeyCode(0x38)
    cmd = KeyCode(0x37)
    space = KeyCode(0x31, " ")
    esc = KeyCode(0x35)
    page_up = KeyCode(0x74)
    caps_lock = KeyCode(0x39)


class Listener(threading.Thread):
    """As pynput's on macOS: a thread on which each event is told of, and which asks whether it goes on."""

    begins = True
    fails_at_once = False

    def __init__(self, on_press: Any, on_release: Any, darwin_intercept: Any) -> None:
        super().__init__(daemon=True)
        self._on_press, self._on_release, self._intercept = on_press, on_release, darwin_intercept
        self._ready = threading.Event()
        self._events: queue.Queue[Any] = queue.Queue()
        self._error: Exception | None = None

    def run(self) -> None:
        if not self.begins:
            self._ready.set()
            return
        if self.fails_at_once:
            self._error = OSError("no keyboard layout")
            return
        self._ready.set()
        while (item := self._events.get()) is not None:
            kind, key, told = item
            event = object()
            try:
                if kind != SWITCHED_OFF:
                    (self._on_press if kind == DOWN else self._on_release)(key)
                told.put(self._intercept(CHANGED if key in HELD else kind, event) is event)
            except Exception as error:
                self._error = error
                told.put(True)
                return

    def wait(self) -> None:
        self._ready.wait()

    def stop(self) -> None:
        self._events.put(None)

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        if self._error:
            raise self._error

    def happens(self, kind: int, key: Any) -> bool:
        """Let a key come from the keyboard; returns whether the window in front gets it."""
        told: queue.Queue[bool] = queue.Queue()
        self._events.put((kind, key, told))
        return told.get(timeout=LIMIT)


HELD = (Key.ctrl, Key.ctrl_r, Key.alt, Key.shift, Key.cmd)


class Mac:
    """A Mac's keyboard."""

    def __init__(self) -> None:
        self.listener: Listener | None = None
        self.trusted = True
        self.presses: queue.Queue[Press] = queue.Queue()
        self.deaths: queue.Queue[str] = queue.Queue()
        self.ways: list[MacOS] = []

    def listening(self, *bindings: Binding, deliver: Callable[[Press], None] | None = None) -> MacOS:
        made = MacOS(
            bindings or (TALK, SCALE, DEPLOY, SEARCH), deliver or self.presses.put, self.deaths.put, seconds=2.0
        )
        self.ways.append(made)
        made.start()
        return made

    def make(self, **options: Any) -> Listener:
        self.listener = Listener(**options)
        return self.listener

    def press(self, *keys: Any) -> list[bool]:
        assert self.listener
        return [self.listener.happens(DOWN, each) for each in keys]

    def release(self, *keys: Any) -> list[bool]:
        assert self.listener
        return [self.listener.happens(UP, each) for each in keys]

    def told(self) -> list[tuple[str, bool]]:
        """What was pressed so far; every event was dealt with before this is asked."""
        found = []
        while not self.presses.empty():
            press = self.presses.get()
            assert press.way == "macOS"
            found.append((press.binding.name, press.down))
        return found


TALK = Binding(Chord.parse("ctrl+alt+space"), "talk", "talk")
SCALE = Binding(Chord.parse("ctrl+alt+k"), "scale_deployment", "request")
DEPLOY = Binding(Chord.parse("ctrl+alt+deploy"), "deploy_service", "request")
SEARCH = Binding(Chord.parse("cmd+shift+pageup"), "search", "request")


def letter(character: str) -> KeyCode:
    return KeyCode(LAYOUT[character], "˚")  # whatever Control and Option make of it


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mac]:
    made = Mac()
    modules = {
        "pynput.keyboard": SimpleNamespace(Listener=made.make),
        "pynput._util.darwin": SimpleNamespace(get_unicode_to_keycode_map=lambda: LAYOUT),
        "HIServices": SimpleNamespace(AXIsProcessTrusted=lambda: made.trusted),
    }
    for name, contents in modules.items():
        module = ModuleType(name)
        vars(module).update(vars(contents))
        monkeypatch.setitem(sys.modules, name, module)
    yield made
    for way in made.ways:
        way.close()


def test_a_hotkey_arrives_and_goes_no_further(mac: Mac) -> None:
    way: Way = mac.listening()
    assert (way.name, way.problem) == ("macOS", "")
    assert mac.press(Key.ctrl, Key.alt, letter("k")) == [True, True, False]
    assert mac.press(letter("k")) == [False], "nor does what it repeats"
    assert mac.release(letter("k"), Key.alt, Key.ctrl) == [False, True, True]
    assert mac.told() == [("scale_deployment", True)]


def test_a_word_is_spelled_with_the_modifiers_held(mac: Mac) -> None:
    mac.listening()
    mac.press(Key.ctrl_r, Key.alt)
    for each in "deploy":
        assert mac.press(letter(each)) == [False]
        assert mac.release(letter(each)) == [False]
    assert mac.told() == [("deploy_service", True)]


def test_escape_gives_the_word_up(mac: Mac) -> None:
    mac.listening()
    mac.press(Key.ctrl, Key.alt, letter("d"))
    assert mac.press(Key.esc) == [False] and mac.release(Key.esc) == [False]
    mac.release(letter("d"), Key.alt, Key.ctrl)
    assert mac.press(Key.esc) == [True]
    assert not mac.told()


def test_everything_else_goes_on(mac: Mac) -> None:
    mac.listening()
    keys = (letter("k"), letter("q"), Key.space, Key.caps_lock, KeyCode(None), None)
    assert all(mac.press(*keys)) and all(mac.release(*keys))
    assert mac.press(Key.ctrl, letter("k")) == [True, True]
    assert not mac.told()


def test_the_talk_key_is_held(mac: Mac) -> None:
    mac.listening()
    mac.press(Key.ctrl, Key.alt, Key.space)
    assert mac.told() == [("talk", True)]
    mac.release(Key.space)
    assert mac.told() == [("talk", False)]


def test_command_is_super_and_keys_have_their_names(mac: Mac) -> None:
    mac.listening()
    mac.press(Key.cmd, Key.shift, Key.page_up)
    assert mac.told() == [("search", True)]


def test_without_the_permission_it_says_where_it_is_given(mac: Mac) -> None:
    mac.trusted = False
    with pytest.raises(NoHotkeys, match=r"Privacy & Security → Accessibility.*Input Monitoring.*devos press") as no:
        mac.listening()
    assert no.value.again and mac.listener is None


@pytest.mark.parametrize("how", ["begins", "fails_at_once"])
def test_a_listener_that_never_begins(mac: Mac, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(Listener, how, how != "begins")
    with pytest.raises(NoHotkeys, match="Accessibility"):
        mac.listening()
    assert mac.deaths.empty()
    assert mac.listener
    mac.listener._ready.set()


def test_no_pynput(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "HIServices", None)
    with pytest.raises(NoHotkeys, match="Keys cannot be heard here") as no:
        mac.listening()
    assert not no.value.again


def test_macos_switches_it_off(mac: Mac) -> None:
    mac.listening()
    mac.press(Key.ctrl, Key.alt, Key.space)
    assert mac.listener
    assert mac.listener.happens(SWITCHED_OFF, None)
    assert mac.deaths.get(timeout=LIMIT) == "macOS switched the listening for keys off."
    assert mac.told() == [("talk", True), ("talk", False)], "nobody may be thought to go on talking"
    mac.ways[0].close()
    assert mac.deaths.empty()


def test_it_ends_by_itself(mac: Mac) -> None:
    mac.listening()
    assert mac.listener
    mac.listener.stop()
    assert mac.deaths.get(timeout=LIMIT) == "macOS ended the listening for keys."


def test_an_exception_is_its_death(mac: Mac) -> None:
    def refuse(press: Press) -> None:
        raise RuntimeError(press.binding.name)

    mac.listening(deliver=refuse)
    mac.press(Key.ctrl, Key.alt, letter("k"))
    assert mac.deaths.get(timeout=LIMIT) == "Listening for keys failed (RuntimeError)."


def test_closing_tells_nothing_more(mac: Mac) -> None:
    way = mac.listening()
    way.close()
    way.close()
    assert mac.listener and not mac.listener.is_alive()
    assert mac.deaths.empty()


def test_closing_before_it_was_started() -> None:
    MacOS((TALK,), lambda _: None, lambda _: None, seconds=2.0).close()
