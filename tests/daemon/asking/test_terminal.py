"""Being asked at the terminal where the request was typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.asking import terminal
from daemon.asking.terminal import ask_here
from daemon.client import Told

if TYPE_CHECKING:
    from tests.daemon.conftest import House, Terminal

SCALE = "scale web-app to 10 replicas"


def test_yes(house: House, terminal: Callable[..., Terminal]) -> None:
    screen = terminal("say", SCALE)
    screen.reads("Scale web-app in production from 4 to 10 replicas [confirm: changes-in-production")
    screen.reads("undo: Scale it back to 4 replicas")
    screen.reads("Do it? [yes/no] ")
    screen.types("perhaps\n")
    screen.reads("Please say yes or no; Ctrl-C leaves it open.")
    screen.types(" Yes \n")
    screen.reads("web-app in production went from 4 to 10 replicas")
    assert screen.end() == 0 and len(house.changes("kubernetes")) == 1
    step = house.devos("runs", "--json").json[0]["steps"][1]
    assert step["approved_by"] and step["via"] == "terminal"


def test_no_and_why(house: House, terminal: Callable[..., Terminal]) -> None:
    screen = terminal("say", SCALE)
    screen.reads("Do it? [yes/no] ")
    screen.types("n\n")
    screen.reads("Why not? (Enter for no reason) ")
    screen.types("not on a Friday\n")
    screen.reads(" said no: not on a Friday")
    assert screen.end() == 3 and not house.changes("kubernetes")


def test_no_without_a_reason(house: House, terminal: Callable[..., Terminal]) -> None:
    screen = terminal("say", SCALE)
    screen.reads("Do it? [yes/no] ")
    screen.types("no\n")
    screen.reads("Why not?")
    screen.types("\n")
    screen.reads(" said no.")
    assert screen.end() == 3


def test_leaving_it_open(house: House, terminal: Callable[..., Terminal]) -> None:
    interrupted, ended = terminal("say", SCALE), terminal("say", SCALE)
    for screen in (interrupted, ended):
        screen.reads("Do it? [yes/no] ")
    interrupted.interrupts()
    ended.types("\x04")
    for screen in (interrupted, ended):
        screen.reads("Left open; answer later: devos approve ")
        assert screen.end() == 4
        assert "Do it?" not in screen.seen and "undo:" not in screen.seen  # it was shown once
    open_ones = house.devos("approvals", "--json").json
    assert len(open_ones) == 2 and not house.changes("kubernetes")
    house.devos("approve", open_ones[0]["id"])
    assert house.end_of(open_ones[0]["run"])["status"] == "done"


def test_somebody_was_faster(house: House, terminal: Callable[..., Terminal]) -> None:
    screen = terminal("say", SCALE)
    screen.reads("Do it? [yes/no] ")
    (question,) = house.devos("approvals", "--json").json
    house.devos("approve", question["id"])
    screen.types("yes\n")
    screen.reads(f"{question['id']} is ")
    screen.reads("web-app in production went from 4 to 10 replicas")
    assert screen.end() == 0 and len(house.changes("kubernetes")) == 1


def test_without_a_terminal_no_word_is_typed(answers: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "TERMINAL", Path("/dev/no-such-terminal"))
    with pytest.raises(Told, match="needs a person at a terminal") as told:
        terminal.answer(answers({"word": True}), id="k7m2xq", yes=True)
    assert told.value.code == 3


def test_a_question_that_is_told_of_twice_is_put_once(house: House) -> None:
    run = house.devos("say", SCALE, "--json").json
    house.devos("deny", run["approvals"][0]["id"])
    assert ask_here(house.home, run), "it stood in what was sent before the answer"
