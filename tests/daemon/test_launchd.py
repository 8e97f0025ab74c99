"""The agent: the keys that launchd knows, and what launchctl is asked."""

from __future__ import annotations

import plistlib
from pathlib import Path

import pytest

from daemon.launchd import LABEL, TEMPLATE, Launchd
from daemon.service import NoService, Program, template

KNOWN = {
    "AbandonProcessGroup",
    "Debug",
    "Disabled",
    "EnableGlobbing",
    "EnablePressuredExit",
    "EnableTransactions",
    "EnvironmentVariables",
    "ExitTimeOut",
    "GroupName",
    "HardResourceLimits",
    "InitGroups",
    "KeepAlive",
    "Label",
    "LaunchEvents",
    "LaunchOnlyOnce",
    "LegacyTimers",
    "LimitLoadFromHosts",
    "LimitLoadToHosts",
    "LimitLoadToSessionType",
    "LowPriorityBackgroundIO",
    "LowPriorityIO",
    "MachServices",
    "MaterializeDatalessFiles",
    "Nice",
    "OnDemand",
    "ProcessType",
    "Program",
    "ProgramArguments",
    "QueueDirectories",
    "RootDirectory",
    "RunAtLoad",
    "SessionCreate",
    "Sockets",
    "SoftResourceLimits",
    "StandardErrorPath",
    "StandardInPath",
    "StandardOutPath",
    "StartCalendarInterval",
    "StartInterval",
    "StartOnMount",
    "ThrottleInterval",
    "TimeOut",
    "Umask",
    "UserName",
    "WaitForDebugger",
    "WatchPaths",
    "WorkingDirectory",
    "inetdCompatibility",
}
"""launchd.plist(5)."""

FAKE = """#!/bin/sh
echo "$*" >>"$ASKED"
case "$1" in
    print) test -n "$LOADED" && echo "	pid = 4711" && exit 0; test "$2" = "gui/501" ;;
    bootstrap) test "$(grep -c bootstrap "$ASKED")" -ge "${TRIES:-1}" || { echo "Bootstrap failed: 5" >&2; exit 5; } ;;
    bootout) test -n "$LOADED" ;;
esac
"""

PROGRAM = Program(
    ("/opt/devos/bin/devos", "run", "--sandbox"), Path("/Users") / "anna" / "De & vOS", "/opt/node/bin:/usr/bin"
)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that pretends to be launchctl, and the file where it writes what it was asked."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "launchctl").write_text(FAKE)
    (programs / "launchctl").chmod(0o755)
    for name, value in {"PATH": f"{programs}:/usr/bin:/bin", "ASKED": str(tmp_path / "asked"), "LOADED": ""}.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "asked"


def launchd(folder: Path) -> Launchd:
    return Launchd(folder, 501, sleep=lambda _: None)


def here(folder: Path) -> Program:
    return Program(PROGRAM.command, folder / "devos", PROGRAM.path)


def test_the_template_is_well_formed_and_has_only_what_launchd_knows() -> None:
    agent = plistlib.loads(template(TEMPLATE).encode())
    assert agent.keys() <= KNOWN and agent["Label"] == LABEL
    assert agent["KeepAlive"] == {"SuccessfulExit": False} and agent["ProcessType"] == "Interactive"
    assert agent["ThrottleInterval"] >= 10 and agent["RunAtLoad"]


def test_it_outlasts_the_end_that_devos_gives_itself() -> None:
    from daemon.app import LAST_CHANGES, LAST_WORD

    assert plistlib.loads(template(TEMPLATE).encode())["ExitTimeOut"] > LAST_CHANGES + LAST_WORD


def test_what_is_the_person_s_is_in_it(tmp_path: Path) -> None:
    agent = plistlib.loads(launchd(tmp_path).text(PROGRAM).encode())
    assert agent.keys() <= KNOWN and agent["ProgramArguments"] == list(PROGRAM.command)
    assert agent["EnvironmentVariables"] == {"DEVOS_HOME": str(PROGRAM.home), "PATH": PROGRAM.path}
    assert agent["StandardErrorPath"] == str(PROGRAM.home / "logs" / "service.log")


def test_installing_writes_and_starts_and_again_starts_again(tmp_path: Path, asked: Path) -> None:
    ours = launchd(tmp_path)
    done = ours.install(here(tmp_path))
    assert done.changed and done.confine is None and done.file == tmp_path / f"Library/LaunchAgents/{LABEL}.plist"
    once = [f"bootout gui/501/{LABEL}", f"enable gui/501/{LABEL}", f"bootstrap gui/501 {done.file}"]
    assert asked.read_text().splitlines() == once
    assert not ours.install(here(tmp_path)).changed and asked.read_text().splitlines() == once * 2
    assert (tmp_path / "devos/logs").stat().st_mode & 0o777 == 0o700


def test_launchd_is_asked_again_while_the_one_before_still_ends(
    tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIES", "3")
    launchd(tmp_path).install(here(tmp_path))
    assert asked.read_text().count("bootstrap") == 3
    monkeypatch.setenv("TRIES", "1000")
    with pytest.raises(NoService, match="launchd does not take it: Bootstrap failed: 5"):
        launchd(tmp_path).install(here(tmp_path))


def test_the_running_one_is_found(tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert launchd(tmp_path).main_process() is None
    monkeypatch.setenv("LOADED", "1")
    assert launchd(tmp_path).main_process() == 4711


def test_uninstalling_leaves_nothing(tmp_path: Path, asked: Path) -> None:
    ours = launchd(tmp_path)
    assert ours.uninstall() == []
    ours.install(here(tmp_path))
    assert ours.uninstall() == [ours.file] and not ours.file.exists()
    assert asked.read_text().splitlines()[-1] == f"bootout gui/501/{LABEL}"


def test_where_there_is_no_launchd_or_no_desktop_it_says_so(
    tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert launchd(tmp_path).problem() is None
    problem = Launchd(tmp_path, 502).problem()
    assert problem is not None and "no desktop session" in problem and "`devos run`" in problem
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    problem = launchd(tmp_path).problem()
    assert problem is not None and "No launchd runs here" in problem
