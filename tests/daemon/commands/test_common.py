"""What all commands share."""

from __future__ import annotations

import json

import pytest
import typer

from daemon.client import Told
from daemon.commands.common import fail, in_a_line, printable, put, told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web-app has 4 replicas, Ünïcode 漢字", "web-app has 4 replicas, Ünïcode 漢字"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07", ""),
        ("back\x08\x7f\rover", "back\nover"),
        ("\x9b31m", ""),
        ("abc\u202edef\u200b", "abcdef"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_outside_text_cannot_steer_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["one\ntwo", "one\r\ntwo", "one\x0btwo", "one\u2028two", "one\x85two"])
def test_nor_write_lines_of_its_own(text: str) -> None:
    assert in_a_line(text) == "one two"


def test_a_failure_in_words_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        fail("wr\x1bong", 2, json=False, missing=["x"])
    said = capsys.readouterr()
    assert ended.value.exit_code == 2 and (said.out, said.err) == ("", "wrng\n")
    with pytest.raises(typer.Exit) as ended:
        fail("wr\x1bong", 5, json=True, nearest=["x"])
    said = capsys.readouterr()
    assert ended.value.exit_code == 5 and said.err == ""
    assert json.loads(said.out) == {"error": "wr\x1bong", "nearest": ["x"]}


def test_what_the_daemon_says_no_with_becomes_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, told(True):
        raise Told("None.", 5, missing=["replicas"])
    assert ended.value.exit_code == 5
    assert json.loads(capsys.readouterr().out) == {"error": "None.", "intent": None, "missing": ["replicas"]}


@pytest.mark.parametrize(
    ("nearest", "shown"),
    [
        (["scale web-app to 5"], 'You could say:\n  "scale web-app to 5"\n'),
        ([], "`devos intents` lists what can be asked for.\n"),
    ],
)
def test_what_was_not_understood_comes_with_what_could_be_said(
    nearest: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit), told(False):
        raise Told("No.", 5, nearest=nearest)
    assert capsys.readouterr().err == f"No.\n{shown}"


def test_json_keeps_every_letter(capsys: pytest.CaptureFixture[str]) -> None:
    put({"said": "ä\n\x1b"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"said": "ä\n\x1b"} and "\x1b" not in out and "ä" in out
