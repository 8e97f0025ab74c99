"""A request's way at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.live import Live

if TYPE_CHECKING:
    from tests.daemon.conftest import House, Terminal

RECORDING = Path(__file__).parents[2] / "demo" / "scale-web-app.flac"


def test_each_step_as_it_happens(house: House, terminal: Callable[..., Terminal]) -> None:
    house.sandbox.settings(rollout_seconds=1000)
    screen = terminal("say", "set checkout to six pods in staging")
    screen.reads("ok     kubernetes.deployment(checkout, staging)")
    screen.reads("ok     kubernetes.scale(")
    screen.reads("watches the rollout of checkout")
    screen.interrupts()
    screen.reads(" goes on; `devos runs show ")
    assert screen.end() == 130
    (run,) = house.devos("runs", "--limit", "1", "--json").json
    assert run["status"] == "running" and run["doing"] == "the rollout of checkout"


def test_what_it_waits_for(house: House, terminal: Callable[..., Terminal]) -> None:
    house.devos("freeze")
    screen = terminal("say", "set checkout to six pods in staging")
    screen.reads("waits for `devos thaw`: every change is frozen")
    house.devos("thaw")
    screen.reads("checkout in staging went from 2 to 6 replicas")
    assert screen.end() == 0


def test_what_a_recording_said(house: House, terminal: Callable[..., Terminal]) -> None:
    screen = terminal("hear", str(RECORDING), "--plan")
    screen.reads("heard: ")
    screen.reads("from 4 to 10 replicas")
    assert screen.end() == 0


def test_what_is_not_understood_leaves_the_screen_in_order(house: House, terminal: Callable[..., Terminal]) -> None:
    screen = terminal("say", "make me a sandwich")
    screen.reads("know no such request")
    assert screen.end() == 5


@pytest.mark.parametrize("status", ["done", "failed", "denied", "running", "asking"])
def test_text_from_outside_is_harmless(status: str, capsys: pytest.CaptureFixture[str]) -> None:
    bad = "\x1b]0;mine\x07\nok all is well"
    step = {"n": 1, "action": "jira.comment", "args": {"body": bad}, "status": status, "ms": 3, "decision": "auto"}
    step |= {"rule": "x", "approved_by": None, "via": None}
    run = {"run": "r", "intent": "say", "slots": {}, "steps": [step], "status": "running", "said": bad}
    with Live() as live:
        live.heard({"transcript": bad})
        live.run({**run, "approvals": [], "waits_for": bad, "doing": None})
        live.run({**run, "approvals": [], "waits_for": None, "doing": bad})
        live.run({**run, "approvals": [], "waits_for": None, "doing": None})
        with live.paused():
            pass
    live.outcome({**run, "status": "done", "approvals": [], "waits_for": None}, True)
    shown = capsys.readouterr().out
    assert "\x1b]0" not in shown and "\x07" not in shown and "mine" not in shown and "ok all is well" in shown


def test_what_was_said_meanwhile_stays(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    run = {"run": "261120-1f3a9c2e", "intent": "say", "slots": {}, "status": "running", "said": None, "approvals": []}
    run |= {"waits_for": "a thaw", "doing": None, "steps": []}
    with Live() as live:
        live.run(run)
        with live.paused():
            print("The word: tango")
        live.run(run)
    before, _, after = capsys.readouterr().out.partition("The word: tango\n")
    up = "\x1b[1A"
    assert up in before  # it was a terminal
    assert up not in after.partition("say")[0]  # the next drawing begins below, not over it
