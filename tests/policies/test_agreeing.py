"""Getting the agreement a decision needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from cluster import Gate
from wiring import DevOS

from policies.action import IntegrationError, Unreachable
from policies.agreeing import Verdict, Waits
from policies.output import Origin, Refused

Build = Callable[..., DevOS]
WAITING = Verdict(False, False, "", "CHG1 waits for its approval (Assess)")
APPROVED = Verdict(True, False, "Vera", "CHG1 is approved")
APPROVE = '@id("four-eyes") @approval("approve") permit (principal, action == Action::"kubernetes.scale", resource);'


async def scales(house: DevOS) -> str:
    return f"{await house.kubernetes.scale('web-app', 'production', 6)}"


async def deploys(house: DevOS, change: str | None = "CHG1") -> str:
    return await house.cdk.deploy("web-app", "production", change)


def intended(house: DevOS) -> tuple[str | None, str | None]:
    """Who agreed to the run's last action, and by which channel."""
    data = house.log.entries(run="run-1", type="devos.action.intended")[-1].data
    return data["approved_by"], data["via"]


async def test_nobody_is_asked_where_the_rules_let_it_pass(house: DevOS) -> None:
    async def scales(house: DevOS) -> str:
        return f"{await house.kubernetes.scale('web-app', 'staging', 6)}"

    await house.take(scales)
    assert not house.approvals.of_run("run-1")
    assert intended(house) == (None, None)


async def test_whoever_confirms_is_recorded_with_the_intention(house: DevOS) -> None:
    taking = asyncio.create_task(house.take(scales))
    question = await house.answer(by="ana")
    assert await taking == "Scaled(was=4, replicas=6)"
    assert intended(house) == ("ana", "test")
    assert (question.subject, question.level) == ("step:1", "confirm")
    assert question.because == "production/web-app is in production."
    shown = question.plan[0]
    assert shown["summary"] == "Scale web-app in production from 4 to 6 replicas"
    assert (shown["undo"], shown["before"], shown["after"]) == ("Scale it back to 4", 4, 6)


@pytest.mark.parametrize(("because", "says"), [("not today", "ana said no: not today"), (None, r"ana said no\.$")])
async def test_a_no_is_the_end_and_says_whose_it_was(house: DevOS, because: str | None, says: str) -> None:
    taking = asyncio.create_task(house.take(scales))
    await house.answer(False, because=because)
    with pytest.raises(Refused, match=says) as refused:
        await taking
    assert refused.value.rule == "changes-in-production"
    assert not house.wire.journal()
    with pytest.raises(Refused, match=says):
        await house.take(scales)  # asked again by nobody
    assert len(house.approvals.of_run("run-1")) == 1


async def test_a_withdrawn_question_refuses(house: DevOS) -> None:
    taking = asyncio.create_task(house.take(scales))
    question = await house.question()
    await house.approvals.withdraw("run-1")
    with pytest.raises(Refused, match=f"Approval {question.id} was withdrawn"):
        await taking
    assert not house.wire.journal()


async def test_an_approval_that_ends_before_it_is_spent_is_asked_for_again(house: DevOS) -> None:
    use, spent = house.approvals.use, []

    async def too_late(approval: object) -> bool:
        spent.append(approval)
        if len(spent) == 1:
            await house.approvals.withdraw("run-1")
        return await use(approval)  # type: ignore[arg-type]  # handed on

    house.approvals.use = too_late  # type: ignore[method-assign]  # the moment between answer and use
    taking = asyncio.create_task(house.take(scales))
    first, second = await house.answer(), await house.answer()
    assert await taking == "Scaled(was=4, replicas=6)"
    assert first.id != second.id


async def test_somebody_else_has_to_approve_where_a_rule_says_so(build: Build) -> None:
    house = build(rules=APPROVE)
    taking = asyncio.create_task(house.take(scales))
    question = await house.answer(by="bob")
    await taking
    assert question.level == "approve"
    assert intended(house) == ("bob", "test")


async def test_an_approved_change_request_agrees_and_is_named(build: Build) -> None:
    gate = Gate()
    house = build(gate=gate)
    taking = asyncio.create_task(house.take(deploys))
    assert (await house.answer()).level == "confirm"
    await taking
    assert gate.asked == ["CHG1"]
    assert intended(house) == ("Vera", "servicenow CHG1")


