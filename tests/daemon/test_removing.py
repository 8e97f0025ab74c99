"""Taking the data away."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.claim import claimed
from daemon.removing import NotRemoved, check, losses, remove


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "devos"
    (folder / "keys").mkdir(parents=True)
    for name in ("audit.db", "runs.db", "config.toml", "keys/audit.pub", "devos.lock"):
        (folder / name).write_text("x")
    return folder


def test_what_would_be_lost_is_named(home: Path) -> None:
    assert [each.partition(":")[0] for each in losses(home)] == ["config.toml", "audit.db", "keys", "runs.db"]
    assert losses(home / "nothing") == []


def test_everything_goes(home: Path) -> None:
    remove(home)
    assert not home.exists() and home.parent.exists()


def test_a_link_goes_with_what_it_leads_to(home: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(home)
    remove(tmp_path / "link")
    assert not home.exists() and not (tmp_path / "link").is_symlink()


def test_another_home_s_sandbox_stays(home: Path, tmp_path: Path) -> None:
    (tmp_path / "company").mkdir()
    (home / "sandbox").symlink_to(tmp_path / "company")
    remove(home)
    assert (tmp_path / "company").is_dir()


def test_nothing_goes_while_devos_runs(home: Path) -> None:
    with claimed(home / "devos.lock"), pytest.raises(NotRemoved, match=r"DevOS runs for .* \(process \d+\)"):
        remove(home)
    assert (home / "audit.db").exists()


def test_a_folder_that_is_none_of_devos_s_stays(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear aunt")
    with pytest.raises(NotRemoved, match="does not look like"):
        remove(tmp_path)
    assert (tmp_path / "letter.txt").exists()


def test_a_folder_that_holds_more_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "project" / ".git").mkdir(parents=True)
    with pytest.raises(NotRemoved, match="holds more"):
        check(home)
    (home / "project" / ".git").rmdir()
    check(home)
    monkeypatch.setenv("HOME", str(home))
    with pytest.raises(NotRemoved, match="holds more"):
        check(home)
