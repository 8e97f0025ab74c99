"""What holds for every test: a home of its own, UTC, nothing outside this machine, no skips where CI allows none."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for virtual_sound.py

# DBOS would write to whatever standard error is when it is imported, which may be that of a test that has ended since.
logging.getLogger("dbos").addHandler(logging.NullHandler())
logging.getLogger("dbos").propagate = False

# Before anything is imported that reads them.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
os.environ["TZ"] = "UTC"
time.tzset()
# Whoever started the tests in the background may have had Ctrl-C, or the terminal's end, ignored, which programs under
# test would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

NO_SKIP = os.environ.get("DEVOS_NO_SKIP") == "1"
INSTALL = "install with:"
"""How the reason of a skip starts when a system package is missing; under DEVOS_NO_SKIP such a skip is a failure."""


def _stay_on_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse every connection that would leave the machine; a host's name is refused as it is looked up."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
    elif event == "socket.getaddrinfo":
        host = str(arguments[0] or "localhost")
    else:
        return
    try:
        outside = not (ip_address(host).is_loopback or ip_address(host).is_unspecified)
    except ValueError:
        outside = host != "localhost" and not host.endswith(".localhost")
    if outside:
        raise OSError(f"this test tried to reach {host!r}; tests stay on this machine")


sys.addaudithook(_stay_on_this_machine)


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point DEVOS_HOME, and the folders that other programs keep for a person, at an empty place."""
    home: Path = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name, folder in {
            "DEVOS_HOME": "devos",
            "XDG_CONFIG_HOME": "config",
            "XDG_DATA_HOME": "data",
            "XDG_STATE_HOME": "state",
        }.items():
            patch.setenv(name, str(home / folder))
        for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):  # questions are asked on the desktop, too
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def _sound() -> Iterator[Any]:
    from virtual_sound import VirtualSound

    for program, package in {"pulseaudio": "pulseaudio", "parec": "pulseaudio-utils", "espeak-ng": "espeak-ng"}.items():
        if not shutil.which(program):
            pytest.skip(f"{INSTALL} make system (it wants {package}, which is a sound card without hardware)")
    # A socket's path may have a hundred characters only.
    with tempfile.TemporaryDirectory(prefix="devos-sound-") as folder, VirtualSound(Path(folder)) as sound:
        yield sound


@pytest.fixture
def sound(_sound: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A real sound server with a microphone to speak into and a speaker to listen to, for this process and its own."""
    for name, value in _sound.environment.items():
        monkeypatch.setenv(name, value)
    _sound.looped = False
    _sound.heard()
    yield _sound
    _sound.looped = False
    _sound.revive()


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if NO_SKIP and report.skipped and isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        if reason.removeprefix("Skipped: ").startswith(INSTALL):
            report.outcome = "failed"
            report.longrepr = f"{path}:{line}: skipped for want of a system package. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    _refuse_skip(report)
    return report