async def test_a_change_request_does_not_stand_for_somebody_elses_yes(build: Build) -> None:
    rule = '@id("four-eyes") @approval("approve") permit (principal, action == Action::"cdk.deploy", resource);'
    gate = Gate()
    house = build(gate=gate, rules=rule)
    taking = asyncio.create_task(house.take(deploys))
    assert (await house.answer(by="ana")).level == "confirm"
    assert (await house.answer(by="bob")).level == "approve"
    await taking
    assert gate.asked == ["CHG1"]


async def test_waits_for_the_change_request_less_and_less_often(build: Build) -> None:
    gate, seen = Gate(), []

    async def looked(number: str) -> Verdict:
        seen.append(dict(house.door.waits.outside))
        return await gate(number)

    gate.states.extendleft([WAITING] * 20)
    house = build(gate=looked)
    taking = asyncio.create_task(house.take(deploys))
    await house.answer()
    await taking
    assert len(gate.asked) == 21
    assert house.slept[:3] == [1.0, 1.5, 2.25]
    assert house.slept[-1] == 60.0
    assert seen[0] == {}
    assert seen[-1] == {"run-1": WAITING.text}
    assert not house.door.waits.outside


async def test_a_refused_change_request_refuses(build: Build) -> None:
    gate = Gate()
    gate.states = type(gate.states)([WAITING, Verdict(False, True, "Vera", "CHG1 was rejected")])
    house = build(gate=gate)
    taking = asyncio.create_task(house.take(deploys))
    await house.answer()
    with pytest.raises(Refused, match="CHG1 was not approved: CHG1 was rejected"):
        await taking
    assert not house.wire.journal()
    assert not house.door.waits.outside


async def test_a_wait_for_a_change_request_outlives_an_outage(build: Build) -> None:
    gate = Gate()
    gate.states.extendleft([Unreachable("no answer")] * 50)
    house = build(gate=gate)
    taking = asyncio.create_task(house.take(deploys))
    await house.answer()
    assert await taking == "D1"
    assert len(gate.asked) == 51


async def test_a_change_request_that_does_not_exist_fails_the_step(build: Build) -> None:
    gate = Gate()
    gate.states.appendleft(IntegrationError("there is no CHG1"))
    house = build(gate=gate)
    taking = asyncio.create_task(house.take(deploys))
    await house.answer()
    with pytest.raises(IntegrationError, match="there is no CHG1"):
        await taking
    assert house.types("run-1")[-1] == "action.failed"
    assert not house.wire.journal()


@pytest.mark.parametrize(("gate", "change"), [(Gate(), None), (Gate(), ""), (None, "CHG1")])
async def test_without_a_change_request_or_anybody_to_ask_about_it_it_is_refused(
    build: Build, gate: Gate | None, change: str | None
) -> None:
    house = build(gate=gate)
    taking = asyncio.create_task(house.take(deploys, change=change))
    await house.answer()
    with pytest.raises(Refused, match=r"cdk.deploy needs an approved change request, and names none"):
        await taking
    assert not house.wire.journal()


async def test_an_action_that_cannot_name_a_change_request_is_refused_where_one_is_needed(build: Build) -> None:
    rule = '@id("gated") @approval("change") permit (principal, action == Action::"kubernetes.scale", resource);'
    house = build(rules=rule, gate=Gate())
    taking = asyncio.create_task(house.take(scales))
    await house.answer()
    with pytest.raises(Refused, match="names none"):
        await taking


def test_what_a_run_is_at_is_told_when_it_changes() -> None:
    told: list[str] = []
    waits = Waits(told.append)
    for what in ("web-app rolls out", "web-app rolls out", None, None):
        waits.set(waits.doing, "run-1", what)
        waits.set(waits.outside, "run-2", what)
    assert told == ["run-1", "run-2"] * 2
    assert not waits.doing
    Waits().changed("run-1")


async def test_whether_it_happened_is_asked_about_that_attempt_alone(house: DevOS) -> None:
    origin = Origin("run-1", "ana", "typed", "any", "simple")
    call = house.kubernetes.restart.call("web-app", "staging")
    for attempt, yes in ((1, False), (2, True)):
        asking = asyncio.create_task(house.door._agreeing.outcome(origin, call, 4, attempt))
        question = await house.answer(yes, result=7)
        assert (question.subject, question.level) == (f"outcome:4:{attempt}", "outcome")
        assert question.plan == [{"step": 4, "action": call.name, "args": call.json, "target": call.target().id}]
        answer = await asking
        assert (answer.status, answer.result) == ("approved" if yes else "denied", 7)
