"""One finding, and the machine that it is about."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from daemon.doctor.check import Check, Machine, bounded, troubled


@contextmanager
def daemon(home: Path, answer: dict[str, Any]) -> Iterator[None]:
    """A daemon that gives one answer to one question."""
    home.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(str(home / "devos.sock"))
        door.listen()

        def serve() -> None:
            connection, _ = door.accept()
            with connection, connection.makefile("rb") as lines:
                assert json.loads(lines.readline())["do"] == "senses"
                connection.sendall(json.dumps(answer).encode() + b"\n" + b'{"end": true}\n')

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(20)


def test_what_the_daemon_says_of_its_senses(tmp_path: Path) -> None:
    with daemon(tmp_path / "home", {"microphone": {"status": "open"}, "wake": "nonsense"}):
        machine = Machine.of(tmp_path / "home", {})
    assert machine.sense("microphone") == {"status": "open"}
    assert machine.sense("wake") == machine.sense("hotkeys") == {}


def test_a_daemon_that_does_not_know_the_question(tmp_path: Path) -> None:
    with daemon(tmp_path / "home", {"error": {"text": "There is no 'senses'.", "code": 2}}):
        assert Machine.of(tmp_path / "home", {}).senses is None


def test_without_a_daemon_a_home_or_right_settings(tmp_path: Path) -> None:
    machine = Machine.of(tmp_path / "nowhere", {})
    assert machine.senses is None and not machine.wrong and machine.settings.wake.on is False
    (tmp_path / "config.toml").write_text("[microfone]\n")
    machine = Machine.of(tmp_path, {})
    assert "config.toml:1: there is no setting 'microfone'" in machine.wrong and machine.settings.wake.on is False


@pytest.mark.parametrize(
    ("problem", "says", "mend"),
    [
        ("It is missing; install it: sudo apt-get install x", "It is missing; install it.", "sudo apt-get install x"),
        ("It is gone. Why: devos doctor microphone", "It is gone. Why.", "devos doctor microphone"),
        ("Name another: 'Desk'", "Name another: 'Desk'.", "otherwise"),
        ("All is lost.", "All is lost.", "otherwise"),
        ("All is\x1b[2J lost", "All is lost.", "otherwise"),
    ],
)
def test_a_sentence_that_ends_with_the_command_that_mends_it(problem: str, says: str, mend: str) -> None:
    assert troubled("x", problem, "otherwise") == Check("x", "failed", says, mend)


def test_what_hangs_is_left_behind() -> None:
    go_on = threading.Event()
    with pytest.raises(TimeoutError, match=r"^no answer in 0\.01 seconds$"):
        bounded(go_on.wait, 0.01)
    go_on.set()
    assert bounded(lambda: 7, 20) == 7


def test_what_fails_fails_as_it_does() -> None:
    with pytest.raises(ZeroDivisionError):
        bounded(lambda: 1 // 0, 20)
