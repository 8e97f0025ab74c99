"""Whether hotkeys can be listened to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from daemon.doctor.check import Machine
from daemon.doctor.keys import hotkeys


@pytest.mark.parametrize(
    ("session", "way"),
    [({"DISPLAY": ":7"}, "X11"), ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":7"}, "portal")],
)
def test_the_way_they_come_in_by(session: dict[str, str], way: str, machine: Callable[..., Machine]) -> None:
    found = hotkeys(machine(platform="linux", **session))
    assert found.status == "ok" and f"hotkeys come in by {way}" in found.says


def test_no_way(machine: Callable[..., Machine]) -> None:
    found = hotkeys(machine(platform="linux"))
    assert found.status == "warning" and found.mend == "devos press --list"


def test_switched_off(machine: Callable[..., Machine]) -> None:
    assert hotkeys(machine(settings={"hotkeys": {"on": False}})).status == "skipped"


def test_keys_that_are_in_each_others_way(machine: Callable[..., Machine]) -> None:
    found = hotkeys(machine(settings={"hotkeys": {"mute": "ctrl+alt+s", "stop": "ctrl+alt+s"}}, DISPLAY=":7"))
    assert found.status == "failed" and "mute" in found.says and "stop" in found.says and found.mend


def test_what_the_daemon_says_comes_first(machine: Callable[..., Machine]) -> None:
    senses = {"hotkeys": {"status": "lost", "problem": "The X server is gone."}}
    found = hotkeys(machine(senses=senses, DISPLAY=":7"))
    assert (found.status, found.says) == ("warning", "The X server is gone.")


@pytest.mark.parametrize(("allowed", "status"), [(True, "ok"), (False, "failed")])
def test_a_mac_has_to_allow_them(
    allowed: bool, status: str, machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "HIServices", SimpleNamespace(AXIsProcessTrusted=lambda: allowed))
    found = hotkeys(machine(platform="darwin"))
    assert found.status == status and ("Accessibility" in found.says) is not allowed


def test_a_mac_without_the_library(machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "HIServices", None)
    assert hotkeys(machine(platform="darwin")).status == "failed"
