"""Replay: each step once, in the order it was called in, held to what was recorded and to what was agreed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cluster import Gate
from victim import WORKFLOWS, asks
from wiring import DevOS, life, never

from policies.action import OutsideRun, Unreachable
from policies.agreeing import Verdict
from policies.runs import CannotResume

Kill = Callable[..., str]
Workflow = Callable[..., Awaitable[str]]


@pytest.mark.parametrize(
    "moment", [("before", "read"), ("before", "scale"), ("after", "scale"), ("before", "announce")]
)
async def test_killed_at_any_moment_a_change_is_made_once(tmp_path: Path, kill: Kill, moment: tuple[Any, ...]) -> None:
    run = kill("one_by_one", *moment)
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        if moment[1] == "announce":  # nothing but a person knows whether it happened
            question = await devos.agree(run, False)
            assert question["level"] == "outcome"
        shown = await devos.ended(run)
        assert (shown["status"], shown["said"]) == ("done", "4->6 M2")
        assert [each["name"] for each in devos.wire.journal()] == ["scale", "announce"]
        how = [entry.data["how"] for entry in devos.log.entries(run=run, type="devos.action.done") if entry.step == 2]
        assert how == ["found out" if moment == ("after", "scale") else "performed"]


async def test_killed_after_a_poll_that_opened_a_text_the_run_still_knows_it(tmp_path: Path, kill: Kill) -> None:
    """The poll is not repeated, so nothing would open it again."""
    run = kill("polls", "after", "announce", 2)
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        await devos.agree(run, result="M2")  # the second message was sent
        await devos.when(run, lambda shown: any(each["subject"] == "step:4" for each in shown["approvals"]))
        (question,) = devos.approvals.open()
        assert question.subject == "step:4" and question.plan[0]["outside"] == ["replicas"]
        assert question.opened == ("kubernetes web-app note",)


@pytest.mark.parametrize(
    ("answer", "status", "said", "made"),
    [
        ({"yes": True, "result": 5}, "done", "restarted: 5", 1),
        ({"yes": False}, "done", "restarted: 2", 2),
        ({"yes": True}, "failed", "kubernetes.restart happened, says ana, but the result it had is not known.", 1),
    ],
)
async def test_killed_where_only_a_person_can_know_one_is_asked(
    tmp_path: Path, kill: Kill, answer: dict[str, Any], status: str, said: str, made: int
) -> None:
    run = kill("restarts", "after", "restart")
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        question = await devos.agree(run, **answer)
        shown = await devos.ended(run)
        assert question["because"].startswith("DevOS lost contact while it did kubernetes.restart")
        assert (shown["status"], shown["said"], len(devos.wire.journal("restart"))) == (status, said, made)


async def test_an_answer_about_one_attempt_never_serves_for_the_next(tmp_path: Path, kill: Kill) -> None:
    run = kill("restarts", "before", "restart")
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        devos.wire.before("restart", Unreachable("no answer"))
        first = await devos.agree(run, False)
        shown = await devos.when(run, lambda shown: shown["approvals"] not in ([], [first]))
        (second,) = shown["approvals"]
        assert second["plan"] == first["plan"]
        await devos.approvals.answer(second["id"], True, "ana", "test", result=9)
        assert (await devos.ended(run))["said"] == "restarted: 9"
        assert not devos.wire.journal("restart")


def newer(workflow: Workflow) -> Workflow:
    """Newer code of the request `asks`."""
    workflow.__name__ = "asks"
    return workflow


@newer
async def other_text(devos: DevOS) -> str:
    await devos.kubernetes.announce("here it comes!")
    return await ends_otherwise(devos)


@newer
async def another_action(devos: DevOS) -> str:
    await devos.kubernetes.restart("web-app", "staging")
    return "newer"


@newer
async def asks_about_something_else(devos: DevOS) -> str:
    await devos.kubernetes.announce("here it comes")
    await devos.kubernetes.scale("web-app", "production", 7)
    return "newer"


@newer
async def asks_nothing(devos: DevOS) -> str:
    await devos.kubernetes.announce("here it comes")
    return "newer"


@newer
async def ends_otherwise(devos: DevOS) -> str:
    await devos.kubernetes.announce("here it comes")
    scaled = await devos.kubernetes.scale("web-app", "production", 6)
    number = await devos.kubernetes.announce("that was it")
    return f"newer: {scaled.replicas} {number}"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (other_text, "step 1 was kubernetes.announce and is now kubernetes.announce with other arguments"),
        (another_action, "step 1 was kubernetes.announce and is now kubernetes.restart"),
        (asks_about_something_else, "step 2 was kubernetes.scale and is now kubernetes.scale with other arguments"),
        (asks_nothing, "step 2 is not made any more"),
    ],
)
async def test_newer_code_with_other_steps_puts_a_run_aside_until_the_old_code_is_back(
    tmp_path: Path, kill: Kill, code: Workflow, says: str
) -> None:
    run = kill("asks")

    async def newer_code() -> None:
        async with DevOS(tmp_path, requests=[code]) as devos:
            shown = await devos.ended(run)
            assert (shown["status"], shown["approvals"]) == ("failed", [])
            assert shown["said"] == (
                f"Stopped: the request was started by DevOS 0.1.0, and {says}. Nothing was repeated. "
                f"Install DevOS 0.1.0 and say `devos runs resume {run}`, or give it up with `devos runs cancel {run}`."
            )
            assert len(devos.wire.journal()) == 1

    await life(newer_code())
    async with DevOS(tmp_path, requests=[asks]) as devos:
        await devos.runs.resume(run)
        await devos.agree(run)
        shown = await devos.ended(run)
        assert (shown["status"], shown["said"]) == ("done", "now 6")
        assert [each["name"] for each in devos.wire.journal()] == ["announce", "scale"]
        ends = [entry.type for entry in devos.log.entries(run=run) if entry.type.startswith("devos.run.")]
        assert [each.removeprefix("devos.run.") for each in ends[2:]] == ["finished", "resumed", "finished"]


async def test_a_run_that_was_put_aside_can_be_given_up_and_that_is_recorded(tmp_path: Path, kill: Kill) -> None:
    run = kill("asks")
    async with DevOS(tmp_path, requests=[another_action]) as devos:
        await devos.ended(run)
        assert await devos.runs.cancel(run, "ana", "typed")
        shown = devos.runs.show(run)
        assert (shown["status"], shown["said"]) == ("cancelled", "Given up by ana.")
        last = devos.log.entries(run=run)[-1]
        assert (last.type, last.data) == (
            "devos.run.finished",
            {"status": "cancelled", "by": "ana", "via": "typed"},
        )
        with pytest.raises(CannotResume, match=f"{run} is cancelled; only a run that was put aside"):
            await devos.runs.resume(run)


async def test_a_run_at_a_question_survives_newer_code_that_made_the_same_steps(tmp_path: Path, kill: Kill) -> None:
    run = kill("asks")
    async with DevOS(tmp_path, requests=[ends_otherwise]) as devos:
        await devos.agree(run)
        assert (await devos.ended(run))["said"] == "newer: 6 M3"
        assert [each["name"] for each in devos.wire.journal()] == ["announce", "scale", "announce"]


async def test_a_run_that_waits_for_a_change_request_survives_newer_code(tmp_path: Path) -> None:
    gate = Gate()
    gate.states.appendleft(Verdict(False, False, "", "CHG1 waits for its approval"))

    async def deploys(devos: DevOS) -> str:
        return await devos.cdk.deploy("web-app", "production", "CHG1")

    async def newer_deploys(devos: DevOS) -> str:
        return f"newer: {await deploys(devos)}"

    async def waits() -> str:
        built = DevOS(tmp_path, gate=gate)
        built.sleep = never
        async with built as devos:
            run = await devos.start(deploys)
            await devos.agree(run)
            shown = await devos.when(run, lambda shown: shown["status"] == "waiting")
            assert shown["waits_for"] == "CHG1 waits for its approval"
        return run

    run = await life(waits())
    newer_deploys.__name__ = "deploys"
    async with DevOS(tmp_path, gate=gate, requests=[newer_deploys]) as devos:
        assert (await devos.ended(run))["said"] == "newer: D1"
        assert len(devos.approvals.of_run(run)) == 1  # asked once, and the answer still counted
        (intended,) = devos.log.entries(run=run, type="devos.action.intended")
        assert (intended.data["approved_by"], intended.data["via"]) == ("Vera", "servicenow CHG1")


async def test_a_stray_task_in_a_run_fails_the_run_and_says_what_to_do(devos: DevOS) -> None:
    async def strays(devos: DevOS) -> str:
        await devos.kubernetes.restart("web-app", "staging")
        await asyncio.create_task(stray(devos))
        return "never"

    async def stray(devos: DevOS) -> None:
        await devos.kubernetes.restart("checkout", "staging")

    shown = await devos.do(strays)
    assert shown["status"] == "failed"
    assert OutsideRun.__name__ in shown["said"]
    assert "together(...)" in shown["said"]
    assert not devos.wire.journal()  # it showed in the plan already
