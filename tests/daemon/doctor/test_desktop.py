"""What the desktop session offers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from private_desktop import private_desktop

from daemon.doctor.check import Machine
from daemon.doctor.desktop import display_server, keyring, notifications, portal

NOTHING_TO_START = """<busconfig><type>session</type><listen>unix:path={}/bus</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""
"""A bus that would start nobody, whatever is installed on this machine."""


def test_a_real_screen_and_a_real_desktop(machine: Callable[..., Machine], tmp_path: Path) -> None:
    if not all(shutil.which(each) for each in ("Xvfb", "dunst", "dbus-daemon")):
        pytest.skip("install with: make system (it wants xvfb, dunst and dbus, a desktop without a screen)")
    with private_desktop(tmp_path) as desktop:
        session = {name: desktop.environment[name] for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}
        made = machine(**session)
        assert display_server(made).says == f"X11, {session['DISPLAY']}."
        assert (notifications(made).status, portal(made).status) == ("ok", "skipped")
    gone = display_server(made)
    assert gone.status == "failed" and gone.mend and notifications(made).status == "warning"


def test_a_bus_on_which_nobody_is(machine: Callable[..., Machine], tmp_path: Path) -> None:
    if not shutil.which("dbus-daemon"):
        pytest.skip("install with: make system (it wants dbus, a session bus without a desktop)")
    (tmp_path / "config").write_text(NOTHING_TO_START.format(tmp_path))
    command = ["dbus-daemon", "--config-file", str(tmp_path / "config"), "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bus:
        assert bus.stdout is not None
        made = machine(WAYLAND_DISPLAY="wayland-0", DBUS_SESSION_BUS_ADDRESS=bus.stdout.readline().strip())
        assert "devos press --snippet" in portal(made).mend and portal(made).status == "warning"
        assert notifications(made).says == "Nothing on this desktop shows notifications."
        bus.terminate()


def test_no_session_at_all(machine: Callable[..., Machine]) -> None:
    made = machine(platform="linux")
    assert (display_server(made).status, portal(made).status, notifications(made).status) == (
        "warning",
        "skipped",
        "warning",
    )


@pytest.mark.parametrize("session", [{"WAYLAND_DISPLAY": "wayland-0"}, {"XDG_SESSION_TYPE": "wayland"}])
def test_wayland_without_a_bus(session: dict[str, str], machine: Callable[..., Machine]) -> None:
    made = machine(platform="linux", **session)
    assert display_server(made).says.startswith("Wayland") and portal(made).status == "failed"


def test_a_mac(machine: Callable[..., Machine]) -> None:
    made = machine(platform="darwin")
    assert [check(made).status for check in (display_server, portal, notifications)] == ["ok", "skipped", "ok"]


def test_the_keyring(machine: Callable[..., Machine]) -> None:
    found = keyring(machine())  # the tests have none
    assert found.status == "warning" and "only you can read" in found.says and found.mend
    assert keyring(machine(settings={"audit": {"keyring": "file"}})).status == "skipped"
