"""Every page with everything that it shows, through the template made for it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.web import audit_pages, pages, rules_pages
from daemon.web.render import TEMPLATES

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Browser, Site

KINDS = [
    each
    for module in (pages, audit_pages, rules_pages)
    for each in vars(module).values()
    if isinstance(each, type) and is_dataclass(each)
]


async def test_every_page_opens(site: Site, browser: Browser) -> None:
    run = await site.say("scale web-app to 10 replicas")
    (question,) = run["approvals"]
    counted = await site.say("how many replicas does web-app have")
    expected = {
        "/": "scale web-app to 10 replicas",
        "/runs?limit=1": counted["run"],
        f"/runs/{run['run']}": question["digest"],
        f"/runs/{counted['run']}": "kubernetes.deployment",
        "/inbox": question["digest"],
        f"/inbox/{question['id']}": "kubernetes.scale",
        "/audit": "Approval asked for",
        "/audit/1": "devos.daemon.started",
        "/rules": "careful.cedar",
        "/rules/explain?action=kubernetes.scale&target=production/web-app&before=5&after=10": "does not match",
        "/health": "Kubernetes",
    }
    for path, text in expected.items():
        answer = await browser.get(path)
        assert answer.status_code == 200 and text in answer.text, path
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_no_page_has_a_script_or_a_style_in_it(site: Site, browser: Browser) -> None:
    """The policy that every answer carries would not let them run; a page that needs one would be broken."""
    run = await site.say("scale web-app to 10 replicas")
    for path in ("/", f"/runs/{run['run']}", "/inbox", "/audit", "/audit/1", "/rules", "/health"):
        text = (await browser.get(path)).text
        assert " style=" not in text and "<style" not in text and " onclick=" not in text and "javascript:" not in text
        assert text.count("<script") == text.count("<script src=") + text.count('<script type="module" src=')
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "") and "https://" not in text, path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_what_a_page_shows_never_changes_under_it(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # every dataclass has them
    assert fields(kind) and kind.__doc__


def test_every_template_that_a_page_names_is_there() -> None:
    named = [word for kind in KINDS for word in (kind.__doc__ or "").split() if word.endswith(".html:")]
    assert len(named) >= 13 and all((TEMPLATES / Path(each.rstrip(":"))).is_file() for each in named)
