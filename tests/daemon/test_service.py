"""What is the same for every system's services."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from daemon.launchd import Launchd
from daemon.service import program_of, ran, service_of, template, write
from daemon.systemd import Systemd

REPOSITORY = Path(__file__).resolve().parents[2]


def test_each_system_has_its_own() -> None:
    assert isinstance(service_of("linux"), Systemd) and isinstance(service_of("darwin"), Launchd)


def test_it_starts_this_very_devos_for_this_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/opt/node/bin:/usr/bin")
    program = program_of(tmp_path, sandbox=True)
    assert program.command == (str(Path(sys.executable).with_name("devos")), "run", "--sandbox")
    assert program.home == tmp_path and program.path == "/opt/node/bin:/usr/bin"


def test_without_a_devos_beside_it_python_starts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    assert program_of(tmp_path, sandbox=False).command == (str(tmp_path / "python3"), "-m", "daemon.cli", "run")


def test_the_templates_are_those_of_the_top_level_folders() -> None:
    for name in ("systemd/devos.service", "launchd/local.devos.daemon.plist"):
        assert template(name) == (REPOSITORY / name).read_text()


def test_a_program_that_is_missing_or_hangs_has_failed() -> None:
    missing = ran(["devos-has-no-such-program"])
    assert missing.returncode == 127 and "there is no program" in missing.stderr
    assert ran(["sleep", "60"], patience=0.05).returncode == 124
    done = ran(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_a_file_is_written_once_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "systemd" / "user" / "devos.service"
    assert write(file, "one") and not write(file, "one") and write(file, "two")
    assert file.read_text() == "two" and file.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in file.parent.iterdir()] == ["devos.service"]
