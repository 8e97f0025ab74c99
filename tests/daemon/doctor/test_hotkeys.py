"""Proving hotkeys with a person who presses what is asked for, or something else."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from virtual_screen import VirtualScreen

from daemon.doctor.hotkeys import proved
from daemon.doctor.presses import Arrived, Broken, Happening, Ready, Skip, Tell
from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord

TALK = Binding(Chord.parse("ctrl+alt+space"), "talk", "talk")
SCALE = Binding(Chord.parse("ctrl+alt+k"), "scale_deployment", "request")
DEPLOY = Binding(Chord.parse("ctrl+alt+deploy"), "deploy_service", "request")
ALL = (TALK, SCALE, DEPLOY)
LIMIT = 60.0


class Person:
    """Reads what is shown, and answers each request for a key."""

    def __init__(self, **answers: list[Happening]) -> None:
        self.shown: list[str] = []
        self.first: Happening = Ready("X11", "")
        self._answers = answers
        self._tell: Tell = lambda _: None

    @contextmanager
    def source(self, tell: Tell) -> Iterator[None]:
        self._tell = tell
        tell(self.first)
        yield
        self._tell = lambda _: None

    def reads(self, text: str) -> None:
        self.shown.append(text)
        for each in self._answers.get(text.strip().partition(":")[0], []):
            self._tell(each)

    def proves(self, *bindings: Binding, json: bool = False, patience: float = LIMIT) -> int:
        return proved(bindings or ALL, [self.source], self.reads, json=json, patience=patience, clock=lambda: 100.0042)


def arrived(binding: Binding, way: str = "X11") -> Arrived:
    return Arrived(binding.name, binding.chord.text, way, 100.0)


def test_every_key_arrives() -> None:
    person = Person(talk=[arrived(TALK)], scale_deployment=[arrived(SCALE)], deploy_service=[arrived(DEPLOY)])
    assert person.proves() == 0
    assert "\ntalk: hold Ctrl+Alt and press the Space key" in person.shown
    assert "\ndeploy_service: hold Ctrl+Alt and spell d-e-p-l-o-y" in person.shown
    assert person.shown[-1].splitlines()[1:] == [
        "keys             stands for                 way  ms",
        "ctrl+alt+space   talk              arrived  X11  4.2",
        "ctrl+alt+k       scale_deployment  arrived  X11  4.2",
        "ctrl+alt+deploy  deploy_service    arrived  X11  4.2",
    ]


def test_another_key_than_the_one_asked_for() -> None:
    person = Person(talk=[arrived(SCALE), arrived(TALK)])
    assert person.proves(TALK) == 0
    assert "  that was ctrl+alt+k (scale_deployment); please try again" in person.shown


def test_the_first_letter_of_a_word_is_how_the_portal_has_it() -> None:
    shared = Arrived("talk", "ctrl+alt+d", "portal", 100.0)
    person = Person(deploy_service=[shared])
    assert person.proves(DEPLOY) == 0
    assert any("its first letter; the word is then said" in each for each in person.shown)


def test_a_key_that_is_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    person = Person(talk=[Skip()], scale_deployment=[arrived(SCALE)])
    assert person.proves(TALK, SCALE, json=True) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "talk", "keys": "ctrl+alt+space", "status": "skipped", "way": "", "ms": None},
        {"name": "scale_deployment", "keys": "ctrl+alt+k", "status": "arrived", "way": "X11", "ms": 4.2},
    ]


def test_nothing_is_proved_by_skipping() -> None:
    assert Person(talk=[Skip()]).proves(TALK) == 1


def test_a_key_that_does_not_arrive() -> None:
    person = Person(talk=[arrived(TALK)])
    assert person.proves(TALK, SCALE, patience=0.01) == 1
    assert person.shown[-1].splitlines()[-1] == "ctrl+alt+k      scale_deployment  missing"


def test_presses_that_cannot_come_in() -> None:
    person = Person()
    person.first = Broken("There is no display.")
    assert person.proves() == 1
    assert person.shown[0] == "There is no display." and person.shown[-1].count("missing") == 3


def test_a_way_that_never_begins() -> None:
    person = Person()
    person.first = Skip()
    assert person.proves(patience=0.01) == 1
    assert "not ready" in person.shown[0]


def test_a_way_that_dies_meanwhile() -> None:
    person = Person(talk=[arrived(TALK)], scale_deployment=[Broken("The X server has gone.")])
    assert person.proves() == 1
    assert "The X server has gone." in person.shown and person.shown[-1].count("missing") == 2


def test_what_does_not_work_is_said_first() -> None:
    person = Person(talk=[arrived(TALK)])
    person.first = Ready("portal", "The desktop has not bound ctrl+alt+m (mute).")
    assert person.proves(TALK) == 0
    assert person.shown[0].startswith("The hotkeys come by way of: portal.")
    assert person.shown[1] == "The desktop has not bound ctrl+alt+m (mute)."


def test_ctrl_c_ends_and_shows_what_was_proved() -> None:
    person = Person(talk=[arrived(TALK)])

    def reads(text: str) -> None:
        person.reads(text)
        if text.startswith("\nscale"):
            raise KeyboardInterrupt

    assert proved(ALL, [person.source], reads, patience=LIMIT) == 0
    assert person.shown[-1].count("arrived") == 1 and person.shown[-1].count("skipped") == 2


class Doctor:
    """`prove` in a process and at a terminal of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self._here, there = pty.openpty()
        script = (
            f"from pathlib import Path\nfrom daemon.doctor.hotkeys import prove\nexit(prove(Path({str(folder)!r})))"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=there,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **environment},
        )
        os.close(there)

    def reads(self, text: str) -> None:
        assert self._process.stdout
        lines = []
        while text not in (line := self._process.stdout.readline()):
            lines.append(line)
            assert line, f"{text!r} was never shown, but {lines}"

    def types(self, text: str) -> None:
        os.write(self._here, text.encode())

    def end(self) -> tuple[int, str]:
        out, _ = self._process.communicate(timeout=LIMIT)
        return self._process.returncode, out

    def close(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=LIMIT)
        os.close(self._here)


