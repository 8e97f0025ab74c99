"""The rules at the dashboard, and which of them decides."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Browser, Site


async def test_the_rules_in_force(site: Site, browser: Browser) -> None:
    text = (await browser.get("/rules")).text
    for rule in site.app.rules.rules.rules:
        assert rule.id in text and rule.where in text
    assert site.app.rules.ruleset[:12] in text


async def test_why_an_action_would_be_asked_about(browser: Browser) -> None:
    asked = {
        "action": "kubernetes.scale",
        "environment": "production",
        "target": "production/web-app",
        "channel": "voice",
        "before": "5",
        "after": "10",
        "arguments": "deployment=web-app\r\nnamespace=production\r\nreplicas=10\r\n",
    }
    answer = await browser.get(f"/rules/explain?{urlencode(asked)}")
    text = answer.text
    assert answer.status_code == 200 and "confirm" in text and "decides" in text and "does not match" in text
    assert 'value="production/web-app"' in text, "the form keeps what was filled in"


async def test_what_cannot_be_explained(browser: Browser) -> None:
    for asked, said in (
        ({"action": "kubernetes.fly"}, "There is no action"),
        ({"action": "kubernetes.scale", "arguments": "color=red"}, "color"),
        ({"action": "kubernetes.scale", "after": "many"}, "after has to be a whole number"),
        ({"action": "kubernetes.scale", "environment": "moon"}, "environment"),
        ({}, "There is no action"),
    ):
        answer = await browser.get(f"/rules/explain?{urlencode(asked)}")
        assert answer.status_code == 400 and said in answer.text, asked


async def test_files_that_are_wrong_are_said(site: Site, browser: Browser) -> None:
    folder = site.app.home / "rules"
    folder.mkdir()
    (folder / "mine.cedar").write_text("permit (principal, action, resource);")
    text = ""
    while "mine.cedar" not in text:  # until the file has been quiet for a moment
        text = (await browser.get("/rules")).text
    assert "careful.cedar" in text and "needs an @id" in text
    assert "Older ones are in force" in (await browser.get("/health")).text
