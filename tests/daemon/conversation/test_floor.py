"""One voice at a time, and news that waits."""

from __future__ import annotations

import asyncio

import pytest
from voices import PATIENCE, Stage

from daemon.conversation.floor import LONGEST, Floor


@pytest.fixture
async def stage() -> Stage:
    return Stage()


@pytest.fixture
async def floor(stage: Stage) -> Floor:
    return Floor(stage.mouth, clock=stage.clock, sleep=stage.clock.sleep)


async def test_what_is_said_at_once_is_said_one_after_the_other(stage: Stage, floor: Floor) -> None:
    stage.mouth.slow = True
    saying = [asyncio.create_task(floor.say(text)) for text in ("one", "two")]
    await stage.mouth.says("one")
    assert stage.mouth.said == ["one"]
    stage.mouth.ends()
    await stage.mouth.says("two")
    stage.mouth.ends()
    assert await asyncio.gather(*saying) == [True, True]
    assert stage.mouth.most_at_once == 1


async def test_what_was_not_said_yet_when_it_is_hushed_is_forgotten(stage: Stage, floor: Floor) -> None:
    stage.mouth.slow = True
    saying = [asyncio.create_task(floor.say(text)) for text in ("one", "two")]
    await stage.mouth.says("one")
    floor.hush()
    assert await asyncio.gather(*saying) == [False, False]
    assert stage.mouth.said == ["one"]


async def test_news_waits_until_nobody_has_the_floor(stage: Stage, floor: Floor) -> None:
    floor.hold("person")
    floor.hold("question")
    news = asyncio.create_task(floor.news("It is done.", "done"))
    floor.release("person")
    await floor.say("an answer")
    assert stage.mouth.said == ["an answer"]
    floor.release("question")
    async with asyncio.timeout(PATIENCE):
        assert await news
    assert (stage.mouth.said, stage.mouth.sounds) == (["an answer", "It is done."], ["done"])


async def test_whoever_is_not_heard_of_any_more_loses_the_floor(stage: Stage, floor: Floor) -> None:
    floor.hold("person")
    news = asyncio.create_task(floor.news("It is done."))
    for _ in range(5):
        await asyncio.sleep(0)
    stage.clock.moves(LONGEST + 1)
    async with asyncio.timeout(PATIENCE):
        assert await news


async def test_news_that_is_none_any_more_is_not_said(stage: Stage, floor: Floor) -> None:
    assert not await floor.news("It waits.", "waiting", still=lambda: False)
    assert (stage.mouth.said, stage.mouth.sounds) == ([], [])


async def test_news_can_be_a_sound_alone(stage: Stage, floor: Floor) -> None:
    assert await floor.news("", "done")
    assert (stage.mouth.said, stage.mouth.sounds) == ([], ["done"])


async def test_the_last_thing_is_remembered_unless_it_is_secret(stage: Stage, floor: Floor) -> None:
    await floor.say("Hello.")
    await floor.say("Say: confirm tango seven.", secret=True)
    assert floor.last == "Hello."
    assert stage.mouth.secrets == ["Say: confirm tango seven."]


async def test_only_what_can_be_seen_is_said(stage: Stage, floor: Floor) -> None:
    await floor.say("web\u202e-app\x1b[31m is\ndone")
    assert stage.mouth.said == ["web-app is done"]
