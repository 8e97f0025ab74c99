"""The unit: what systemd's own tools say of it, and what systemctl is asked. test_systemd_alive.py really starts it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.service import LEVELS, Confine, NoService, Program
from daemon.service import template as template_of
from daemon.systemd import TEMPLATE, Systemd, quoted, unit

HIGHEST = 3.0
"""The exposure that `systemd-analyze security` may find, of 10."""

MISSING = "install with: make system (it wants systemd, whose systemd-analyze judges the unit; nothing has to run)"
analysed = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason=MISSING if sys.platform == "linux" else "systemd is Linux's"
)

BREAK = {
    "MemoryDenyWriteExecute": "yes",  # node compiles while it runs, and so does onnxruntime
    "PrivateDevices": "yes",  # no microphone, no loudspeaker, no terminal
    "PrivateTmp": "yes",  # no X11 socket, no ssh agent, no files that docker compose could mount
    "PrivateNetwork": "yes",
    "PrivateIPC": "yes",  # sound and X11 share memory
    "ProtectHome": "yes",
    "ProtectProc": "invisible",  # who asks could not be found out
    "ProcSubset": "pid",
    "IPAddressDeny": "any",
    "DynamicUser": "yes",
    "ProtectSystem": "strict",  # repositories could not be written to
    "ProtectClock": "yes",  # brings a list of allowed devices, without the sound card
    "DevicePolicy": "closed",
}
"""Settings that stop git, docker compose, cdk, the keyring, sound or the person's presence from working."""


def of(home: Path, confine: Confine = "namespaces", *command: str) -> str:
    program = Program(command or ("/opt/devos/bin/devos", "run"), home, "/opt/node/bin:/usr/bin")
    return unit(template_of(TEMPLATE), program, confine, "default.target")


def lines(text: str) -> list[tuple[str, str]]:
    """The settings of a unit, comments left out."""
    return [
        (name, value)
        for line in text.splitlines()
        if not line.startswith("#")
        for name, equals, value in [line.partition("=")]
        if equals
    ]


