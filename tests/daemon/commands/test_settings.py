"""config: the settings, and where each comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.daemon.conftest import House


def test_every_setting_with_where_it_comes_from(empty: House) -> None:
    (empty.home / "config.toml").write_text("[approvals]\nhours = 2\n\n[newrelic]\naccount = 7\n")
    lines = empty.devos("config", "show").out.splitlines()
    assert lines[0] == f"# {empty.home / 'config.toml'}"
    assert "approvals.hours = 2.0  # config.toml" in lines and "hearing.threads = 2  # default" in lines
    assert 'newrelic.url = "https://api.newrelic.com"  # default' in lines and "jira = null  # default" in lines
    shown = empty.devos("config", "show", "--json").json
    assert shown["set"] == ["approvals.hours", "newrelic.account"] and shown["file"].endswith("config.toml")
    assert shown["settings"]["approvals"]["hours"] == 2.0 and shown["settings"]["jira"] is None


def test_without_a_file_or_a_home_everything_is_default(empty: House) -> None:
    empty.home.rmdir()
    assert empty.devos("config", "show", "--json").json["set"] == []
    assert "# config.toml" not in empty.devos("config", "show").out
    assert empty.devos("config", "check").out == "The settings, the hotkeys and the rules are in order.\n"
    assert empty.devos("config", "check", "--json").json == {"ok": True}


@pytest.mark.parametrize("word", ["show", "check"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[aprovals]\nhours = 2\n", ":1: there is no setting 'aprovals'. Did you mean 'approvals'?"),
        ("[approvals]\nhours = 'two'\n", ":2: approvals.hours: "),
        ("[jira]\ntoken = 'x'\n", ":2: secrets do not stand in config.toml; set the environment variable $DEVOS_JIRA"),
        ("[approvals\n", "config.toml: "),
    ],
)
def test_wrong_settings(empty: House, word: str, text: str, said: str) -> None:
    (empty.home / "config.toml").write_text(text)
    found = empty.devos("config", word)
    assert found.code == 2 and said in found.err and not found.out
    found = empty.devos("config", word, "--json")
    assert found.code == 2 and said in found.json["error"] and not found.err


@pytest.mark.parametrize(
    "rule",
    [
        'permit (principal, action == Action::"kubernetes.scael", resource);',
        '@approvel("confirm")\npermit (principal, action, resource);',
        "permit (principal",
        "",
    ],
)
def test_a_wrong_rule_is_named_with_its_file(empty: House, rule: str) -> None:
    (empty.home / "rules").mkdir()
    (empty.home / "rules" / "mine.cedar").write_text(rule)
    found = empty.devos("config", "check")
    assert (found.code, "mine.cedar" in found.err) == ((2, True) if rule else (0, False))


def test_a_rule_file_that_is_no_text(empty: House) -> None:
    (empty.home / "rules").mkdir()
    (empty.home / "rules" / "mine.cedar").write_bytes(b"\xff\xfe")
    found = empty.devos("config", "check", "--json")
    assert found.code == 2 and "mine.cedar" in found.json["error"]


def test_two_things_on_one_key_are_found(empty: House) -> None:
    (empty.home / "config.toml").write_text('[hotkeys]\nmute = "ctrl+alt+k"\n')
    said = empty.devos("config", "check")
    assert said.code == 2 and "mute" in said.err and "scale_deployment" in said.err and "config.toml" in said.err
