"""The brake at the door: wherever an action stands when everything is frozen, it stands still (policies/door.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from cluster import Gate
from wiring import DevOS

from policies.output import Refused

Build = Callable[..., DevOS]
FORBID = '@id("never") forbid (principal, action == Action::"kubernetes.scale", resource);'


async def scales(house: DevOS, namespace: str = "staging") -> str:
    return f"{await house.kubernetes.scale('web-app', namespace, 6)}"


async def test_frozen_while_one_waits_for_an_answer_it_holds_and_is_decided_again(house: DevOS) -> None:
    async def forbid_and_thaw(seconds: float) -> None:
        house.rule(FORBID)
        house.brake.thaw()

    house.sleep = forbid_and_thaw
    taking = asyncio.create_task(house.take(scales, namespace="production"))
    question = await house.question()
    house.brake.freeze()
    await house.approvals.answer(question.id, True, "ana", "test")
    with pytest.raises(Refused, match="rule never"):
        await taking


async def test_frozen_while_the_change_is_being_decided_it_holds(house: DevOS) -> None:
    async def thaw(seconds: float) -> None:
        assert not house.wire.journal()
        house.brake.thaw()

    house.sleep = thaw
    house.wire.before("read", house.brake.freeze)  # while it is previewed
    assert await house.take(scales) == "Scaled(was=4, replicas=6)"
    assert house.slept == [0.5]


async def test_frozen_while_one_waits_for_a_change_request_it_holds(build: Build) -> None:
    gate, thawed = Gate(), []

    async def approve_and_freeze(number: str) -> Any:
        if not thawed:
            house.brake.freeze()
        return await gate(number)

    async def thaw(seconds: float) -> None:
        thawed.append(house.wire.journal())
        house.brake.thaw()

    async def deploys(house: DevOS) -> str:
        return await house.cdk.deploy("web-app", "production", "CHG1")

    house = build(gate=approve_and_freeze)
    house.sleep = thaw
    taking = asyncio.create_task(house.take(deploys))
    await house.answer()
    assert await taking == "D1"
    assert thawed == [[]]
    assert gate.asked == ["CHG1", "CHG1"]  # and still agrees after the thaw
