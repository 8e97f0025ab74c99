"""How far a run has come, by what is told of it."""

from __future__ import annotations

from typing import Any

from daemon.conversation.following import Followed


def followed() -> Followed:
    return Followed("run-1", "scale_deployment", {}, False, 0.0)


def shown(
    status: str, *steps: tuple[int, str], subject: str = "plan", changes: tuple[int, ...] = (2,), tier: str = "medium"
) -> dict[str, Any]:
    asking = [{"subject": subject, "plan": [{"step": step} for step in changes]}] if status == "asking" else []
    return {
        "status": status,
        "tier": tier,
        "approvals": asking,
        "steps": [{"n": n, "status": status} for n, status in steps],
    }


def test_while_its_plan_is_asked_about_it_can_be_corrected() -> None:
    run = followed()
    run.see(shown("running"))
    assert not run.correctable
    run.see(shown("asking", (1, "done"), (2, "asking")))
    assert run.correctable
    run.see(shown("denied", (1, "done"), (2, "denied")))
    assert run.correctable


def test_once_a_change_began_it_cannot() -> None:
    for status in ("running", "done", "failed"):
        run = followed()
        run.see(shown("asking", (2, status), (4, "asking"), changes=(2, 4)))
        assert not run.correctable
        run.see(shown("cancelled", (2, status)))
        assert not run.correctable


def test_neither_can_one_that_asks_about_a_single_step() -> None:
    run = followed()
    run.see(shown("asking", (2, "asking")))
    run.see(shown("asking", (2, "done"), (3, "asking"), subject="step:3"))
    assert not run.correctable


def test_nor_one_that_asked_nothing() -> None:
    run = followed()
    run.see(shown("done", (2, "done")))
    assert not run.correctable


def test_a_question_can_be_put_again_otherwise_once_it_is_answered() -> None:
    run = followed()
    run.see(shown("running", (1, "running"), tier="simple"))
    assert not run.correctable
    run.see(shown("done", (1, "done"), tier="simple"))
    assert run.correctable
