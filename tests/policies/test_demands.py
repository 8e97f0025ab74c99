"""Everybody whom a decision demands is asked, in order, and held to their right to agree until it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cluster import Gate
from wiring import START, DevOS

from policies.agreeing import Verdict
from policies.decision import Decision, Demand, Level
from policies.output import Origin, Refused
from policies.people import People
from policies.voters import Voters

Build = Callable[..., DevOS]


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


async def scales(house: DevOS) -> str:
    return f"{await house.kubernetes.scale('web-app', 'production', 6)}"


async def deploys(house: DevOS) -> str:
    return await house.cdk.deploy("web-app", "production", "CHG1")


def intended(house: DevOS) -> tuple[str | None, str | None]:
    """Who agreed to the run's last action, and by which channel."""
    data = house.log.entries(run="run-1", type="devos.action.intended")[-1].data
    return data["approved_by"], data["via"]


PEOPLE = People({name: {} for name in ("ana", "bob", "eve", "tom")}, {"payments": ("ana", "eve", "tom")})
TWO_GROUPS = (
    Demand(Level.CONFIRM),
    Demand(Level.APPROVE, "payments", 2, rule="two-of-payments", where="own.cedar:1"),
    Demand(Level.APPROVE, reason=True),
)


def demanding(house: DevOS, *demands: Demand, level: Level | None = None) -> DevOS:
    """Let the rules demand these of every change."""
    judge = house.rules.decide

    def decide(facts: Any) -> Decision:
        decision = judge(facts)
        return (
            decision
            if decision.level is Level.AUTO
            else replace(decision, level=level or decision.level, demands=demands)
        )

    house.decide = decide  # type: ignore[method-assign]  # the rules of another day
    return house


async def test_everybody_who_is_demanded_is_asked_in_order_and_named(build: Build) -> None:
    house = demanding(build(people=PEOPLE), *TWO_GROUPS, level=Level.APPROVE)
    taking = asyncio.create_task(house.take(scales))
    first = await house.answer(by="ana")
    second = await house.answer(by="eve")
    assert (await house.answer(by="tom")).id == second.id
    third = await house.answer(by="bob", because="I looked at it")
    await taking
    assert [(each.level, each.group, each.votes, each.must_say_why) for each in (first, second, third)] == [
        ("confirm", None, 1, False),
        ("approve", "payments", 2, False),
        ("approve", None, 1, True),
    ]
    assert first.because == "production/web-app is in production."
    needs = "It needs 2 approvals of payments, by rule two-of-payments (own.cedar:1): eve, tom."
    assert second.because == f"production/web-app is in production. {needs}"
    assert third.because.endswith("It needs the approval of somebody else than ana, with a reason: bob, eve, tom.")
    assert intended(house) == ("ana, eve, tom, bob", "test")


async def test_the_first_no_of_anybody_is_the_end(build: Build) -> None:
    house = demanding(build(people=PEOPLE), *TWO_GROUPS, level=Level.APPROVE)
    taking = asyncio.create_task(house.take(scales))
    for yes, by in ((True, "ana"), (True, "eve"), (False, "tom")):
        await house.answer(yes, by=by)
    with pytest.raises(Refused, match="tom said no"):
        await taking
    assert not house.wire.journal() and not house.approvals.open()


@pytest.mark.parametrize(("level", "asks"), [(Level.CONFIRM, "confirm"), (Level.APPROVE, "approve")])
async def test_a_level_without_demands_still_asks(build: Build, level: Level, asks: str) -> None:
    house = demanding(build(), level=level)
    taking = asyncio.create_task(house.take(scales))
    assert (await house.answer(by="ana" if level is Level.CONFIRM else "bob")).level == asks
    await taking


