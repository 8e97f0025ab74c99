"""A run's steps, folded from what the audit log holds of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from wiring import START

from policies.audit.log import Stored
from policies.record import steps_of

AGREED = {"rule": "reads", "approved_by": None, "via": None}


def entry(
    seconds: float, kind: str, step: int | None, payload: Any = None, *, plan: bool = False, **data: Any
) -> Stored:
    return Stored(
        seq=1,
        id="x",
        time=START + timedelta(seconds=seconds),
        type=f"devos.{kind}",
        run="run-1",
        step=step,
        action="kubernetes.scale",
        data={"plan": plan, **data},
        payload=payload,
    )


INTENDED = entry(1, "action.intended", 1, {"args": {"replicas": 6}}, level="auto", **AGREED)
DONE = entry(1.25, "action.done", 1, {"result": 7})


def test_a_step_has_what_was_asked_what_was_decided_and_what_came_of_it() -> None:
    assert steps_of([entry(0, "run.started", None), INTENDED, DONE, entry(9, "approval.asked", None)]) == [
        {
            "n": 1,
            "action": "kubernetes.scale",
            "args": {"replicas": 6},
            "decision": "auto",
            "rule": "reads",
            "approved_by": None,
            "via": None,
            "status": "done",
            "started": "2026-03-01T09:00:01.000Z",
            "ms": 250,
            "result": 7,
        }
    ]


def test_a_step_that_is_under_way_runs() -> None:
    (step,) = steps_of([INTENDED])
    assert (step["status"], step["ms"], step["result"]) == ("running", None, None)


def test_a_step_that_waits_for_an_answer_asks_and_its_time_begins_when_it_is_performed() -> None:
    asked = entry(0, "action.asked", 1, {"args": {"replicas": 6}}, level="confirm", rule="leaps")
    (asking,) = steps_of([asked])
    assert asking | {"started": None} == {
        "n": 1,
        "action": "kubernetes.scale",
        "args": {"replicas": 6},
        "decision": "confirm",
        "rule": "leaps",
        "approved_by": None,
        "via": None,
        "status": "asking",
        "started": None,
        "ms": None,
        "result": None,
    }
    agreed = replace(INTENDED, data={**INTENDED.data, "level": "confirm", "approved_by": "ana", "via": "typed"})
    (done,) = steps_of([asked, agreed, DONE])
    assert (done["approved_by"], done["via"], done["ms"]) == ("ana", "typed", 250)


def test_a_failed_and_a_refused_step_say_why() -> None:
    failed = entry(2, "action.failed", 1, {"error": {"kind": "x", "args": [], "text": "no"}})
    refused = entry(2, "action.refused", 2, {"refused": ["no", "leaps", "careful.cedar:6"]})
    first, second = steps_of([INTENDED, failed, refused])
    assert (first["status"], first["result"]["text"]) == ("failed", "no")
    assert (second["status"], second["result"], second["ms"]) == ("denied", ["no", "leaps", "careful.cedar:6"], 0)
    assert (second["decision"], second["rule"]) == ("deny", "leaps")


def test_what_was_asked_about_and_refused_keeps_what_was_asked() -> None:
    asked = entry(0, "action.asked", 1, {"args": {}}, level="confirm", rule="leaps")
    (step,) = steps_of([asked, entry(2, "action.refused", 1, {"refused": ["bob said no.", "other", "x"]})])
    assert (step["status"], step["decision"], step["rule"]) == ("denied", "confirm", "leaps")


def test_an_erased_payload_leaves_the_step() -> None:
    asked = entry(0, "action.asked", 1, None, level="confirm", rule="leaps")
    (step,) = steps_of([asked, replace(INTENDED, payload=None), replace(DONE, payload=None)])
    assert (step["args"], step["result"], step["status"]) == (None, None, "done")


def test_a_reading_of_the_plan_stands_until_the_run_comes_to_the_step_itself() -> None:
    planned = [
        entry(0, "action.intended", 1, {"args": {}}, plan=True, level="auto", **AGREED),
        entry(1, "action.done", 1, {"result": "planned"}, plan=True),
    ]
    assert [step["result"] for step in steps_of(planned)] == ["planned"]
    again = [replace(INTENDED, time=START + timedelta(seconds=5)), replace(DONE, time=START + timedelta(seconds=6))]
    (step,) = steps_of(planned + again[:1])
    assert (step["status"], step["result"], step["started"]) == ("running", None, "2026-03-01T09:00:05.000Z")
    (step,) = steps_of(planned + again)
    assert (step["result"], step["ms"]) == (7, 1000)


def test_steps_stand_in_the_order_of_their_numbers() -> None:
    assert [step["n"] for step in steps_of([replace(INTENDED, step=102), INTENDED, replace(INTENDED, step=2)])] == [
        1,
        2,
        102,
    ]
