"""What a request may say about its steps (how a poll goes is in test_doing.py, side by side in test_order.py)."""

from __future__ import annotations

import asyncio

import pytest
from cluster import NoSuch
from wiring import DevOS

from policies.errors import IntegrationError
from policies.output import check, failed
from policies.steps import NotYet, offer


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
    assert (again.value.what, again.value.seconds, again.value.last) == ("web-app is ready", 300.0, "2 of 10")
    assert isinstance(late, IntegrationError)