async def test_who_may_not_approve_any_more_is_asked_for_again(build: Build) -> None:
    house = demanding(build(people=PEOPLE), *TWO_GROUPS[:2], level=Level.APPROVE)
    taking = asyncio.create_task(house.take(scales))
    await house.answer(by="ana")
    first = await house.answer(by="eve")
    left = People(PEOPLE.identities, {"payments": ("ana", "bob", "tom")})
    house.approvals.voters = Voters(left, house.approvals.voters.ceilings)
    await house.answer(by="tom")
    second = await house.answer(by="bob")
    assert second.id != first.id and second.group == "payments"
    await house.answer(by="tom")
    await taking
    assert intended(house) == ("ana, bob, tom", "test")
    (void,) = house.log.entries(run="run-1", type="devos.approval.refused")
    assert void.data["by"] == "eve" and "somebody in payments" in void.data["problem"]


async def test_a_confirmation_outlasts_the_wait_for_the_others(build: Build) -> None:
    clock = Clock()
    house = demanding(build(people=PEOPLE, clock=clock), *TWO_GROUPS[:2], level=Level.APPROVE)
    taking = asyncio.create_task(house.take(scales))
    await house.answer(by="ana")
    question = await house.question()
    clock.now += timedelta(hours=11)
    for by in ("eve", "tom"):
        await house.approvals.answer(question.id, True, by, "test")
    await taking
    assert len(house.approvals.of_run("run-1")) == 2, "nobody was asked twice"


async def test_after_the_change_request_everybody_is_looked_at_again(build: Build) -> None:
    clock, gate = Clock(), Gate()

    async def days_later(number: str) -> Verdict:
        clock.now += timedelta(days=3)
        if len(gate.asked) == 0:
            house.approvals.voters = Voters(People(PEOPLE.identities), house.approvals.voters.ceilings)
        return await gate(number)

    house = demanding(
        build(people=PEOPLE, clock=clock, gate=days_later), TWO_GROUPS[0], Demand(Level.APPROVE, "payments")
    )
    taking = asyncio.create_task(house.take(deploys))
    confirmed, approved = await house.answer(by="ana"), await house.answer(by="eve")
    again = await house.question()
    assert again.id not in (confirmed.id, approved.id) and again.group == "payments", "eve is in no group any more"
    house.approvals.voters = Voters(PEOPLE, house.approvals.voters.ceilings)
    await house.answer(by="tom")
    await taking
    assert len(gate.asked) == 2 and intended(house) == ("Vera", "servicenow CHG1")


async def test_waiting_for_a_thaw_is_told(build: Build) -> None:
    house, origin = build(), Origin("run-1", "ana", "typed", "any", "simple")
    assert await house.door._agreeing.thawed(origin) is False
    house.brake.freeze()

    async def thaws(_: float) -> None:
        house.brake.thaw()

    house.sleep = thaws
    assert await house.door._agreeing.thawed(origin) is True


async def test_where_more_people_are_demanded_while_one_waits_they_are_asked_too(build: Build) -> None:
    """The same rule, edited meanwhile: what was agreed by fewer does not cover it."""
    one, two = Demand(Level.APPROVE, "payments"), Demand(Level.APPROVE, "payments", 2)
    house = demanding(build(people=PEOPLE), one, level=Level.APPROVE)
    before = house.decide
    taking = asyncio.create_task(house.take(scales))
    first = await house.question()
    house.decide = lambda facts: replace(before(facts), demands=(two,))  # type: ignore[method-assign]  # edited
    await house.approvals.answer(first.id, True, "eve", "test")
    await house.answer(by="eve")
    assert not house.wire.journal()
    await house.answer(by="tom")
    await taking
    assert intended(house) == ("eve, tom", "test")


async def test_where_fewer_are_demanded_meanwhile_nobody_is_asked_again(build: Build) -> None:
    house = demanding(build(people=PEOPLE), *TWO_GROUPS[:2], level=Level.APPROVE)
    before = house.decide
    taking = asyncio.create_task(house.take(scales))
    await house.answer(by="ana")
    await house.answer(by="eve")
    house.decide = lambda facts: replace(before(facts), demands=TWO_GROUPS[1:2])  # type: ignore[method-assign]  # edited
    await house.answer(by="tom")
    await taking
    assert len(house.approvals.of_run("run-1")) == 2
