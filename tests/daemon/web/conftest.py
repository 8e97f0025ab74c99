"""A whole DevOS round a simulated company in this process, its dashboard, and a browser that sends what it is told."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from daemon.app import App
from daemon.config import Config
from daemon.hearing.utterance import Utterance
from daemon.web.dashboard import Dashboard
from intents.understanding.understand import Understood

if TYPE_CHECKING:
    from tests.daemon.conftest import House


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Site:
    """A running dashboard and what is behind it."""

    app: App
    dashboard: Dashboard
    clock: Clock
    browsers: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.dashboard.url

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """A browser that is not signed in; what it sends with every request beside its own headers."""
        self.browsers.append(httpx.AsyncClient(base_url=self.url, headers={"Origin": self.url, **headers}, timeout=60))
        return self.browsers[-1]

    async def signed_in(self, *, word: str | None = None) -> Browser:
        """A browser that came in by a one-time link."""
        client = self.browser()
        link = self.dashboard.login_url(word=word).rpartition("/")[2]
        answer = await client.post("/login", data={"link": link})
        assert answer.status_code == 303, answer.text
        page = await client.get("/api/session")
        return Browser(client, page.json()["token"])

    async def say(self, text: str) -> dict[str, Any]:
        """Have a sentence carried out until it ends or asks something; the run's JSON."""
        understood = await self.app.vocabulary.understand(Utterance(text, "typed"), Path("/"))
        assert isinstance(understood, Understood), understood
        run = await self.app.start(self.app.request(Utterance(text, "typed"), understood))
        return await self.settled(run)

    async def settled(self, run: str, *, asks: bool = True) -> dict[str, Any]:
        """A run once it has ended, or, with `asks`, waits for an answer."""
        async for shown in self.app.follow(run):
            if shown["status"] not in ("running", "waiting") and (asks or shown["status"] != "asking"):
                return shown
        raise AssertionError(f"{run} was never settled")


@dataclass
class Browser:
    """A browser with a session."""

    client: httpx.AsyncClient
    token: str

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """Post a form as our own pages do."""
        return await self.client.post(path, data={"token": self.token, **fields})

    async def call(self, path: str, value: Any = None) -> httpx.Response:
        """Post JSON as a program does."""
        return await self.client.post(path, json=value or {}, headers={"X-DevOS-Token": self.token})

    async def form(self, page: str, action: str) -> dict[str, str]:
        """The hidden fields of a page's form that posts there."""
        text = (await self.client.get(page)).text
        found = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', text, re.S)
        assert found, text
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', found[0]))


@pytest.fixture
async def site(own: House) -> AsyncIterator[Site]:
    """The dashboard of a DevOS with simulated systems."""
    async with App(own.home, Config(), sandbox=True) as app:
        clock = Clock()
        dashboard = Dashboard(app, clock=clock)
        await dashboard.open()
        opened = Site(app, dashboard, clock)
        yield opened
        for each in opened.browsers:
            await each.aclose()
        await dashboard.close()
        for run in app.runs.newest(100):
            await app.runs.cancel(run["run"], "test", "terminal")
        for system in app.systems.values():
            if (close := getattr(system, "aclose", None)) is not None:
                await close()


@pytest.fixture
async def browser(site: Site) -> Browser:
    """Signed in."""
    return await site.signed_in()


@pytest.fixture
def alter(own: House) -> Callable[[str], None]:
    """Changes the audit log behind everybody's back, by SQL."""

    def change(statement: str) -> None:
        with closing(sqlite3.connect(own.home / "audit.db")) as connection:
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)
            connection.commit()

    return change
