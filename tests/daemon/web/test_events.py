"""Streams that tell a page when to look again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from daemon.web.events import Streams
from daemon.web.sessions import Sessions
from policies.audit.log import Entry

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Browser, Site


async def news(lines: AsyncIterator[str]) -> list[str]:
    """What the next event says; nothing where the stream ended."""
    async for line in lines:
        if line == "event: changed":
            return [line, await anext(lines)]
    return []


async def ended(lines: AsyncIterator[str]) -> None:
    """Wait until a stream ends, whatever it still says."""
    while await news(lines):
        pass


async def test_whatever_is_recorded_is_news(site: Site, browser: Browser) -> None:
    async with browser.client.stream("GET", "/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 2000"
        seq = await site.app.log.append(Entry("devos.brake.on", None, None, None, {"by": "ann"}))
        said = await asyncio.wait_for(news(lines), 30)
        assert said[0] == "event: changed" and int(said[1].removeprefix("data: ")) >= seq


async def test_a_run_is_followed_to_its_end(site: Site, browser: Browser) -> None:
    run = await site.say("scale web-app to 10 replicas")
    async with browser.client.stream("GET", f"/runs/{run['run']}/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 2000"
        await browser.post(f"/runs/{run['run']}/cancel")
        said = []
        while found := await asyncio.wait_for(news(lines), 30):
            said.append(found[1])
    assert said[-1] == "data: cancelled"
    async with browser.client.stream("GET", f"/runs/{run['run']}/events") as stream:
        assert [line async for line in stream.aiter_lines() if line][1:] == ["event: changed", "data: cancelled"]


async def test_a_stream_ends_with_its_session(site: Site, browser: Browser) -> None:
    async with browser.client.stream("GET", "/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 2000"
        await browser.post("/logout")
        await asyncio.wait_for(ended(lines), 30)


async def test_a_stream_does_not_keep_its_session(site: Site, browser: Browser) -> None:
    async with browser.client.stream("GET", "/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 2000"
        site.clock.now += 12 * 3600
        await asyncio.wait_for(ended(lines), 30)


async def test_there_are_signs_of_life(site: Site) -> None:
    """Where nothing happens, whoever listens hears that the stream goes on; here, seconds take no time."""

    async def at_once(seconds: float) -> None:
        await asyncio.sleep(0)

    sessions = Sessions(site.clock)
    entered = sessions.enter(sessions.link())
    assert entered is not None
    streams = Streams(site.app, sessions, at_once)

    async def nothing() -> AsyncGenerator[str, None]:
        await asyncio.Future()
        yield ""

    heard = streams.response(entered[1], nothing()).body_iterator
    assert [await anext(heard), await anext(heard)] == ["retry: 2000\n\n", ": still here\n\n"]
    streams.close()
    assert [each async for each in heard] == [] and entered[1].streams == 0
