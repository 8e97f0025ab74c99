"""Asking the daemon, whatever it does."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.client import Told, ask, ask_once

if TYPE_CHECKING:
    from tests.daemon.conftest import Answers


def test_answers_as_they_come(answers: Answers) -> None:
    assert list(ask(answers({"run": 1}, {"run": 2}), "follow")) == [{"run": 1}, {"run": 2}]


def test_one_answer(answers: Answers) -> None:
    assert ask_once(answers({"run": 1}), "run", run="x") == {"run": 1}
    assert ask_once(answers(), "run", run="x") == {}


def test_a_no_carries_its_code_and_more(answers: Answers) -> None:
    home = answers({"error": {"text": "None.", "code": 5, "nearest": ["one"]}, "end": True}, end=False)
    with pytest.raises(Told, match="None") as told:
        ask_once(home, "say", text="x")
    assert told.value.code == 5 and told.value.more == {"nearest": ["one"]}


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(Told, match=r"is not running.*devos run --sandbox") as told:
        ask_once(tmp_path, "runs")
    assert told.value.code == 1


def test_a_socket_that_a_killed_daemon_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path may be too long for a socket
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind("devos.sock")
    with pytest.raises(Told, match="is not running"):
        ask_once(Path(), "runs")


def test_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    with pytest.raises(Told, match="is not running"):
        ask_once(tmp_path / ("x" * 120), "runs")


@pytest.mark.parametrize("cut", [b"", b'{"run": {"sta', b"\xff\xfe\n"], ids=["whole", "half a line", "no text"])
def test_a_daemon_that_goes_away(answers: Answers, cut: bytes) -> None:
    given = []
    with pytest.raises(Told, match="went away before it answered") as told:
        for answer in ask(answers({"run": 1}, cut=cut, end=False), "follow"):
            given.append(answer)
    assert given == [{"run": 1}] and told.value.code == 1


def test_a_daemon_that_does_not_even_listen(answers: Answers) -> None:
    home = answers(end=False)
    with pytest.raises(Told, match="went away"):
        ask_once(home, "say", text="x" * (1 << 24))
