"""Whoever looks and however: by keyboard alone, in the dark, on a phone, with a screen reader. Takes the pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCALE = "scale the web-app deployment to 10 replicas and monitor the rollout"
DEPLOY = "deploy the user authentication service to production using CDK and create a change request"
READ = "how many replicas does web-app have"
NARROW = {"width": 375, "height": 740}
WIDE = {"width": 1280, "height": 720}
DARK, PHONE = {"run", "audit"}, {"runs", "inbox"}
"""Pages whose pictures are also taken so; all are looked at in every look."""

Visit = Callable[..., Awaitable[Page]]
Ask = Callable[[str], Awaitable[dict[str, Any]]]
Picture = Callable[[Page, str], Awaitable[None]]
Look = Callable[[Page, str], Awaitable[None]]
Accessible = Callable[..., Awaitable[None]]


async def keys(page: Page, *names: str) -> None:
    """Press one key after another."""
    for name in names:
        await page.keyboard.press(name)


async def arrives(page: Page, title: str) -> None:
    """Wait for a page, and for it to listen to keys: only then it offers to explain them."""
    await expect(page).to_have_title(f"{title} · DevOS")
    await expect(page.get_by_role("button", name="Keyboard")).to_be_visible()


async def test_from_the_link_to_the_approval_by_keyboard_alone(
    visit: Visit, ask: Ask, link: Callable[[], str], house: Any
) -> None:
    await ask(SCALE)
    page = await visit(await asyncio.to_thread(link), signed=False)
    await expect(page.get_by_role("button", name="Open")).to_be_focused()
    await keys(page, "Enter")
    await arrives(page, "Runs")
    await keys(page, "g", "i")
    await arrives(page, "(1) Inbox")
    question = page.locator(".question")
    await keys(page, "j")
    await expect(question).to_be_focused()
    await keys(page, "a")
    approve = question.get_by_role("button", name="Approve")
    await expect(approve).to_be_focused()
    await expect(question.get_by_role("status")).to_contain_text("Enter to approve")
    assert house.replicas("production/web-app") == 4
    await keys(page, "Escape")
    await expect(question).to_be_focused()
    await keys(page, "d")
    await expect(question.get_by_role("button", name="Deny")).to_be_focused()
    await keys(page, "Escape", "w")
    await page.keyboard.type("the a and d of this are only letters")
    await keys(page, "Escape", "a", "Enter")
    await expect(page.locator("#run .under-title .badge")).to_have_text("done")
    assert house.replicas("production/web-app") == 10


async def test_keys_lead_everywhere(visit: Visit, ask: Ask) -> None:
    await ask(READ)
    page = await visit("/")
    await arrives(page, "Runs")
    for key, title in {"i": "Inbox", "a": "Audit", "p": "Rules", "h": "Health", "r": "Runs"}.items():
        await keys(page, "g", key)
        await arrives(page, title)
    await keys(page, "?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await keys(page, "j", "Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await keys(page, "j")
    await expect(page.locator(".run .here").first).to_be_focused()
    await keys(page, "j", "k", "Enter")
    await expect(page.locator(".steps")).to_be_visible()
    await arrives(page, READ)
    await keys(page, "/")
    await expect(page.get_by_label("Search the record")).to_be_focused()
    await page.keyboard.type("web-app")
    await keys(page, "Enter")
    await expect(page.locator(".chosen")).to_contain_text("web-app")
    await arrives(page, "Audit")
    await keys(page, "j", "Enter")
    await expect(page.get_by_role("link", name="Download the proof")).to_be_visible()


async def test_the_first_tab_skips_to_the_content(visit: Visit) -> None:
    page = await visit("/")
    await keys(page, "Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await keys(page, "Enter")
    await expect(page.locator("#page")).to_be_focused()


async def test_the_theme_follows_the_system_until_one_is_chosen(visit: Visit) -> None:
    def canvas(page: Page) -> Awaitable[str]:
        return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    page = await visit("/", color_scheme="light")
    light = await canvas(page)
    await page.emulate_media(color_scheme="dark")
    dark = await canvas(page)
    assert dark != light
    await page.get_by_role("button", name="Light theme").click()
    assert await canvas(page) == light
    await page.reload()
    assert await canvas(page) == light
    await page.get_by_role("button", name="Dark theme").click()
    assert await canvas(page) == dark


async def fits(page: Page, where: str) -> None:
    """Nothing on the page is wider than the window."""
    wide = await page.evaluate(
        "[...document.querySelectorAll('body *')].filter((each) => each.checkVisibility()"
        " && !each.closest('.unseen, .diff, .text, .command, .facet ul')"
        " && each.getBoundingClientRect().right > innerWidth + 1)"
        ".map((each) => each.outerHTML.slice(0, 120))"
    )
    scrolls = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not scrolls and not wide, f"{where} is too wide: {wide[:3]}"


@pytest.fixture
def looks_good(accessible: Accessible, picture: Picture) -> Callable[[Page, str], Awaitable[None]]:
    """Looks at a page in light, in the dark and on a phone."""

    async def look(page: Page, name: str) -> None:
        await page.set_viewport_size(WIDE)
        await page.emulate_media(color_scheme="light")
        await accessible(page, f"{name}, light")
        await fits(page, name)
        await picture(page, name)
        await page.emulate_media(color_scheme="dark")
        await accessible(page, f"{name}, dark", runOnly=["color-contrast"])
        if name in DARK:
            await picture(page, f"{name}-dark")
        await page.emulate_media(color_scheme="light")
        await page.set_viewport_size(NARROW)
        await accessible(page, f"{name}, narrow")
        await fits(page, f"{name}, narrow")
        if name in PHONE:
            await picture(page, f"{name}-phone")

    return look


@pytest_asyncio.fixture(loop_scope="session")
async def busy(visit: Visit, ask: Ask, house: Any) -> dict[str, Any]:
    """A house in which something was done, something was denied, and two questions wait; the longer one's run."""
    await ask(READ)
    denied = (await ask("scale the checkout deployment to 6 replicas and monitor the rollout"))["approvals"]
    for each in denied:
        await asyncio.to_thread(house.ask, "answer", id=each["id"], yes=False, because="not before the sale is over")
    await ask(SCALE)
    return await ask(DEPLOY)


