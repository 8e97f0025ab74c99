"""What a conversation gets of a whole DevOS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemon.app import App
from daemon.config import Config
from daemon.hearing.utterance import Utterance
from daemon.spoken_requests import SpokenRequests
from intents.understanding.understand import NotUnderstood, Understood

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.daemon.conftest import House


@pytest.fixture
async def app(own: House) -> AsyncIterator[App]:
    async with App(own.home, Config(), sandbox=True) as app:
        yield app


async def test_a_chosen_request_is_completed_started_followed_and_cancelled(app: App) -> None:
    house = SpokenRequests(app)
    lacking = await house.understand(Utterance("", "hotkey"), "scale_deployment", {})
    assert isinstance(lacking, NotUnderstood) and lacking.missing == ["deployment", "replicas"]
    understood = await house.understand(Utterance("ten", "voice"), "scale_deployment", {"deployment": "web-app"})
    assert isinstance(understood, Understood)
    run = await house.start(Utterance("scale web-app to ten", "voice"), understood)
    async for shown in house.follow(run):
        if shown["status"] == "asking":
            break
    assert house.channel_of(run) == "voice"
    assert [each["run"] for each in await house.running()] == [run]
    assert await house.cancel(run) and not await house.cancel(run)
    assert not await house.running()


async def test_freezing_by_voice_is_recorded_as_that(app: App) -> None:
    await SpokenRequests(app).freeze()
    assert app.brake.on
    (entry,) = app.log.entries(type="devos.brake.on")
    assert entry.data["via"] == "voice"
    app.brake.thaw()
