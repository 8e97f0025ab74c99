"""What a person's approval of a plan covers (policies/plan.py, policies/agreeing.py): exactly what was shown, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from cluster import ACTIONS
from wiring import START, DevOS

from policies.action import Preview
from policies.approvals import CannotAnswer
from policies.steps import offer

Calls = list[tuple[str, int]]
PLANNED: Calls = [("web-app", 6), ("checkout", 7)]


def planned_then_done(planned: Calls, done: Calls) -> Callable[..., Awaitable[str]]:
    """A request that makes other calls when it is carried out than when it was planned."""
    turns: Iterator[Calls] = iter([planned, done])

    async def scales(devos: DevOS) -> str:
        for deployment, replicas in next(turns):
            await devos.kubernetes.scale(deployment, "production", replicas)
        return "done"

    return scales


async def questions(devos: DevOS, run: str, by: str = "ana") -> list[str]:
    """Say yes to every question of a run, and return what they were about."""
    while True:
        seen = {each.id for each in devos.approvals.of_run(run)} - {each.id for each in devos.approvals.open()}
        shown = await devos.when(
            run, lambda shown, seen=seen: any(each["id"] not in seen for each in shown["approvals"])
        )
        if not shown["approvals"]:
            assert shown["status"] == "done", shown
            return [each.subject for each in devos.approvals.of_run(run)]
        await devos.approvals.answer(shown["approvals"][0]["id"], True, by, "test")


@pytest.mark.parametrize(
    ("done", "asked"),
    [
        (PLANNED, ["plan"]),
        ([("web-app", 6), ("checkout", 8)], ["plan", "step:2"]),
        ([("web-app", 6), ("payment", 7)], ["plan", "step:2"]),
        ([*PLANNED, ("payment", 5)], ["plan", "step:3"]),
        ([("payment", 5), *PLANNED], ["step:1", "step:2", "step:3"]),
        ([("web-app", 6), *PLANNED], ["plan", "step:2", "step:3"]),
        (PLANNED[::-1], ["step:1", "step:2"]),
        (PLANNED[1:], ["step:1"]),
        (PLANNED[:1], ["plan"]),
        ([], []),
    ],
    ids=["honest", "argument", "target", "extra", "before", "repeated", "swapped", "left out", "cut", "nothing"],
)
async def test_whatever_deviates_from_the_plan_is_asked_about_by_itself(
    devos: DevOS, done: Calls, asked: list[str]
) -> None:
    run = await devos.start(planned_then_done(PLANNED, done))
    assert await questions(devos, run) == asked
    assert [(each["deployment"], each["replicas"]) for each in devos.wire.journal("scale")] == done
    plan, *others = devos.approvals.of_run(run) or [None]
    if plan is not None and plan.subject == "plan":
        says = f"It is not part of what was approved as {plan.id}."
        assert all(each.because.endswith(says) for each in others)


async def test_what_comes_later_is_filled_in_exactly(devos: DevOS) -> None:
    async def chain(devos: DevOS) -> str:
        first = await devos.kubernetes.scale("web-app", "production", 6)
        number = await devos.kubernetes.announce(f"{first.was:03d} became {first.replicas}")
        await devos.kubernetes.scale("checkout", "production", first.replicas)
        await devos.kubernetes.answer(number, f"as told in {number}")
        return "done"

    run = await devos.start(chain)
    assert await questions(devos, run) == ["plan"]
    assert devos.wire.journal("answer") == [{"name": "answer", "number": "M2", "text": "as told in M2"}]
    assert devos.wire.journal("announce")[0]["text"] == "004 became 6"


async def test_a_result_that_the_plan_does_not_refer_to_is_a_deviation(devos: DevOS) -> None:
    turns = iter([lambda scaled: scaled.replicas, lambda scaled: 9])

    async def chain(devos: DevOS) -> str:
        choose: Callable[[Any], int] = next(turns)
        first = await devos.kubernetes.scale("web-app", "production", 6)
        await devos.kubernetes.scale("checkout", "production", choose(first))
        return "done"

    run = await devos.start(chain)
    assert await questions(devos, run) == ["plan", "step:2"]


async def test_what_comes_after_an_open_plan_is_asked_about_when_it_is_reached(devos: DevOS) -> None:
    async def decides(devos: DevOS) -> str:
        scaled = await devos.kubernetes.scale("web-app", "production", 6)
        if scaled.was < scaled.replicas:
            await devos.kubernetes.scale("checkout", "production", 7)
        return "done"

    run = await devos.start(decides)
    assert await questions(devos, run) == ["plan", "step:2"]


async def test_a_leap_that_shows_only_later_is_asked_about_although_the_plan_was_agreed(devos: DevOS) -> None:
    """In staging nobody is asked, until the number turns out to be more than three times the one before."""

    async def later(devos: DevOS) -> str:
        first = await devos.kubernetes.scale("web-app", "staging", 12)
        second = await devos.kubernetes.scale("web-app", "staging", 40)
        await devos.kubernetes.scale("checkout", "staging", second.replicas)
        return f"{first.was}"

    run = await devos.start(later)
    assert await questions(devos, run) == ["plan", "step:3"]


async def test_ones_own_confirmation_of_a_plan_is_not_somebody_elses_approval_of_it(devos: DevOS) -> None:
    devos.rule('@id("two") @approval("approve") permit (principal, action == Action::"kubernetes.delete", resource);')

    async def mixed(devos: DevOS) -> str:
        await devos.kubernetes.scale("web-app", "production", 6)
        await devos.kubernetes.delete("checkout", "production")
        return "done"

    run = await devos.start(mixed)
    first = await devos.agree(run, by="ana")
    shown = await devos.when(run, lambda shown: shown["approvals"] not in ([], [first]))
    (second,) = shown["approvals"]
    assert (first["level"], second["level"], first["digest"]) == ("confirm", "approve", second["digest"])
    assert not devos.wire.journal("delete")
    with pytest.raises(CannotAnswer, match="somebody else than ana"):
        await devos.approvals.answer(second["id"], True, "ana", "test")
    await devos.approvals.answer(second["id"], True, "bob", "test")
    assert (await devos.ended(run))["status"] == "done"
    assert [step["approved_by"] for step in devos.runs.show(run)["steps"]] == ["ana", "bob"]


async def test_a_number_that_moved_since_the_plan_was_shown_is_asked_about_again(devos: DevOS) -> None:
    async def scale(devos: DevOS) -> str:
        return f"{await devos.kubernetes.scale('web-app', 'production', 10)}"

    run = await devos.start(scale)
    first = await devos.asked(run)
    assert first["plan"][0]["before"] == 4
    elsewhere = {"deployment": "web-app", "namespace": "production", "replicas": 3, "was": 4, "key": "somebody else"}
    await devos.wire.send("scale", **elsewhere)
    assert await questions(devos, run) == ["plan", "step:1"]
    assert (await devos.ended(run))["status"] == "done"
    again = "It is asked again: the number before (4, now 3) and the rule (changes-in-production, now leaps) "
    assert devos.approvals.of_run(run)[1].because.endswith(f"{again}changed since {first['id']} was approved.")


@pytest.mark.parametrize(
    ("now", "asked"),
    [
        ("image: 1 -> 2\n✨  Synthesis time: 2.07s", ["plan"]),
        ("image: 1 -> 2\ndatabase: deleted", ["plan", "step:1"]),
        ("", ["plan", "step:1"]),
    ],
    ids=["the same", "more", "none"],
)
async def test_evidence_that_changed_since_it_was_shown_is_asked_about_again(
    devos: DevOS, monkeypatch: pytest.MonkeyPatch, now: str, asked: list[str]
) -> None:
    evidence = "image: 1 -> 2\n✨  Synthesis time: 1.31s"

    async def preview(*_: object, **__: object) -> Preview:
        return Preview("Restart web-app", evidence=evidence)

    async def restarts(devos: DevOS) -> str:
        return f"{await devos.kubernetes.restart('web-app', 'production')}"

    monkeypatch.setattr(ACTIONS["kubernetes.restart"], "_preview", preview)
    run = await devos.start(restarts)
    question = await devos.asked(run)
    evidence = now
    await devos.approvals.answer(question["id"], True, "ana", "test")
    assert await questions(devos, run) == asked
    again = devos.approvals.of_run(run)[1:]
    assert [each.plan[0]["evidence"] for each in again] == [now] * (len(asked) - 1)
    says = f"It is asked again: the evidence changed since {question['id']} was approved."
    assert all(each.because.endswith(says) for each in again)


async def test_what_is_asked_once_more_is_told_from_what_was_agreed_last(
    devos: DevOS, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Preview("Restart web-app", "Start it", evidence="a", cost=10)

    async def preview(*_: object, **__: object) -> Preview:
        return said

    async def restarts(devos: DevOS) -> str:
        return f"{await devos.kubernetes.restart('web-app', 'production')}"

    monkeypatch.setattr(ACTIONS["kubernetes.restart"], "_preview", preview)
    run = await devos.start(restarts)
    question = await devos.asked(run)
    for now, moved in (
        (Preview("Restart web-app", "Start it", evidence="b", cost=12), "the evidence and the cost (10, now 12)"),
        (Preview("Restart it all", "Start it", evidence="b", cost=12), "what it does"),
        (Preview("Restart it all", "", evidence="b"), "the cost and how it is taken back"),
    ):
        said, before = now, question
        await devos.approvals.answer(before["id"], True, "ana", "test")
        shown = await devos.when(run, lambda shown, before=before: shown["approvals"] not in ([], [before]))
        (question,) = shown["approvals"]
        says = f"It is asked again: {moved} changed since {before['id']} was approved."
        assert question["because"].endswith(says)
    await devos.approvals.answer(question["id"], True, "ana", "test")
    assert (await devos.ended(run))["status"] == "done"


@pytest.mark.parametrize("now", [Preview("Move it from done", "To open"), Preview("Move it from open")])
async def test_a_state_that_moved_since_it_was_shown_is_asked_about_again(
    devos: DevOS, monkeypatch: pytest.MonkeyPatch, now: Preview
) -> None:
    """Where the state is no number, it stands in the words."""
    said = Preview("Move it from open", "To open")

    async def preview(*_: object, **__: object) -> Preview:
        return said

    async def restarts(devos: DevOS) -> str:
        return f"{await devos.kubernetes.restart('web-app', 'production')}"

    monkeypatch.setattr(ACTIONS["kubernetes.restart"], "_preview", preview)
    run = await devos.start(restarts)
    question = await devos.asked(run)
    said = now
    await devos.approvals.answer(question["id"], True, "ana", "test")
    assert await questions(devos, run) == ["plan", "step:1"]


async def test_evidence_in_which_something_was_to_come_still_is_what_was_shown(
    devos: DevOS, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def preview(_: object, number: str, text: str) -> Preview:
        return Preview(f"Answer {number}", evidence=f"{text} (to {number}).")

    async def answers(devos: DevOS) -> str:
        number = await devos.kubernetes.announce("first")
        await devos.kubernetes.answer(number, f"as told in {number}")
        return f"{await devos.kubernetes.scale('web-app', 'production', 6)}"

    monkeypatch.setattr(ACTIONS["kubernetes.answer"], "_preview", preview)
    devos.rule('@id("ask") @approval("confirm") permit (principal, action == Action::"kubernetes.answer", resource);')
    run = await devos.start(answers)
    assert await questions(devos, run) == ["plan"]
    (shown, *_) = devos.approvals.of_run(run)
    assert shown.plan[1]["evidence"] == "as told in [result from step 1] (to [result from step 1])."


async def test_a_plan_with_a_change_that_is_refused_is_not_begun(devos: DevOS) -> None:
    devos.rule('@id("never") forbid (principal, action == Action::"kubernetes.restart", resource);')

    async def both(devos: DevOS) -> str:
        await devos.kubernetes.scale("web-app", "staging", 6)
        await devos.kubernetes.restart("web-app", "staging")
        return "done"

    shown = await devos.do(both)
    assert shown["status"] == "denied" and shown["said"].startswith("Nothing was done. ") and "never" in shown["said"]
    assert not devos.wire.journal()


async def test_an_offer_that_a_rule_refuses_is_declined_in_the_plan_too(devos: DevOS) -> None:
    devos.rule('@id("never") forbid (principal, action == Action::"kubernetes.restart", resource);')

    async def offers(devos: DevOS) -> str:
        await devos.kubernetes.scale("web-app", "staging", 6)
        restarted = await offer(lambda: devos.kubernetes.restart("web-app", "staging"))
        return f"{restarted}"

    shown = await devos.do(offers)
    assert (shown["status"], shown["said"]) == ("done", "None")


async def test_a_yes_that_ran_out_while_everything_was_frozen_is_asked_for_again(build: Callable[..., DevOS]) -> None:
    now = [START]
    house = build(clock=lambda: now[0])

    async def scales(devos: DevOS) -> str:
        return f"{await devos.kubernetes.scale('web-app', 'production', 6)}"

    async def thaw_an_hour_later(seconds: float) -> None:
        now[0] += timedelta(hours=1)
        house.brake.thaw()

    house.sleep = thaw_an_hour_later
    taking = asyncio.create_task(house.take(scales))
    first = await house.question()
    house.brake.freeze()
    await house.approvals.answer(first.id, True, "ana", "test")
    second = await house.question()
    assert second.id != first.id and not house.wire.journal()
    await house.approvals.answer(second.id, True, "ana", "test")
    assert await taking == "Scaled(was=4, replicas=6)"
