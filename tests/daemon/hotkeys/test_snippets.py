"""The configurations for desktops: run, or read as those desktops read them."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.snippets import DESKTOPS, snippet

DEVOS = ("/opt/dev os/bin/devos",)
TALK = Binding(Chord.parse("ctrl+alt+space"), "talk", "talk")
FREEZE = Binding(Chord.parse("ctrl+alt+shift+f"), "freeze", "freeze")
SCALE = Binding(Chord.parse("super+/"), "scale_deployment", "request")
DEPLOY = Binding(Chord.parse("ctrl+alt+deploy"), "deploy_service", "request")
AUDIT = Binding(Chord.parse("ctrl+alt+audit"), "audit_compliance", "request")
ALERTS = Binding(Chord.parse("ctrl+alt+alerts"), "list_alerts", "request")
ALL = (TALK, FREEZE, SCALE, DEPLOY, AUDIT, ALERTS)

# Knows the settings that it was given, as the real one does, and prints lists in its way.
GSETTINGS = f"""#!{sys.executable}
import json, pathlib, sys
file = pathlib.Path(__file__).with_name("settings.json")
known = json.loads(file.read_text()) if file.exists() else {{}}
do, schema, key, *value = sys.argv[1:]
if do == "get":
    print(known.get(schema + " " + key, "@as []"))
else:
    known[schema + " " + key] = value[0]
    file.write_text(json.dumps(known))
