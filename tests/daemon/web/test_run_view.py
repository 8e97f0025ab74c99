"""A run on its time line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from daemon.web.pages import Argument, Piece
from daemon.web.run_view import LEAST, path_of, row_of, run_page, runs_page

STEP: dict[str, Any] = {
    "n": 1,
    "action": "kubernetes.scale",
    "args": {"name": "web-app", "replicas": 10},
    "decision": "confirm",
    "rule": "careful-production",
    "approved_by": "ann",
    "via": "web",
    "status": "done",
    "started": "2026-11-20T10:00:00.000Z",
    "ms": 500,
    "result": None,
}
RUN: dict[str, Any] = {
    "run": "261120-1f3a9c2e",
    "utterance": {"text": "scale it", "channel": "voice", "confidence": 0.9},
    "intent": "scale_deployment",
    "slots": {"replicas": 10, "ticket": None},
    "tier": "medium",
    "status": "done",
    "steps": [STEP],
    "said": "Done.",
    "ms": 1000,
    "cost_usd": 0.0,
    "approvals": [],
    "waits_for": None,
    "doing": None,
}


def page(**changed: Any) -> Any:
    return run_page(RUN | changed, (), lambda action: action == "kubernetes.scale")


def test_a_run_with_its_steps() -> None:
    shown = page()
    assert shown.slots == (("replicas", "10"),) and shown.started == datetime(2026, 11, 20, 10, tzinfo=UTC)
    (step,) = shown.steps
    assert (step.offset, step.width, step.approved_by, step.via) == (0.0, 50.0, "ann", "web")
    assert step.arguments == (Argument("name", (Piece("web-app"),)), Argument("replicas", (Piece("10"),)))
    assert [position for position, _ in shown.ticks] == [0, 25, 50, 75, 100]
    assert [label for _, label in shown.ticks][:3] == ["0 ms", "250 ms", "500 ms"]


@pytest.mark.parametrize(
    ("started", "took", "offset", "width"),
    [
        ("2026-11-20T10:00:00.500Z", 250, 50.0, 25.0),
        ("2026-11-20T10:00:00.500Z", None, 50.0, 50.0),
        ("2026-11-20T10:00:00.500Z", 0, 50.0, LEAST),
        ("2026-11-20T10:00:05.000Z", 100, 100 - LEAST, LEAST),
        ("2026-11-20T09:00:00.000Z", 10_000_000, 0.0, 100.0),
    ],
)
def test_every_step_stays_on_the_line(started: str, took: int | None, offset: float, width: float) -> None:
    second = page(started="2026-11-20T10:00:00.000Z", steps=[STEP, STEP | {"n": 2, "started": started, "ms": took}])
    assert (second.steps[1].offset, second.steps[1].width) == (offset, pytest.approx(width))


def test_what_can_be_done_with_it() -> None:
    assert page().undo == "/runs/261120-1f3a9c2e/undo" and page().cancel == ""
    assert page(status="running").cancel == "/runs/261120-1f3a9c2e/cancel" and page(status="running").undo == ""
    assert page(intent="undo").undo == "" and page(steps=[STEP | {"action": "kubernetes.deployment"}]).undo == ""
    assert page(steps=[STEP | {"status": "failed"}]).undo == ""


def test_how_a_step_ended() -> None:
    failed = {"kind": "integrations.jira.NoSuchTransition", "args": ["x"], "text": "It cannot move there."}
    results = [failed, ["no", "rule", "file:1"], {"replicas": 10}, None, "words"]
    shown = page(steps=[STEP | {"result": each} for each in results])
    assert shown.steps[0].result == "It cannot move there." and shown.steps[4].result == "words"
    assert shown.steps[3].result == "" and '"replicas": 10' in shown.steps[2].result


def test_a_run_without_steps() -> None:
    assert page(steps=[], said=None).started is None and page(steps=[], said=None).said == ""


def test_the_list_has_what_goes_on_on_top() -> None:
    running = RUN | {
        "status": "running",
        "said": None,
        "doing": "the rollout",
        "steps": [STEP, STEP | {"status": "running"}],
    }
    listed = runs_page([RUN, running], 2, 1000)
    assert [row.status for row in listed.live] == ["running"] and [row.status for row in listed.ended] == ["done"]
    assert (listed.live[0].steps, listed.live[0].ended_steps, listed.live[0].note) == (2, 1, "the rollout")
    assert listed.more == "/runs?limit=8"
    assert runs_page([RUN], 2, 1000).more == "" and runs_page([RUN, RUN], 2, 2).more == ""


def test_what_a_row_says() -> None:
    assert row_of(RUN).note == "Done." and row_of(RUN).path == "/runs/261120-1f3a9c2e"
    assert row_of(RUN | {"said": None, "approvals": [{"because": "It is production."}]}).note == "It is production."
    assert path_of(None) == ""
