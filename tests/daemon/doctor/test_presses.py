"""Where the proof of hotkeys has its presses from: the running daemon, and the terminal."""

from __future__ import annotations

import json
import os
import pty
import queue
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.doctor.presses import Arrived, Broken, Happening, Ready, Skip, by_daemon, by_terminal, running

LIMIT = 20.0
READY = {"hotkeys": {"status": "ready", "way": "X11", "problem": ""}}
PRESS = {"name": "mute", "keys": "ctrl+alt+m", "down": True, "way": "X11", "at": 12.5}


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="devos-") as made:  # a socket's path has a hundred characters only
        yield Path(made)


@pytest.fixture
def daemon(folder: Path) -> Iterator[Callable[..., list[Any]]]:
    """Puts a daemon's socket into the folder, which says how the hotkeys are, and shows what is pressed."""
    threads: list[threading.Thread] = []

    def answer(senses: dict[str, Any], *lines: dict[str, Any]) -> list[Any]:
        asked: list[Any] = []
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(folder / "devos.sock"))
        server.listen()

        def serve() -> None:
            with server:
                for answers in ([senses, {"end": True}], lines)[: 2 if lines else 1]:
                    connection, _ = server.accept()
                    with connection, connection.makefile("rb") as questions:
                        asked.append(json.loads(questions.readline()))
                        connection.sendall(b"".join(json.dumps(each).encode() + b"\n" for each in answers))

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return asked

    yield answer
    for each in threads:
        each.join(LIMIT)


def told(folder: Path, how_many: int) -> list[Happening]:
    happenings: queue.Queue[Happening] = queue.Queue()
    with by_daemon(folder)(happenings.put):
        return [happenings.get(timeout=LIMIT) for _ in range(how_many)]


def test_what_the_daemon_tells(folder: Path, daemon: Callable[..., list[Any]]) -> None:
    released = {**PRESS, "down": False}
    asked = daemon(READY, {"watching": True, "way": "X11"}, {"press": released}, {"press": PRESS}, {"end": True})
    assert told(folder, 3) == [
        Ready("X11", ""),
        Arrived("mute", "ctrl+alt+m", "X11", 12.5),
        Broken("DevOS tells of no more presses."),
    ]
    assert asked == [{"do": "senses"}, {"do": "keys"}]


def test_what_does_not_work_although_the_rest_does(folder: Path, daemon: Callable[..., list[Any]]) -> None:
    state = {"hotkeys": {"status": "ready", "way": "X11", "problem": "Another program has F9."}}
    daemon(state, {"watching": True, "way": "X11"})
    assert told(folder, 1) == [Ready("X11", "Another program has F9.")]


def test_what_is_not_known_is_passed_over(folder: Path, daemon: Callable[..., list[Any]]) -> None:
    daemon(READY, {"weather": "fine"}, {"press": {**PRESS, "way": "X\x1b[31m11"}})
    assert told(folder, 1) == [Arrived("mute", "ctrl+alt+m", "X11", 12.5)]


@pytest.mark.parametrize(
    ("problem", "said"), [("There is no display.", "There is no display."), ("", "does not listen to hotkeys")]
)
def test_a_daemon_without_hotkeys(folder: Path, daemon: Callable[..., list[Any]], problem: str, said: str) -> None:
    daemon({"hotkeys": {"status": "none", "way": "", "problem": problem}})
    (only,) = told(folder, 1)
    assert isinstance(only, Broken) and said in only.text


def test_a_daemon_that_refuses(folder: Path, daemon: Callable[..., list[Any]]) -> None:
    daemon(READY, {"error": {"text": "The hotkeys are off.", "code": 1}})
    assert told(folder, 1) == [Broken("The hotkeys are off.")]


def test_a_daemon_that_goes_away(folder: Path, daemon: Callable[..., list[Any]]) -> None:
    daemon(READY, {"watching": True, "way": "X11"})
    ready, gone = told(folder, 2)
    assert ready == Ready("X11", "") and isinstance(gone, Broken) and "went away" in gone.text


def test_whether_one_runs(folder: Path) -> None:
    assert not running(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "devos.sock"))
        assert not running(folder), "left behind by one that was killed"
        server.listen()
        assert running(folder)


def test_what_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    import termios

    here, there = pty.openpty()
    happenings: queue.Queue[Happening] = queue.Queue()
    with os.fdopen(there) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(there)
        with by_terminal(happenings.put):
            for typed in (b"\n", b"\x1b"):
                os.write(here, typed)
                assert happenings.get(timeout=LIMIT) == Skip()
        assert termios.tcgetattr(there) == before
        assert happenings.empty()
    os.close(here)


def test_no_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    happenings: queue.Queue[Happening] = queue.Queue()
    with (tmp_path / "file").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        with by_terminal(happenings.put):
            pass
    assert happenings.empty()
