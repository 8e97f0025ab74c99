"""The command itself: its help, its completion, and its manners where it is used wrongly."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from daemon.cli import app, main

if TYPE_CHECKING:
    from tests.daemon.conftest import House


def commands() -> Iterator[tuple[str, ...]]:
    """Every command by its words."""
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]  # the app is a group
        inner = getattr(command, "commands", None)
        yield from [(name, each) for each in inner] if inner else [(name,)]


COMMANDS = list(commands())


def test_every_command_of_the_contract_is_there() -> None:
    assert {each[0] for each in COMMANDS} >= {
        *("run", "say", "hear", "intents", "runs", "undo", "approvals", "approve", "deny"),
        *("audit", "sandbox", "models", "config", "freeze", "thaw"),
    }
    assert {each[1] for each in COMMANDS if each[0] == "sandbox"} >= {"state", "journal", "fault", "reset", "approve"}
    assert {each[1] for each in COMMANDS if each[0] == "audit"} >= {"list", "show", "verify"}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_helps_with_an_example_of_itself(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert f"Example: devos {' '.join(words)}" in result.stdout
    assert "--json" in result.stdout or words == ("run",)


@pytest.mark.parametrize(
    "words",
    [(), ("sandbox",), ("audit",), ("policy",), ("config",), ("doctor",), ("models",), ("wakeword",)],
    ids=" ".join,
)
def test_a_list_of_commands_is_whole_on_a_narrow_terminal_and_has_an_example(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80"})
    commands = result.stdout.partition("Commands:")[2]
    assert "..." not in commands and " ".join(["devos", *words]) in commands


@pytest.mark.parametrize("words", [(), ("sandbox",), ("audit",), ("config",), ("--help",)], ids=" ".join)
def test_without_a_command_it_helps(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, list(words))
    assert "Usage:" in result.output and "Example" not in result.output.split("Usage:")[0]


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "--limit", "0"],
        ["runs", "--limit", "many"],
        ["approve"],
        ["say"],
        ["say", "--no-such-option", "x"],
        ["no-such-command"],
        ["audit", "show", "0"],
        ["sandbox", "fault", "jira", "--status", "many"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_said_with_code_2_in_words_and_in_json(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["devos", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code == 2 and not said.out and "Error: " in said.err
    monkeypatch.setattr("sys.argv", ["devos", *words, "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code == 2 and json.loads(said.out)["error"] and not said.err


def test_right_use_in_json_ends_with_its_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty: House
) -> None:
    monkeypatch.setenv("DEVOS_HOME", str(empty.home))
    for words, code in ((["config", "check"], 0), (["runs"], 1)):
        monkeypatch.setattr("sys.argv", ["devos", *words, "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code and json.loads(capsys.readouterr().out)


def test_a_shell_completes_it(empty: House) -> None:
    script = empty.process(
        "--show-completion", "bash", SHELL="/bin/bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"
    )
    assert script.code == 0 and "_devos_completion" in script.out
    asked = empty.process(_DEVOS_COMPLETE="complete_bash", COMP_WORDS="devos au", COMP_CWORD="1")
    assert asked.code == 0 and asked.out.split() == ["audit"]


@pytest.mark.parametrize("words", [("config", "show"), ("config", "show", "--json"), ("--help",)], ids=" ".join)
def test_a_reader_who_goes_away_is_no_fault(empty: House, words: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        said = empty.process(*words, stdout=write)
    finally:
        os.close(write)
    assert (said.code, said.err) == (1, "")


def test_it_says_its_version(empty: House) -> None:
    said = empty.process("--version")
    assert (said.code, said.out) == (0, f"devos {version('devos')}\n")