async def test_every_page_in_every_look(
    visit: Visit, busy: dict[str, Any], house: Any, looks_good: Look, accessible: Accessible
) -> None:
    page = await visit("/")
    asked = busy["approvals"][0]["id"]
    explain = "/rules/explain?action=kubernetes.scale&target=production/web-app&before=4&after=10"
    size = (await asyncio.to_thread(house.devos, "audit", "list", "--json")).json[-1]["seq"]
    for name, path in {
        "runs": "/",
        "inbox": "/inbox",
        "question": f"/inbox/{asked}",
        "audit": "/audit",
        "entry": f"/audit/{size}",
        "rules": "/rules",
        "explained": explain,
        "health": "/health",
        "problem": "/runs/never-was",
    }.items():
        await page.goto(path)
        await looks_good(page, name)
    await page.goto("/inbox")
    await page.locator(".question", has_text="Scale").get_by_role("button", name="Approve").click()
    await expect(page.locator("#run .under-title .badge")).to_have_text("done")
    await looks_good(page, "run")
    await page.goto("/audit")
    await page.get_by_role("button", name="Verify the whole log").click()
    await expect(page.locator(".verdict")).to_be_visible()
    await looks_good(page, "verification")
    await page.keyboard.press("?")
    await accessible(page, "keyboard help")


async def test_the_door_looks_as_good(visit: Visit, link: Callable[[], str], looks_good: Look) -> None:
    page = await visit(await asyncio.to_thread(link), signed=False)
    await looks_good(page, "login")
    await page.goto("/inbox")
    await looks_good(page, "locked-out")
