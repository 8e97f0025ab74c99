"""A screen and a keyboard without hardware, and a note of what was pressed."""

from __future__ import annotations

import queue
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from virtual_screen import SECONDS, VirtualScreen, Window

from daemon.hotkeys.bindings import OWN, Binding, Kind
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.press import Press


@pytest.fixture
def bound() -> Callable[..., tuple[Binding, ...]]:
    """Makes bindings: bound(talk="ctrl+alt+space", scale="ctrl+alt+k"); those of DevOS itself have its kinds."""
    kinds: dict[str, Kind] = {kind: kind for kind in OWN}
    return lambda **keys: tuple(
        Binding(Chord.parse(text), name, kinds.get(name, "request")) for name, text in keys.items()
    )


class Pressed:
    """What was pressed, in order; to be handed over where a press is told to."""

    def __init__(self) -> None:
        self._presses: queue.Queue[Press] = queue.Queue()

    def __call__(self, press: Press) -> None:
        self._presses.put(press)

    def next(self) -> str:
        """Wait for the next one: "talk down", "talk up", or the request's name alone."""
        press = self._presses.get(timeout=SECONDS)
        what = f" {'down' if press.down else 'up'}" if press.binding.kind == "talk" else ""
        return press.binding.name + what

    @property
    def none(self) -> bool:
        """Whether nothing came since."""
        return self._presses.empty()


@pytest.fixture
def pressed() -> Pressed:
    return Pressed()


def _needs_programs() -> None:
    for program, package in {"Xvfb": "xvfb", "xdotool": "xdotool", "setxkbmap": "x11-xkb-utils"}.items():
        if not shutil.which(program):
            pytest.skip(f"install with: make system (it wants {package}, for a screen without hardware)")


@pytest.fixture(scope="session")
def _screen() -> Iterator[VirtualScreen]:
    _needs_programs()
    with VirtualScreen() as screen:
        yield screen


def _use(screen: VirtualScreen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
    for name, value in screen.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def screen(_screen: VirtualScreen, monkeypatch: pytest.MonkeyPatch) -> VirtualScreen:
    """A screen that this process uses too."""
    _use(_screen, monkeypatch)
    return _screen


@pytest.fixture
def own_screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualScreen]:
    """A screen of the test's own, to be changed or killed."""
    _needs_programs()
    with VirtualScreen() as screen:
        _use(screen, monkeypatch)
        yield screen


@pytest.fixture
def window(screen: VirtualScreen) -> Iterator[Any]:
    """The window in front."""
    with Window(screen) as window:
        yield window
