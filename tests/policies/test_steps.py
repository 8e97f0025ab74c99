"""What a request may say about its steps (how a poll goes is in test_doing.py, side by side in test_order.py)."""

from __future__ import annotations

import asyncio

import pytest
from cluster import Deployment, NoSuch, Scaled
from wiring import DevOS

from policies.errors import IntegrationError
from policies.output import check, failed
from policies.outside import said
from policies.steps import NotYet, offer, until


async def offers(house: DevOS, deployment: str = "web-app") -> str:
    scaled = await offer(lambda: house.kubernetes.scale(deployment, "staging", 6))
    return "declined" if scaled is None else f"scaled to {scaled.replicas}"


@pytest.mark.parametrize(("yes", "said", "made"), [(True, "scaled to 6", 1), (False, "declined", 0)])
async def test_an_offer_is_made_only_when_it_is_accepted(house: DevOS, yes: bool, said: str, made: int) -> None:
    taking = asyncio.create_task(house.take(offers))
    question = await house.answer(yes)
    assert await taking == said
    assert len(house.wire.journal("scale")) == made
    assert question.because == "It is offered, not asked for: you decide."


async def test_an_offer_that_fails_is_not_taken_for_a_declined_one(house: DevOS) -> None:
    with pytest.raises(NoSuch):
        await house.take(offers, deployment="nothing")


async def test_what_is_called_after_an_offer_is_not_offered(house: DevOS) -> None:
    async def both(house: DevOS) -> str:
        await offers(house)
        return str(await house.kubernetes.restart("web-app", "staging"))

    taking = asyncio.create_task(house.take(both))
    await house.answer(False)
    assert await taking == "1"


def test_what_did_not_come_in_time_survives_a_restart() -> None:
    late = NotYet("web-app is ready", 300.0, "2 of 10")
    assert str(late) == "Waited 300 s in vain for web-app is ready. At the end: 2 of 10."
    with pytest.raises(NotYet) as again:
        check({"error": failed(late)})
    assert (again.value.what, again.value.seconds, again.value.last) == ("web-app is ready", 300.0, said("2 of 10"))
    assert isinstance(late, IntegrationError) and late.said == said(str(late))


async def test_a_change_inside_a_coroutine_is_offered_too(house: DevOS) -> None:
    async def inner(house: DevOS) -> Scaled:
        return await house.kubernetes.scale("web-app", "staging", 6)

    async def wraps(house: DevOS) -> str:
        return str(await offer(lambda: inner(house)))

    taking = asyncio.create_task(house.take(wraps))
    await house.answer(False)
    assert await taking == "None" and not house.wire.journal("scale")


async def test_a_read_inside_a_coroutine_is_polled_too(house: DevOS) -> None:
    seen: list[str] = []

    async def inner(house: DevOS) -> Deployment:
        return await house.kubernetes.deployment("web-app")

    async def waits(house: DevOS) -> str:
        return (await until(lambda: inner(house), third, what="it")).name

    def third(one: Deployment) -> bool:
        seen.append(one.name)
        return len(seen) > 2

    assert await house.take(waits) == "web-app" and len(seen) == 3
