"""Which program a desktop starts, and what it knows of DevOS."""

from __future__ import annotations

import configparser
import shlex
import sys
from pathlib import Path

import pytest

from daemon.hotkeys.program import APP, entry_file, in_entry, introduce, program


def test_the_program_beside_this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert program({"PATH": str(tmp_path)}) == (str(tmp_path / "python"), "-m", "daemon.cli")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "devos").touch(mode=0o755)
    assert program({"PATH": str(elsewhere)}) == (str(elsewhere / "devos"),)
    (tmp_path / "devos").touch(mode=0o755)
    assert program({"PATH": str(elsewhere)}) == (str(tmp_path / "devos"),)


def test_a_home_that_is_set_goes_along(tmp_path: Path) -> None:
    assert program({"DEVOS_HOME": str(tmp_path)})[:2] == ("env", f"DEVOS_HOME={tmp_path}")


def test_the_desktop_is_introduced(tmp_path: Path) -> None:
    environment = {"XDG_DATA_HOME": str(tmp_path / "data")}
    introduce(environment)
    file = entry_file(environment)
    assert file == tmp_path / "data" / "applications" / f"{APP}.desktop"
    entry = configparser.RawConfigParser()
    entry.read(file)
    assert entry["Desktop Entry"]["name"] == "DevOS" and entry["Desktop Entry"]["type"] == "Application"
    assert shlex.split(entry["Desktop Entry"]["exec"]) == [*program(environment), "open"]
    file.write_text("of another version")
    introduce(environment)
    assert "of another version" not in file.read_text()


def test_a_description_that_is_right_is_left_alone(tmp_path: Path) -> None:
    environment = {"XDG_DATA_HOME": str(tmp_path)}
    introduce(environment)
    entry_file(environment).chmod(0o400)
    before = entry_file(environment).stat().st_mtime_ns
    introduce(environment)
    assert entry_file(environment).stat().st_mtime_ns == before


def test_where_nothing_can_be_written_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    introduce({"XDG_DATA_HOME": str(tmp_path / "file")})
    assert (tmp_path / "file").is_file()


def test_without_data_home_it_is_below_the_home() -> None:
    assert entry_file({"HOME": "/ana"}) == Path(f"/ana/.local/share/applications/{APP}.desktop")


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("/opt/dev os/devos", '"/opt/dev os/devos"'),
        ("100%", '"100%%"'),
        ("$HOME", '"\\\\$HOME"'),
        ('say "x"', '"say \\\\"x\\\\""'),
        ("a\\b", '"a\\\\\\\\b"'),
    ],
)
def test_words_in_a_desktop_entry(word: str, written: str) -> None:
    assert in_entry((word,)) == written
