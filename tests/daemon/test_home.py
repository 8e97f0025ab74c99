"""Where everything is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon import home as places


def test_what_the_person_chose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEVOS_HOME", str(tmp_path / "mine"))
    assert places.home() == tmp_path / "mine"


@pytest.mark.parametrize(("chosen", "meant"), [("~/devos", Path.home() / "devos"), ("here", Path.cwd() / "here")])
def test_a_short_way_of_writing_it(monkeypatch: pytest.MonkeyPatch, chosen: str, meant: Path) -> None:
    monkeypatch.setenv("DEVOS_HOME", chosen)
    assert places.home() == meant


@pytest.mark.parametrize("chosen", ["", None])
def test_without_a_choice_it_is_the_platforms_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str | None
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    if chosen is None:
        monkeypatch.delenv("DEVOS_HOME")
    else:
        monkeypatch.setenv("DEVOS_HOME", chosen)
    found = places.home()
    assert found.name == "devos" and tmp_path in found.parents


def test_what_stands_in_it(tmp_path: Path) -> None:
    assert places.socket(tmp_path) == tmp_path / "devos.sock"
    assert places.sandbox(tmp_path) == tmp_path / "sandbox"
