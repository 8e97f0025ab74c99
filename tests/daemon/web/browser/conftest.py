"""A real Chromium, signed in at the dashboard of the one real daemon; whatever it complains about fails the test."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe, AxeResults
from playwright.async_api import Browser, ConsoleMessage, Page, StorageState, async_playwright, expect

WIDE = {"width": 1280, "height": 720}
PATIENCE = 30_000
"""Milliseconds; what takes longer hangs."""

USUAL = "(names) => document.querySelectorAll('.from').forEach((each) => (each.textContent = names.join(' \u203a ')))"
"""Puts other programs where a question names those that it was asked from."""

LARGEST = 150_000
"""Bytes of one picture in the documentation."""


@dataclass(frozen=True)
class SignedIn:
    """A session that every window of a test run shares."""

    base: str
    """The dashboard's address, without a slash at the end."""
    state: StorageState


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("install with: apt-get install chromium")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A headless browser."""
    path = _chromium()
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path)
        yield browser
        await browser.close()


@pytest.fixture
def link(house: Any) -> Callable[[], str]:
    """Makes a one-time link, as `devos open` prints it."""

    def make() -> str:
        said = house.process("open", "--no-browser", "--json")
        assert said.code == 0, said.err
        return str(said.json["url"])

    return make


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def signed_in(chromium: Browser, _house: Any) -> SignedIn:
    """Sign in once for all windows."""
    said = await asyncio.to_thread(_house.process, "open", "--no-browser", "--json")
    assert said.code == 0, said.err
    url = said.json["url"]
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_role("button", name="Open").click()
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    state = await context.storage_state()
    await context.close()
    parts = urlsplit(url)
    return SignedIn(f"{parts.scheme}://{parts.netloc}", state)


Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def visit(chromium: Browser, signed_in: SignedIn, house: Any) -> AsyncIterator[Visit]:
    """Opens a window at a path of the dashboard. In the end, no window may have complained or asked elsewhere."""
    trouble: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        # That a page was refused is said on the page, and is the test's to judge.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            trouble.append(message.text)

    def watch(page: Page) -> None:
        page.set_default_timeout(PATIENCE)
        page.on("console", complain)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: request.url.startswith(signed_in.base) or trouble.append(request.url))
        page.on(
            "response", lambda response: response.status < 500 or trouble.append(f"{response.status} {response.url}")
        )

    async with AsyncExitStack() as stack:

        async def open_window(path: str = "/", *, signed: bool = True, **options: Any) -> Page:
            looks = {"viewport": WIDE, "reduced_motion": "reduce", "base_url": signed_in.base} | options
            if signed:
                looks["storage_state"] = signed_in.state
            context = await chromium.new_context(**looks)
            stack.push_async_callback(context.close)
            page = await context.new_page()
            watch(page)
            await page.goto(path)
            return page

        yield open_window
    assert not trouble, "\n".join(trouble)


@pytest.fixture
def ask(house: Any) -> Callable[[str], Awaitable[dict[str, Any]]]:
    """Says a sentence in a terminal where nobody answers, and returns the run once it has ended or asks."""

    async def say(text: str) -> dict[str, Any]:
        return dict((await asyncio.to_thread(house.devos, "say", text, "--json")).json)

    return say


@pytest.fixture
def accessible() -> Callable[..., Awaitable[None]]:
    """Lets axe-core look at a page: by all of its rules, or as its options say. It may find nothing."""

    async def check(page: Page, where: str, **options: Any) -> None:
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(Axe().axe_script)
        wanted = {"resultTypes": ["violations"]} | options
        found = AxeResults(await page.evaluate("(options) => axe.run(options)", wanted))
        assert not found.violations_count, f"{where}\n{found.generate_report()}"

    return check


@pytest.fixture
def picture(tmp_path: Path, pytestconfig: pytest.Config) -> Callable[[Page, str], Awaitable[None]]:
    """Takes a page's picture: for the documentation where DEVOS_SCREENSHOTS is 1, otherwise only to see that it can."""
    wanted = os.environ.get("DEVOS_SCREENSHOTS") == "1"
    folder = pytestconfig.rootpath / "docs" / "screenshots" if wanted else tmp_path

    async def take(page: Page, name: str) -> None:
        folder.mkdir(exist_ok=True)
        if wanted:  # it is nobody's business what started the tests
            await page.evaluate(USUAL, ["zsh", "devos"])
        path = folder / f"{name}.png"
        await page.screenshot(path=path)
        assert path.stat().st_size < LARGEST, f"{name} has {path.stat().st_size} bytes"

    return take
