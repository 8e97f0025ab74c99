"""Changing settings in a file that somebody wrote by hand."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.first_steps.settings_file import CannotEdit, changed, save, sections, written

HAND = """\
# my settings
[rules]          # see docs
pack = "careful" # for now

[environments]
"production" = "production"

[ people."anna" ]
jira = "a#b"
"""


def test_a_setting_is_changed_where_it_stands() -> None:
    assert changed(HAND, {"rules.pack": "read-only"}) == HAND.replace('"careful"', '"read-only"')


def test_one_that_is_right_already_is_not_touched() -> None:
    assert changed(HAND, {"rules.pack": "careful"}) == HAND


def test_a_new_one_comes_to_the_end_of_its_section_and_a_new_section_to_the_end() -> None:
    text = changed(HAND, {"environments.prod": "production", "wake.on": True, "wake.words": ["hey jarvis"]})
    assert text == HAND.replace('= "production"\n', '= "production"\nprod = "production"\n') + (
        '\n[wake]\non = true\nwords = ["hey jarvis"]\n'
    )


def test_a_sign_within_a_text_begins_no_comment() -> None:
    text = changed(HAND, {"people.anna.jira": "c"})
    assert tomllib.loads(text)["people"]["anna"] == {"jira": "c"} and 'jira = "c"\n' in text


def test_an_empty_file_gets_sections() -> None:
    assert changed("", {"rules.pack": "read-only"}) == '[rules]\npack = "read-only"\n'
    assert sections({"a.b": 1, "a.c": False}) == "[a]\nb = 1\nc = false\n"


@pytest.mark.parametrize(
    "text",
    [
        'rules.pack = "careful"\n',
        'rules = { pack = "careful" }\n',
        '[rules]\npack = """\ncareful"""\n',
        '[rules]\n"pack" = "careful"\n',
    ],
    ids=["dotted", "inline", "several lines", "quoted"],
)
def test_other_forms_are_left_alone_and_what_to_add_is_said(text: str) -> None:
    with pytest.raises(CannotEdit, match=r'pack = "read-only"'):
        changed(text, {"rules.pack": "read-only"})


def test_what_is_no_toml_is_left_alone() -> None:
    with pytest.raises(CannotEdit, match="no TOML"):
        changed("[rules", {"rules.pack": "read-only"})


@given(st.text(st.characters(codec="utf-8")) | st.booleans() | st.lists(st.text(st.characters(codec="utf-8"))))
def test_every_value_is_read_back_as_it_was(value: str | bool | list[str]) -> None:
    assert tomllib.loads(f"x = {written(value)}") == {"x": value}
    assert tomllib.loads(changed(HAND, {"rules.pack": value}))["rules"]["pack"] == value


def test_a_file_is_replaced_whole_for_its_owner_only(tmp_path: Path) -> None:
    save(tmp_path / "devos" / "config.toml", "a = 1\n")
    file = tmp_path / "devos" / "config.toml"
    assert file.read_text() == "a = 1\n" and file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["config.toml"]


def test_behind_a_link_the_file_itself_is_written(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "devos.toml").write_text("a = 1\n")
    (tmp_path / "config.toml").symlink_to(tmp_path / "dotfiles" / "devos.toml")
    save(tmp_path / "config.toml", "a = 2\n")
    assert (tmp_path / "config.toml").is_symlink() and (tmp_path / "dotfiles" / "devos.toml").read_text() == "a = 2\n"


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(OSError):
        save(tmp_path / "config.toml", "a = 1\n")
    assert [each.name for each in tmp_path.iterdir()] == ["config.toml"]
