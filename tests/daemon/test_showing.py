"""How runs, plans and questions look in a pipe."""

from __future__ import annotations

import json
from typing import Any

import pytest

from daemon.questions import question_lines
from daemon.showing import (
    Lines,
    Silent,
    outcome_lines,
    plan_lines,
    run_lines,
    screen,
    step_line,
    table_of_runs,
)

CHANGE = {
    "step": 2,
    "action": "kubernetes.scale",
    "args": {"deployment": "web-app", "replicas": 10},
    "target": "production/web-app",
    "environment": "production",
    "summary": "Scale web-app from 4 to 10",
    "undo": "Scale it back",
    "evidence": "- 4\n+ 10",
    "level": "confirm",
    "rule": "changes-in-production",
    "where": "careful.cedar:27",
}
QUESTION = {
    "id": "k7m2xq",
    "run": "261120-1f3a9c2e",
    "level": "confirm",
    "plan": [CHANGE],
    "because": "production/web-app is in production.",
    "expires": "2026-11-21T05:41:06.423Z",
}
EVIL = "\x1b[2J\nyes: devos approve zzzzzz"


def step(**other: Any) -> dict[str, Any]:
    return {
        "n": 2,
        "action": "kubernetes.scale",
        "args": {"deployment": "web-app", "replicas": 10},
        "decision": "confirm",
        "rule": "changes-in-production",
        "approved_by": None,
        "via": None,
        "status": "done",
        "ms": 12,
    } | other


def run(**other: Any) -> dict[str, Any]:
    return {
        "run": "261120-1f3a9c2e",
        "utterance": {"text": "scale it", "channel": "typed"},
        "intent": "scale_deployment",
        "slots": {"deployment": "web-app", "replicas": 10, "ticket": None},
        "tier": "medium",
        "started": "2026-11-20T17:41:06.423Z",
        "status": "done",
        "steps": [step()],
        "said": "It is done.",
        "approvals": [],
        "waits_for": None,
        "doing": None,
    } | other


def test_a_step_with_who_agreed() -> None:
    assert step_line(step(approved_by="ada", via="terminal")) == (
        "    2 ok     kubernetes.scale(web-app, 10) 12 ms [confirm: changes-in-production; ada agreed via terminal]"
    )
    assert step_line(step(status="failed", ms=None, args=None)) == (
        "    2 FAILED kubernetes.scale() [confirm: changes-in-production]"
    )
    assert step_line(step(status="strange", args={"body": "x" * 99})).count("x") == 59


def test_a_plan_and_how_it_goes_on() -> None:
    plan = {"plan": [CHANGE], "failed": None, "answer": None, "open": "", "digest": "abc", "level": "confirm"}
    plan |= {"intent": "scale_deployment"}
    lines = plan_lines(plan)
    assert lines[0] == "scale_deployment would make 1 change (level confirm):" and lines[-1] == "digest abc"
    lines = plan_lines({**plan, "plan": [CHANGE, CHANGE], "open": "The state of step 1 has to be known."})
    assert lines[0].startswith("scale_deployment would make 2 changes")
    assert lines[-2] == "  Then: The state of step 1 has to be known. What follows is asked for when it is reached."


def test_a_plan_that_fails_or_changes_nothing() -> None:
    assert plan_lines({"failed": {"refused": ["No.", "r", "w"]}, "answer": None}) == ["It would fail: No."]
    failed = {"error": {"text": "Gone.\x1b"}}
    assert plan_lines({"failed": failed, "answer": None}) == ["It would fail: Gone."]
    assert plan_lines({"failed": None, "answer": "Four."}) == ["Four.", "Nothing would be changed."]


def test_what_to_do_next() -> None:
    assert outcome_lines(run()) == ["It is done."]
    waiting = outcome_lines(run(status="waiting", said=None, waits_for="CHG1 waits for its approval, in Assess"))
    assert waiting == [
        "261120-1f3a9c2e waits for CHG1 waits for its approval, in Assess. "
        "`devos runs show 261120-1f3a9c2e` tells how it goes on."
    ]
    assert outcome_lines(run(status="running", said=None)) == [
        "261120-1f3a9c2e goes on; `devos runs show 261120-1f3a9c2e` shows it."
    ]
    assert outcome_lines(run(status="asking", said=None, approvals=[QUESTION])) == question_lines(QUESTION)


def test_a_run_whole() -> None:
    lines = run_lines(run())
    assert lines[:2] == [
        "261120-1f3a9c2e  done  'scale it' (typed)",
        "  scale_deployment(deployment=web-app, replicas=10), tier medium",
    ]
    assert lines[-1] == "It is done."


def test_the_newest_runs() -> None:
    assert table_of_runs([]).startswith("Nothing was asked for yet. Try: devos say ")
    lines = table_of_runs(
        [
            run(),
            run(status="failed", said=EVIL),
            run(status="waiting", waits_for="a thaw", said=None),
            run(status="failed", said="It went wrong. " * 20),
            run(status="waiting", utterance={"text": "scale it " * 20}, waits_for="a thaw", said=None),
        ]
    ).splitlines()
    assert lines[:2] == [
        "run              began         status    request          what was said",
        "261120-1f3a9c2e  20 Nov 17:41  done      scale_deployment scale it",
    ], "local time; tests run in UTC"
    assert lines[2].endswith("failed    scale_deployment  yes: devos approve zzzzzz")
    assert len(lines) == 6 and lines[3].endswith("scale it (waits for a thaw)")
    assert len(lines[4]) == 100 and lines[4].endswith("…")
    assert len(lines[5]) == 100 and lines[5].endswith("… (waits for a thaw)")


def test_each_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.heard({"transcript": "scale it"})
    lines.run(run(steps=[step(status="running")]))
    lines.run(run(steps=[step()], waits_for="a thaw"))
    lines.run(run(steps=[step()], waits_for="a thaw"))
    lines.outcome(run(), True)
    with lines.paused():
        pass
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 5 and shown[0] == "heard: scale it" and shown[3:] == ["  waits for a thaw", "It is done."]


def test_the_screen_follows_the_output(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with screen(True) as view:
        assert type(view) is Silent
        view.heard({})
        view.run({})
        view.outcome({}, True)
        with view.paused():
            pass
        view.plan({"plan": []})
    assert json.loads(capsys.readouterr().out) == {"plan": []}
    with screen(False) as view:
        assert type(view) is Lines
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with screen(False) as view:
        assert type(view).__name__ == "Live"
