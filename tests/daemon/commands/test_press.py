"""press: a hotkey by command."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from daemon.commands import press

app = typer.Typer(rich_markup_mode=None)
press.add_to(app)


@app.callback()
def _devos() -> None:
    """Have more than one command, as `devos` has."""


@dataclass
class Place:
    """A DEVOS_HOME, and a daemon's socket in it that answers once."""

    home: Path
    asked: list[dict[str, Any]] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def devos(self, *words: str) -> Result:
        return CliRunner().invoke(app, words, env={"DEVOS_HOME": str(self.home)}, catch_exceptions=False)

    def answers(self, *lines: dict[str, Any]) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self.home / "devos.sock"))
        server.listen()

        def serve() -> None:
            with server:
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as asked:
                    self.asked.append(json.loads(asked.readline()))
                    connection.sendall(b"".join(json.dumps(each).encode() + b"\n" for each in (*lines, {"end": True})))

        self._threads.append(threading.Thread(target=serve))
        self._threads[-1].start()

    def close(self) -> None:
        for each in self._threads:
            each.join(20)


@pytest.fixture
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="devos-") as folder:  # a socket's path has a hundred characters only
        made = Place(Path(folder))
        yield made
        made.close()


def test_pressing(place: Place) -> None:
    place.answers({"pressed": "scale_deployment", "says": "Listening: scale a \x1b[31mdeployment."})
    found = place.devos("press", "Ctrl+Alt+K")
    assert (found.exit_code, found.stdout) == (0, "Listening: scale a deployment.\n")
    assert place.asked == [{"do": "press", "keys": "Ctrl+Alt+K"}]


def test_letting_go(place: Place) -> None:
    place.answers({"pressed": "talk", "down": False})
    found = place.devos("press", "talk", "--release")
    assert (found.exit_code, found.stdout) == (0, "talk was let go of.\n")
    assert place.asked == [{"do": "press", "keys": "talk", "release": True}]


def test_json(place: Place) -> None:
    place.answers({"pressed": "mute", "says": "The microphone is closed."})
    assert json.loads(place.devos("press", "mute", "--json").stdout) == {
        "pressed": "mute",
        "says": "The microphone is closed.",
    }


def test_what_the_daemon_refuses(place: Place) -> None:
    place.answers({"error": {"text": "Which deployment?", "code": 5, "missing": ["deployment"]}})
    found = place.devos("press", "ctrl+alt+k", "--json")
    assert found.exit_code == 5 and json.loads(found.stdout)["missing"] == ["deployment"]


def test_no_daemon(place: Place) -> None:
    found = place.devos("press", "talk")
    assert found.exit_code == 1 and "DevOS is not running" in found.stderr


@pytest.mark.parametrize(
    "words", [(), ("talk", "--list"), ("--list", "--snippet", "sway"), ("--release",), ("--list", "--release")]
)
def test_one_thing_at_a_time(place: Place, words: tuple[str, ...]) -> None:
    found = place.devos("press", *words)
    assert found.exit_code == 2 and "Name the keys to press" in found.stderr


def test_the_list(place: Place) -> None:
    (place.home / "config.toml").write_text('[hotkeys]\ntalk = ""\n[hotkeys.requests]\nscale_deployment = "f9"\n')
    lines = place.devos("press", "--list").stdout.splitlines()
    assert not [each for each in lines if "talk" in each]
    assert [each.split()[:2] for each in lines if each.startswith(("f9", "ctrl+alt+deploy"))] == [
        ["ctrl+alt+deploy", "deploy_service"],
        ["f9", "scale_deployment"],
    ]
    rows = {each["name"]: each for each in json.loads(place.devos("press", "--list", "--json").stdout)}
    assert rows["deploy_service"] == {
        "keys": "ctrl+alt+deploy",
        "name": "deploy_service",
        "kind": "request",
        "does": rows["deploy_service"]["does"],
        "how": "hold Ctrl+Alt and spell d-e-p-l-o-y",
    }
    assert rows["freeze"]["does"] == "Stop every change at once"


def test_no_hotkey_at_all(place: Place) -> None:
    requests = "".join(f'{each} = ""\n' for each in _requests(place))
    (place.home / "config.toml").write_text(
        f'[hotkeys]\ntalk = ""\nmute = ""\nstop = ""\nfreeze = ""\n[hotkeys.requests]\n{requests}'
    )
    assert "No hotkey is bound" in place.devos("press", "--list").stdout
    assert place.devos("press", "--list", "--json").stdout == "[]\n"


def _requests(place: Place) -> list[str]:
    rows = json.loads(place.devos("press", "--list", "--json").stdout)
    return [each["name"] for each in rows if each["kind"] == "request"]


@pytest.mark.parametrize("words", [("--list",), ("--snippet", "gnome")])
@pytest.mark.parametrize(
    ("text", "said"), [("[hotkeys]\ntalk = 'ctrl'\n", "hotkeys.talk"), ("[hotkeys]\ntlak = 'f9'\n", "Did you mean")]
)
def test_wrong_settings(place: Place, words: tuple[str, ...], text: str, said: str) -> None:
    (place.home / "config.toml").write_text(text)
    found = place.devos("press", *words)
    assert found.exit_code == 2 and said in found.stderr and not found.stdout


@pytest.mark.parametrize("desktop", ["gnome", "KDE", "sway", "hyprland"])
def test_snippets(place: Place, desktop: str) -> None:
    text = place.devos("press", "--snippet", desktop).stdout
    assert f"DEVOS_HOME={place.home}" in text and "scale_deployment" in text
    assert json.loads(place.devos("press", "--snippet", desktop, "--json").stdout) == {
        "desktop": desktop.lower(),
        "snippet": text,
    }


def test_no_such_desktop(place: Place) -> None:
    found = place.devos("press", "--snippet", "windows")
    assert found.exit_code == 2 and "there are: gnome, kde, sway, hyprland" in found.stderr


def test_the_desktops_are_those_that_there_are_snippets_for() -> None:
    from daemon.hotkeys.snippets import DESKTOPS

    assert tuple(DESKTOPS) == press.DESKTOPS


@pytest.fixture
def completed(place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """What the shell offers after these words."""

    def offered(*words: str) -> list[str]:
        line = " ".join(("devos", "press", *words))
        variables = {"_DEVOS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) + 1)}
        for name, value in {**variables, "DEVOS_HOME": str(place.home)}.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(app, prog_name="devos").stdout.split()

    return offered


def test_the_shell_completes(place: Place, completed: Callable[..., list[str]]) -> None:
    assert "talk" in completed("ta") and "ctrl+alt+deploy" in completed("ctrl+alt+d")
    assert completed("--snippet", "s") == ["sway"]
    (place.home / "config.toml").write_text("[nonsense")
    assert completed("ta") == []
