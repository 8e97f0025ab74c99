"""All checks, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.doctor.check import Check, Machine
from daemon.doctor.examination import CHECKS, examine


def test_a_check_that_breaks_or_hangs_is_a_finding_and_the_rest_goes_on(machine: Callable[..., Machine]) -> None:
    go_on = threading.Event()

    def breaks(machine: Machine) -> Check:
        raise KeyError("what\nno\x1bbody expects")

    def hangs(machine: Machine) -> Check:
        go_on.wait(60)
        return Check("hangs", "ok", "")

    def works(machine: Machine) -> Check:
        return Check("works", "ok", "It works.")

    broken, hanging, working = examine(machine(), {"breaks": breaks, "hangs": hangs, "works": works}, limit=0.05)
    go_on.set()
    assert (broken.name, broken.status, hanging.name, hanging.status) == ("breaks", "failed", "hangs", "failed")
    assert "KeyError" in broken.says and "\n" not in broken.says and "\x1b" not in broken.says
    assert hanging.says == "It does not answer within 0.05 seconds." and working.says == "It works."


def test_a_machine_that_has_nothing(
    machine: Callable[..., Machine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No sound, no screen, no bus, no programs, no home.
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/pulse")
    monkeypatch.setenv("HOME", str(tmp_path))
    found = {each.name: each for each in examine(machine(platform="linux"))}
    assert list(found) == list(CHECKS)
    failed = {name for name, each in found.items() if each.status == "failed"}
    assert {"microphone", "loudspeaker"} <= failed <= {"microphone", "loudspeaker", "sound server", "voice"}
    for each in found.values():
        assert each.says.endswith((".", ")")) and "\n" not in each.says and "Traceback" not in each.says
        assert each.mend if each.status in ("failed", "warning") else not each.mend, each
        assert "could not be looked at" not in each.says
    assert not (tmp_path / "devos").exists()  # looking changes nothing
