"""Every page, with text in every one of its places that wants to be more than text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from playwright.async_api import Page, Route

from daemon.web import audit_pages, pages, rules_pages
from daemon.web.guard import SECURITY
from daemon.web.render import Renderer

pytestmark = pytest.mark.asyncio(loop_scope="session")

Visit = Callable[..., Awaitable[Page]]

HIDDEN = "\u202e\u2066\u200b\u200d\x1b\x07\ufeff"
HOSTILE = (
    f'"><script>window.owned = 1</script></textarea></title></template><img src=x onerror="window.owned = 2">{HIDDEN}'
    "' onfocus='window.owned = 3' autofocus {{ 7 * 7 }} ${window.owned = 4} javascript:window.owned=5 " + "long" * 60
)
FRAME = pages.Frame("inbox", HOSTILE, HOSTILE, 3, True, True, False, HOSTILE, HOSTILE)
OWN = {"path": "/", "run_path": "/", "answer": "/inbox/x/answer", "proof": "/audit/1/proof"}
"""What we make ourselves, and others cannot."""
CHOSEN: dict[type, dict[str, Any]] = {
    pages.Question: {"status": "open", "level": "approve", "votes": 3},
    pages.Run: {"status": "asking", "questions": (), "cancel": "/", "undo": "/", "audit": "/"},
    pages.Step: {"status": "asking"},
    rules_pages.Rules: {},
    pages.Health: {"state": "warn"},
    audit_pages.Facet: {"name": "system"},
}
"""Where only some words can stand: one of them."""


def filled(kind: Any, name: str = "") -> Any:
    """A value of a type with hostile text wherever text can stand, and one of everything of which there can be many."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        values = {each.name: filled(hints[each.name], each.name) for each in fields(kind)}
        return kind(**values | CHOSEN.get(kind, {}))
    if get_origin(kind) is tuple:
        return tuple(filled(each) for each in get_args(kind) if each is not ...)
    if NoneType in get_args(kind):
        return filled(get_args(kind)[0], name)
    simple = {str: OWN.get(name, HOSTILE), int: 7, float: 50.0, bool: True, datetime: datetime.now(UTC) + timedelta(1)}
    return simple[kind]


WIDE = """[...document.querySelectorAll('main *')]
    .filter((each) => each.checkVisibility() && !each.closest('.unseen, .diff, .text, .command, .facet ul, .name'))
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .map((each) => each.outerHTML.slice(0, 200))"""
"""What stands out of the window."""

PAGES = {
    "runs": pages.Runs,
    "run": pages.Run,
    "inbox": pages.Inbox,
    "question": pages.Question,
    "audit": audit_pages.Audit,
    "entry": audit_pages.Entry,
    "verification": audit_pages.Verification,
    "rules": rules_pages.Rules,
    "explained": rules_pages.Explained,
    "health": pages.Health,
    "login": pages.Login,
    "locked": pages.Locked,
    "problem": pages.Problem,
}


async def put(page: Page, template: str, content: object, frame: pages.Frame = FRAME) -> None:
    """Show a page as the daemon would send it, looked at from a phone."""
    html = Renderer().page(template, content, frame).body

    async def answer(route: Route) -> None:
        await route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=dict(SECURITY))

    await page.route("**/inbox/shown", answer)
    await page.goto("/inbox/shown")


async def test_text_stays_text_on_every_page(visit: Visit, accessible: Callable[..., Awaitable[None]]) -> None:
    page = await visit("/static/icon.svg", viewport={"width": 375, "height": 740})
    trouble = []
    for template, kind in PAGES.items():
        await put(page, template, filled(kind))
        await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        assert await page.evaluate("window.owned === undefined"), template
        assert not await page.locator("main script, main img, main [onerror], main [onfocus]").count(), template
        html = await page.evaluate("document.documentElement.outerHTML")
        assert "window.owned = 1" in html, template
        assert not set(HIDDEN) & set(html), template
        assert "{{ 7 * 7 }}" in html, template
        trouble += [f"{template} is too wide: {each}" for each in await page.evaluate(WIDE)]
        await accessible(
            page, template, rules={"color-contrast": {"enabled": False}}
        )  # the colours are looked at elsewhere
    assert not trouble, "\n".join(trouble)


async def test_outside_text_is_marked_with_its_source(visit: Visit) -> None:
    words = pages.Argument(
        "body",
        (pages.Piece("As asked: "), pages.Piece("scale it to 500", "jira DEV-456 description"), pages.Piece(".")),
        selects=True,
    )
    change = replace(filled(pages.Change), arguments=(words,), evidence="- replicas: 4\n+ replicas: 500\n  kept")
    question = replace(filled(pages.Question), changes=(change,), needs_reason=True, answer="/inbox/x/answer")
    page = await visit("/static/icon.svg")
    await put(page, "question", question)
    argument = page.locator(".arguments dd")
    assert await argument.locator("mark.outside").all_inner_texts() == ["scale it to 500"]
    assert await argument.locator(".source").inner_text() == "from jira DEV-456 description"
    assert "chooses what is changed" in await argument.inner_text()
    assert await page.locator(".diff .plus").inner_text() == "+ replicas: 500"
    assert await page.locator(".diff .minus").inner_text() == "- replicas: 4"
    await page.keyboard.press("a")
    why = page.locator("[data-why]")
    assert await why.evaluate("(each) => each === document.activeElement"), "a reason is wanted first"
    await why.fill("as agreed in the morning")
    await page.keyboard.press("Escape")
    await page.keyboard.press("a")
    assert await page.locator("[data-yes]").evaluate("(each) => each === document.activeElement")


async def test_who_may_not_answer_is_told_why_and_finds_no_button(visit: Visit) -> None:
    page = await visit("/static/icon.svg")
    await put(page, "question", replace(filled(pages.Question), answer="", cannot="Somebody else has to agree."))
    assert await page.get_by_text("Somebody else has to agree.").is_visible()
    assert not await page.get_by_role("button", name="Approve").count()