@pytest.fixture
def doctor(tmp_path: Path) -> Iterator[Callable[..., Doctor]]:
    made: list[Doctor] = []

    def start(**environment: str) -> Doctor:
        made.append(Doctor(tmp_path, **environment))
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_on_a_real_keyboard(doctor: Callable[..., Doctor]) -> None:
    if not all(map(shutil.which, ("Xvfb", "xdotool", "setxkbmap"))):
        pytest.skip("install with: make system (it wants xvfb and xdotool, for a screen without hardware)")
    with VirtualScreen() as screen:
        started = doctor(**screen.environment, WAYLAND_DISPLAY="", XDG_SESSION_TYPE="")
        started.reads("The hotkeys come by way of: X11.")
        started.reads("talk: hold Ctrl+Alt and press the Space key")
        screen.press("ctrl+alt+space")
        started.reads("  arrived by X11 in ")
        started.reads("mute: hold Ctrl+Alt and press M")
        started.types("\n")
        started.reads("  skipped")
        started.reads("stop: ")
        started.types("\x1bs")  # a terminal's own Alt+S
        started.types("\x1b")
        started.reads("  skipped")
        started.reads("freeze: ")
        started.types("\x1b")
        started.reads("deploy_service: hold Ctrl+Alt and spell d-e-p-l-o-y")
        screen.spell("deploy")
        started.reads("  arrived by X11 in ")
        started.reads("scale_deployment: ")
        screen.press("ctrl+alt+k")
        code, out = started.end()
    assert code == 0 and out.count("arrived") == 4 and out.count("skipped") == 3


def test_without_any_way(doctor: Callable[..., Doctor]) -> None:
    code, out = doctor(DISPLAY="", WAYLAND_DISPLAY="", XDG_SESSION_TYPE="").end()
    assert code == 1 and out.count("neither X11 nor Wayland nor macOS") == 1


def test_wrong_settings(doctor: Callable[..., Doctor], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[hotkeys]\ntalk = 'f9'\nmute = 'f9'\n")
    code, out = doctor().end()
    assert code == 2 and "the talk key and the mute key have the same keys" in out