"""


def made(desktop: str, *bindings: Binding, hold: bool = True) -> str:
    return snippet(desktop, bindings or ALL, DEVOS, {"scale_deployment": "It's 'scaling'; $HOME stays."}, hold=hold)


class TestGnome:
    @pytest.fixture
    def gsettings(self, tmp_path: Path) -> Path:
        program = tmp_path / "gsettings"
        program.write_text(GSETTINGS)
        program.chmod(0o755)
        return program

    def run(self, gsettings: Path, text: str) -> dict[str, str]:
        path = f"{gsettings.parent}{os.pathsep}{os.environ['PATH']}"
        subprocess.run(["sh", "-eu"], input=text, text=True, check=True, env=os.environ | {"PATH": path}, timeout=60)
        return dict(json.loads(gsettings.with_name("settings.json").read_text()))

    def test_every_key_is_bound(self, gsettings: Path) -> None:
        settings = self.run(gsettings, made("gnome"))
        bound = {
            settings[name]: (shlex.split(settings[f"{name.rpartition(' ')[0]} command"]), settings[f"{where} name"])
            for name in settings
            if name.endswith(" binding") and (where := name.rpartition(" ")[0])
        }
        assert {keys: command[1:] for keys, (command, _) in bound.items()} == {
            "<Control><Alt>space": ["press", "talk"],
            "<Control><Alt><Shift>f": ["press", "freeze"],
            "<Super>slash": ["press", "scale_deployment"],
            "<Control><Alt>d": ["press", "deploy_service"],
            "<Control><Alt>a": ["press", "talk"],
        }
        assert {command[0] for command, _ in bound.values()} == set(DEVOS)
        assert bound["<Super>slash"][1] == "DevOS: It's 'scaling'; $HOME stays."
        assert bound["<Control><Alt>a"][1] == "DevOS: Talk, and say one of: audit compliance, list alerts"

    def test_what_is_there_already_stays_and_nothing_doubles(self, gsettings: Path) -> None:
        key = "org.gnome.settings-daemon.plugins.media-keys custom-keybindings"
        gsettings.with_name("settings.json").write_text(json.dumps({key: "['/mine/']"}))
        once = self.run(gsettings, made("gnome"))
        assert self.run(gsettings, made("gnome")) == once
        paths = re.findall(r"'([^']*)'", once[key])
        assert paths[0] == "/mine/" and len(paths) == len(set(paths)) == 6
        assert all(f"{key.split()[0]}.custom-keybinding:{each} binding" in once for each in paths[1:])


class TestKde:
    def test_the_file_that_plasma_reads(self, tmp_path: Path) -> None:
        environment = os.environ | {"XDG_DATA_HOME": str(tmp_path)}
        for _ in range(2):
            subprocess.run(["sh", "-eu"], input=made("kde"), text=True, check=True, env=environment, timeout=60)
        (file,) = (tmp_path / "kglobalaccel").iterdir()
        assert file.stat().st_mode & stat.S_IXUSR, "Plasma starts nothing that is not executable"
        entry = configparser.RawConfigParser()
        entry.read(file)
        actions = entry["Desktop Entry"]["actions"].rstrip(";").split(";")
        assert "nodisplay" not in entry["Desktop Entry"], "Plasma 5 leaves those out"
        sections = [entry[f"Desktop Action {each}"] for each in actions]
        assert {each["x-kde-shortcuts"]: shlex.split(each["exec"]) for each in sections} == {
            "Ctrl+Alt+Space": [*DEVOS, "press", "talk"],
            "Ctrl+Alt+Shift+F": [*DEVOS, "press", "freeze"],
            "Meta+/": [*DEVOS, "press", "scale_deployment"],
            "Ctrl+Alt+D": [*DEVOS, "press", "deploy_service"],
            "Ctrl+Alt+A": [*DEVOS, "press", "talk"],
        }
        assert [each["name"] for each in sections][2] == "It's 'scaling'; $HOME stays."

    def test_the_comma_cannot_be_named(self) -> None:
        text = made("kde", Binding(Chord.parse("ctrl+alt+,"), "list_alerts", "request"))
        assert "X-KDE-Shortcuts" not in text and "# list_alerts: Plasma's file cannot name the comma key" in text


class Compositor:
    """Keys pressed under a configuration of modes: which commands run, and which mode is on at the end."""

    def __init__(self, keys: dict[tuple[str, str], list[tuple[str, str]]]) -> None:
        self._keys = keys
        self.mode = "default"
        self.ran: list[list[str]] = []

    def press(self, *keys: str) -> None:
        for key in keys:
            for what, argument in self._keys.get((self.mode, key), []):
                if what == "run":
                    self.ran.append(shlex.split(argument))
            to = [argument for what, argument in self._keys.get((self.mode, key), []) if what == "mode"]
            self.mode = to[-1] if to else self.mode


def sway(text: str) -> Compositor:
    keys: dict[tuple[str, str], list[tuple[str, str]]] = {}
    mode = "default"
    for line in text.splitlines():
        if found := re.fullmatch(r'mode "([\w-]+)" \{', line):
            mode = found[1]
        elif line == "}":
            mode = "default"
        elif found := re.fullmatch(r" *bindsym( --no-repeat| --release)? (\S+) (.*)", line):
            key = f"release {found[2]}" if found[1] == " --release" else found[2]
            assert (mode, key) not in keys, "Sway refuses what is bound twice"
            keys[mode, key] = []
            for command in found[3].split("; "):
                verb, _, argument = command.partition(" ")
                keys[mode, key].append(("run", argument) if verb == "exec" else ("mode", argument.strip('"')))
        else:
            assert line.startswith("#"), line
    return Compositor(keys)


def hyprland(text: str) -> Compositor:
    keys: dict[tuple[str, str], list[tuple[str, str]]] = {}
    mode = "default"
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        keyword, _, value = line.partition(" = ")
        if keyword == "submap":
            mode = "default" if value == "reset" else value
            continue
        held, key, dispatcher, argument = value.split(", ", 3)
        name = "+".join([*held.split(), key])
        name = f"release {name}" if keyword == "bindr" else name
        what = ("run", argument) if dispatcher == "exec" else ("mode", "default" if argument == "reset" else argument)
        keys.setdefault((mode, name), []).append(what)
    return Compositor(keys)


@pytest.mark.parametrize(
    ("read", "desktop", "held", "others"),
    [(sway, "sway", "Ctrl+Alt+", "Mod4+slash"), (hyprland, "hyprland", "CTRL+ALT+", "SUPER+slash")],
)
class TestModes:
    def test_single_keys(self, read: Callable[[str], Compositor], desktop: str, held: str, others: str) -> None:
        keyboard = read(made(desktop))
        keyboard.press(others, held + "space", f"release {held}space")
        assert keyboard.ran == [
            [*DEVOS, "press", "scale_deployment"],
            [*DEVOS, "press", "talk"],
            [*DEVOS, "press", "talk", "--release"],
        ]

    def test_a_talk_key_that_is_not_held(
        self, read: Callable[[str], Compositor], desktop: str, held: str, others: str
    ) -> None:
        keyboard = read(made(desktop, hold=False))
        keyboard.press(held + "space", f"release {held}space")
        assert keyboard.ran == [[*DEVOS, "press", "talk"]]

    @pytest.mark.parametrize(
        ("word", "name"), [("deploy", "deploy_service"), ("audit", "audit_compliance"), ("alerts", "list_alerts")]
    )
    def test_words_are_spelled(
        self, read: Callable[[str], Compositor], desktop: str, held: str, others: str, word: str, name: str
    ) -> None:
        keyboard = read(made(desktop))
        keyboard.press(*(held + letter for letter in word))
        assert keyboard.ran == [[*DEVOS, "press", name]] and keyboard.mode == "default"
        keyboard.press(held + word[0], *word[1:])
        assert keyboard.ran == [[*DEVOS, "press", name]] * 2 and keyboard.mode == "default"

    @pytest.mark.parametrize("keys", ["", "e", "ep"])
    def test_escape_leaves_a_word(
        self, read: Callable[[str], Compositor], desktop: str, held: str, others: str, keys: str
    ) -> None:
        for escape in ("Escape", held + "Escape"):
            keyboard = read(made(desktop))
            keyboard.press(held + "d", *keys, escape)
            assert keyboard.mode == "default" and not keyboard.ran


def test_a_shared_letter_without_a_talk_key_is_left_out() -> None:
    for desktop in ("gnome", "kde"):
        assert "press" not in made(desktop, AUDIT, ALERTS).replace("X-KDE", "").partition("devos_key() {")[2]


@pytest.mark.parametrize("desktop", DESKTOPS)
def test_who_cannot_hold_the_talk_key_is_told(desktop: str) -> None:
    assert ("Talk is pressed once" in made(desktop)) == (desktop in ("gnome", "kde"))
    assert "Talk is pressed once" not in made(desktop, hold=False)


def test_what_the_compositors_would_read_into_a_path() -> None:
    command = ("/opt/$dev#os/devos",)
    assert "exec '/opt/$$dev#os/devos' press talk" in snippet("sway", (TALK,), command, {}, hold=False)
    assert "exec, '/opt/$dev##os/devos' press talk" in snippet("hyprland", (TALK,), command, {}, hold=False)
