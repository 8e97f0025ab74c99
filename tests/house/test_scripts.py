"""The scripts behind the Makefile, with stand-ins for the programs that they call."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BARE_PATH = "/usr/bin:/bin"


OTHERS = (
    *("espeak-ng", "pulseaudio", "pactl", "flite", "xdotool"),
    *("postgres", "kubectl", "go", "chromium", "dunst", "dbus-daemon", "Xvfb", "xz"),
    *("systemd-analyze", "ssh"),
)
"""Every program that scripts/system.sh looks for, but flac."""


def run(command: list[str], repository: Path, path: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)


def program(folder: Path, name: str, script: str) -> Path:
    """A stand-in for a program: a shell script."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / name
    made.write_text(f"#!/bin/sh\n{script}\n")
    made.chmod(0o755)
    return made


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with the programs that the scripts use, and no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "cat", "cksum", "rm", "ls", "id", "awk"):
        found = shutil.which(name, path=BARE_PATH)
        assert found
        (folder / name).symlink_to(found)
    return folder


def test_help_lists_every_target(repository: Path) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("install with: apt-get install make")
    done = run([make, "--no-print-directory", "help"], repository, BARE_PATH)
    phony = re.search(r"^\.PHONY: (.*)$", (repository / "Makefile").read_text(), flags=re.M)
    assert phony
    for target in phony.group(1).split():
        assert f"make {target} " in done.stdout


def test_without_a_python_it_says_how_to_name_one(repository: Path, tools: Path, tmp_path: Path) -> None:
    done = run(["sh", "scripts/venv.sh", str(tmp_path / "venv")], repository, str(tools))
    assert done.returncode == 1
    assert "make PYTHON=" in done.stderr


def test_a_python_that_does_not_fit_is_refused(repository: Path, tools: Path, tmp_path: Path) -> None:
    old = program(tmp_path / "old", "python3", "exit 1")
    done = run(["sh", "scripts/venv.sh", str(tmp_path / "venv"), str(old)], repository, str(tools))
    assert done.returncode == 1
    assert "is not a Python 3.11, 3.12 or 3.13 that starts" in done.stderr


def test_a_python_without_venv_names_the_package_that_is_missing(repository: Path, tools: Path, tmp_path: Path) -> None:
    # Debian's python3 without python3-venv: everything works but ensurepip.
    bare = program(
        tmp_path / "bare", "python3", f'case "$*" in *ensurepip*) exit 1;; *) exec {sys.executable} "$@";; esac'
    )
    done = run(["sh", "scripts/venv.sh", str(tmp_path / "venv"), str(bare)], repository, str(tools))
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


def test_the_first_python_that_starts_is_taken(repository: Path, tools: Path, tmp_path: Path) -> None:
    # A version manager's shim is on the path, and fails.
    program(tmp_path / "shims", "python3", "echo 'python3: command not found' >&2; exit 127")
    program(
        tmp_path / "shims", "python3.11", f'case "$*" in *ensurepip*) exit 1;; *) exec {sys.executable} "$@";; esac'
    )
    done = run(["sh", "scripts/venv.sh", str(tmp_path / "venv")], repository, f"{tmp_path / 'shims'}:{tools}")
    assert "this Python (python3.11)" in done.stderr


def test_nothing_is_installed_twice(repository: Path, tools: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    fake = program(
        tmp_path / "venv" / "bin",
        "python",
        f'case "$*" in *"-m pip install"*) echo "$*" >>{log};; *"-m pip"*) ;; *) exec {sys.executable} "$@";; esac',
    )
    command = ["sh", "scripts/venv.sh", str(tmp_path / "venv"), str(fake)]
    assert run(command, repository, str(tools)).returncode == 0
    first = log.read_text()
    assert "--require-hashes --requirement requirements.lock" in first.replace("--no-build-isolation ", "")
    assert "--no-deps" in first
    assert run(command, repository, str(tools)).returncode == 0
    assert log.read_text() == first


def test_system_packages_that_are_there_are_left_alone(repository: Path, tools: Path, tmp_path: Path) -> None:
    for name in (*OTHERS, "flac"):
        program(tmp_path / "there", name, "")
    done = run(["sh", "scripts/system.sh"], repository, f"{tmp_path / 'there'}:{tools}")
    assert done.returncode == 0
    assert "missing" not in done.stdout


def test_missing_system_packages_are_installed_as_root(repository: Path, tools: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    for name in OTHERS:
        program(there, name, "")
    program(there, "id", "echo 0")
    program(there, "apt-get", f'echo "$*" >>{tmp_path / "log"}')
    done = run(["sh", "scripts/system.sh"], repository, f"{there}:{tools}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "log").read_text().splitlines()[-1].endswith("--no-install-recommends flac")


def test_without_rights_it_says_what_to_install(repository: Path, tools: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    for name in (*OTHERS, "apt-get"):
        program(there, name, "")
    program(there, "id", "echo 1000")
    done = run(["sh", "scripts/system.sh"], repository, f"{there}:{tools}")
    assert done.returncode == 1
    assert "As root: apt-get install flac" in done.stderr


def test_the_lock_cannot_be_renewed_without_uv(repository: Path, tools: Path) -> None:
    done = run(["sh", "scripts/lock.sh"], repository, str(tools))
    assert done.returncode == 1
    assert "needs uv" in done.stderr