def analyse(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Ask systemd-analyze; it wants a folder for a session, and may write there."""
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder), "SYSTEMD_COLORS": "0"}
    return subprocess.run(
        ["systemd-analyze", *words, "--user", "--no-pager"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@analysed
@pytest.mark.parametrize("confine", LEVELS)
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path, confine: Confine) -> None:
    home = tmp_path / 'a home with spaces, 100% and "quotes"'
    (tmp_path / "devos.service").write_text(of(home, confine, sys.executable, "run"))
    done = analyse(tmp_path, "verify", str(tmp_path / "devos.service"))
    assert done.returncode == 0 and not [line for line in done.stderr.splitlines() if "devos" in line], done.stderr


@analysed
def test_the_template_is_a_unit_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "devos.service").write_text(template_of(TEMPLATE))
    assert analyse(tmp_path, "verify", str(tmp_path / "devos.service")).returncode == 0


@analysed
def test_its_exposure_is_low(tmp_path: Path) -> None:
    (tmp_path / "devos.service").write_text(of(tmp_path))
    said = analyse(tmp_path, "security", "--offline=true", str(tmp_path / "devos.service")).stdout
    found = re.search(r"Overall exposure level for devos.service: ([\d.]+)", said)
    assert found and float(found[1]) <= HIGHEST, said


def test_nothing_in_it_stops_the_tools_from_working() -> None:
    settings = dict(lines(template_of(TEMPLATE)))
    assert not [name for name, value in BREAK.items() if settings.get(name, "").casefold() == value]
    families = settings["RestrictAddressFamilies"].split()
    assert {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"} <= set(families)


def test_it_outlasts_the_end_that_devos_gives_itself() -> None:
    from daemon.app import LAST_CHANGES, LAST_WORD

    settings = dict(lines(template_of(TEMPLATE)))
    assert float(settings["TimeoutStopSec"]) > LAST_CHANGES + LAST_WORD and settings["KillMode"] == "mixed"


def test_every_open_door_says_why() -> None:
    """Whatever is left open, `no` or whole, stands under a comment that says so."""
    text = template_of(TEMPLATE).splitlines()
    opened = [number for number, line in enumerate(text) if re.fullmatch(r"\w+=(no|default|all|0022)", line)]
    assert opened
    for number in opened:
        above = next(line for line in reversed(text[:number]) if not re.match(r"(Protect|Private|Proc)\w+=", line))
        assert above.startswith("#"), text[number]


def test_a_weaker_one_leaves_out_what_is_stronger() -> None:
    names = {level: {name for name, _ in lines(of(Path("/home"), level))} for level in LEVELS}
    assert "PrivateUsers" in names["namespaces"] and "PrivateUsers" not in names["filters"]
    assert "NoNewPrivileges" in names["filters"] and "NoNewPrivileges" not in names["none"]
    assert {"WatchdogSec", "KillMode", "WantedBy"} <= names["none"] <= names["filters"] <= names["namespaces"]


def test_what_is_the_person_s_is_in_it(tmp_path: Path) -> None:
    text = of(tmp_path / "50% of $HOME")
    assert 'ExecStart="/opt/devos/bin/devos" "run"' in text
    assert f'Environment="DEVOS_HOME={tmp_path}/50%% of $HOME"' in text
    assert 'Environment="PATH=/opt/node/bin:/usr/bin"' in text
    assert f"EnvironmentFile=-{tmp_path}/50%% of $HOME/environment" in text
    assert text.count("ExecStart=") == 1 and text.count("EnvironmentFile=") == 1


def test_words_are_written_so_that_they_are_read_as_they_are() -> None:
    assert quoted('a "b" \\ 5%\n') == '"a \\"b\\" \\\\ 5%%\\n"'


# What systemctl is asked, by a program of that name.

FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >>"$ASKED"
case "$*" in
    *MainPID*) echo 4711 ;;
    *is-active*) exit "${DESKTOP:-3}" ;;
    *"$FAILS"*) test -n "$FAILS" && { echo "no such luck" >&2; exit 1; } ;;
esac
exit 0
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that pretend to be systemd's, and the file where they write what they were asked."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("systemctl", "systemd-run", "journalctl"):
        (programs / name).write_text(FAKE)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    monkeypatch.setenv("FAILS", "")
    return tmp_path / "asked"


def systemd(folder: Path, **environment: str) -> Systemd:
    return Systemd({"HOME": str(folder), **environment}, booted=folder)


PROGRAM = Program(("/opt/devos/bin/devos", "run"), Path("/srv/anna/devos"), "/usr/bin")


def test_where_no_systemd_runs_it_says_what_does(tmp_path: Path, asked: Path) -> None:
    problem = Systemd({"HOME": str(tmp_path)}, booted=tmp_path / "none").problem()
    assert problem is not None and "No systemd runs here" in problem and "`devos run`" in problem
    assert not asked.exists()


def test_without_a_manager_of_one_s_own_it_says_how_to_have_one(
    tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "show")
    problem = systemd(tmp_path).problem()
    assert problem is not None and "loginctl enable-linger" in problem and "no such luck" in problem


def test_installing_writes_links_and_starts_and_again_starts_again(tmp_path: Path, asked: Path) -> None:
    ours = systemd(tmp_path, DISPLAY=":1")
    done = ours.install(PROGRAM, None)
    assert done.file == tmp_path / ".config/systemd/user/devos.service" and done.changed and not done.note
    assert done.confine == "namespaces" and "PrivateUsers=yes" in done.file.read_text()
    said = asked.read_text().splitlines()
    assert said[-5:] == [
        "systemctl --user import-environment DISPLAY",
        "systemctl --user daemon-reload",
        "systemctl --user reenable devos.service",
        "systemctl --user reset-failed devos.service",
        "systemctl --user restart devos.service",
    ]
    assert not ours.install(PROGRAM, None).changed and asked.read_text().count("restart") == 2
    assert ours.main_process() == 4711


def test_at_a_desktop_it_starts_with_the_desktop(tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = systemd(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "settings"))
    assert "WantedBy=default.target" in ours.text(PROGRAM, "none")
    monkeypatch.setenv("DESKTOP", "0")
    assert "WantedBy=graphical-session.target" in ours.text(PROGRAM, "none")
    assert ours.file == tmp_path / "settings/systemd/user/devos.service"


def test_what_the_manager_cannot_do_is_left_out_and_said(
    tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "PrivateUsers")
    done = systemd(tmp_path).install(PROGRAM, None)
    assert done.confine == "filters" and "no such luck" in done.note and "PrivateUsers" not in done.file.read_text()
    monkeypatch.setenv("FAILS", "--wait")
    assert systemd(tmp_path).install(PROGRAM, None).confine == "none"


def test_one_that_does_not_start_says_why(tmp_path: Path, asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS", "restart")
    with pytest.raises(NoService, match=r"restart devos\.service` failed: no such luck"):
        systemd(tmp_path).install(PROGRAM, "none")


def test_uninstalling_leaves_nothing(tmp_path: Path, asked: Path) -> None:
    ours = systemd(tmp_path)
    assert ours.uninstall() == []
    ours.install(PROGRAM, "none")
    folder = ours.file.parent
    (folder / "default.target.wants").mkdir()
    (folder / "default.target.wants/devos.service").symlink_to(ours.file)
    (folder / "devos.service.d").mkdir()
    (folder / "devos.service.d/override.conf").write_text("[Service]\n")
    assert len(ours.uninstall()) == 3 and not list(folder.rglob("*devos*"))
    assert "systemctl --user disable --now devos.service" in asked.read_text()


def test_uninstalling_works_where_no_systemd_runs_any_more(tmp_path: Path, asked: Path) -> None:
    ours = systemd(tmp_path)
    ours.install(PROGRAM, "none")
    assert Systemd({"HOME": str(tmp_path)}, booted=tmp_path / "none").uninstall() == [ours.file]
