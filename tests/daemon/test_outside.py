"""What a service that is shut in has done outside; with a real systemd in tests/daemon/test_systemd.py."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path

import pytest

from daemon.outside import CannotLook, look, open_page, outside, shut_in

FULL, OWN, TWO = (
    "         0          0 4294967295\n",
    "      1000       1000          1\n",
    "0 1000 1\n1 100000 65536\n",
)


@pytest.mark.parametrize(("text", "shut"), [(FULL, False), (OWN, True), (TWO, False)], ids=["all", "own", "container"])
def test_a_namespace_with_nobody_else_in_it_is_one(tmp_path: Path, text: str, shut: bool) -> None:
    (tmp_path / "uid_map").write_text(text)
    assert shut_in(tmp_path / "uid_map") is shut


def test_where_there_are_no_namespaces_nobody_is_shut_in(tmp_path: Path) -> None:
    assert not shut_in(tmp_path / "uid_map")


def a_systemd_run(folder: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    """Put a program of that name first on the path."""
    program = folder / "systemd-run"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_look_outside_starts_this_very_python_there_and_reads_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_systemd_run(tmp_path, monkeypatch, f'echo "$@" >{tmp_path}/asked; echo "[1, 2]"')
    assert look("daemon.asking.programs", "shown-by", "/dev/pts/3") == [1, 2]
    asked = (tmp_path / "asked").read_text().strip()
    assert asked == " ".join(
        [*outside([sys.executable])[1:], "-I", "-m", "daemon.asking.programs", "shown-by", "/dev/pts/3"]
    )


@pytest.mark.parametrize("does", ["exit 1", "echo no JSON", "echo"])
def test_a_look_that_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    a_systemd_run(tmp_path, monkeypatch, does)
    with pytest.raises(CannotLook):
        look("daemon.asking.programs", "shown-by", "/dev/pts/3")


def test_a_page_is_opened_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_systemd_run(tmp_path, monkeypatch, f'echo "$@" >{tmp_path}/asked')
    open_page("http://127.0.0.1:1/inbox/a", inside=lambda: True)
    assert (tmp_path / "asked").read_text() == "--user --quiet --collect -- xdg-open http://127.0.0.1:1/inbox/a\n"
    (tmp_path / "systemd-run").unlink()
    open_page("http://127.0.0.1:1/inbox/a", inside=lambda: True)  # nobody opens it, and nothing fails


def test_what_is_not_shut_in_opens_it_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "browser").write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/opened\n')
    (tmp_path / "browser").chmod(0o755)
    browser = webbrowser.GenericBrowser(str(tmp_path / "browser"))
    monkeypatch.setattr(webbrowser, "_browsers", {})
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    webbrowser.register("ours", None, browser, preferred=True)
    open_page("http://127.0.0.1:1/inbox/a", inside=lambda: False)
    assert (tmp_path / "opened").read_text() == "http://127.0.0.1:1/inbox/a\n"
