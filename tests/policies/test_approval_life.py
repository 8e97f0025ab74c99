"""How long approvals live: until they are left idle, their question ends, or the clock cannot be relied on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from wiring import START, DevOS, never

from policies.approvals import Approval, Approvals, CannotAnswer
from policies.decision import Demand, Level

CONFIRM = Demand(Level.CONFIRM)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(build: Callable[..., DevOS], database: str, clock: Clock) -> Iterator[DevOS]:
    return build(url=database, clock=clock)


async def ask(house: DevOS, digest: str = "d1", **how: bool) -> Approval:
    because = "It is in production."
    return await house.approvals.ask("run-1", "plan", digest, CONFIRM, [{"step": 1}], because, asker="ana", **how)


async def answers(house: DevOS, question: Approval, **options: Any) -> Approval:
    return await house.approvals.answer(question.id, **{"yes": True, "by": "ana", "via": "test", **options})


async def test_a_question_and_an_unspent_approval_expire(house: DevOS, clock: Clock) -> None:
    question, approved = await ask(house), await answers(house, await ask(house, digest="d2"))
    clock.now += timedelta(minutes=10) - timedelta(milliseconds=1)
    assert [each.status for each in house.approvals.of_run("run-1")].count("expired") == 0
    clock.now += timedelta(milliseconds=1)
    assert sorted(each.status for each in house.approvals.of_run("run-1")) == ["expired", "open"]
    assert not await house.approvals.use(approved)
    clock.now += timedelta(hours=12)
    assert not house.approvals.open()
    assert (await house.approvals.wait(question.id)).status == "expired"
    assert (await ask(house)).id != question.id


async def test_an_approval_lives_on_while_it_is_used_but_not_beyond_its_question(house: DevOS, clock: Clock) -> None:
    approved = await answers(house, await ask(house))
    for _ in range(12 * 60 // 9):
        assert await house.approvals.use(approved)
        clock.now += timedelta(minutes=9)
    assert not await house.approvals.use(approved)
    assert house.approvals.of_run("run-1")[0].status == "used", "what was done under it stays so"
    assert (await ask(house)).status == "open"


async def test_a_used_approval_that_was_left_idle_does_not_count(house: DevOS, clock: Clock) -> None:
    approved = await answers(house, await ask(house))
    assert await house.approvals.use(approved)
    clock.now += timedelta(minutes=10)
    assert not await house.approvals.use(approved)
    assert (await ask(house)).id != approved.id


async def test_an_approval_outlives_the_wait_for_a_change_request(house: DevOS, clock: Clock) -> None:
    spent = await answers(house, await ask(house))
    await house.approvals.use(spent)
    assert (await ask(house, lasting=True)).id == spent.id
    clock.now += timedelta(days=9)
    lasting = await ask(house, lasting=True)
    assert (lasting.id, lasting.status) == (spent.id, "used")
    assert (await ask(house)).status == "open", "for anything else it was left idle"
    assert await house.approvals.use(lasting)


async def test_what_is_held_for_others_lives_to_its_questions_end(house: DevOS, clock: Clock) -> None:
    held = await answers(house, await ask(house, held=True))
    clock.now += timedelta(hours=11)
    assert (await ask(house, held=True)).id == held.id
    assert await house.approvals.use(held)
    clock.now += timedelta(minutes=9)
    assert (await ask(house)).id == held.id, "it was used just now"
    clock.now += timedelta(hours=1)
    assert not await house.approvals.use(held)


async def test_an_open_question_that_is_asked_for_a_change_request_lasts(house: DevOS, clock: Clock) -> None:
    await ask(house)
    question = await ask(house, lasting=True)
    assert (question.status, question.life) == ("open", "change")
    approved = await answers(house, question)
    clock.now += timedelta(days=1)
    assert await house.approvals.use(approved)


async def test_a_clock_that_is_set_back_makes_nothing_valid_again(house: DevOS, clock: Clock) -> None:
    lasting = await answers(house, await ask(house, digest="d3", lasting=True))
    used = await answers(house, await ask(house, digest="d2"))
    assert await house.approvals.use(used)
    question = await ask(house)
    clock.now += timedelta(hours=1)
    assert not await house.approvals.use(used)
    clock.now += timedelta(hours=12)
    house.approvals.open()
    clock.now -= timedelta(days=1)
    anew = Approvals(house.engine, house.log, clock=clock, sleep=never)
    for inbox in (house.approvals, anew):
        assert not await inbox.use(used)
        assert not await inbox.use(lasting), "nobody knows how long it has lasted"
        with pytest.raises(CannotAnswer, match="is expired already"):
            await inbox.answer(question.id, True, "ana", "terminal")
    assert (await ask(house)).id != question.id
