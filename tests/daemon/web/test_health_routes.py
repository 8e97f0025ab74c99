"""Health, and the brake that stops everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Browser, Site


async def test_the_brake(site: Site, browser: Browser) -> None:
    answer = await browser.post("/freeze")
    assert (answer.status_code, answer.headers["location"]) == (303, "/health") and site.app.brake.on
    assert "Everything is frozen" in (await browser.get("/")).text
    assert (await browser.post("/thaw", back="/inbox")).headers["location"] == "/inbox" and not site.app.brake.on
    kinds = [each for each in site.app.log.entries() if each.type.startswith("devos.brake.")]
    assert [each.type for each in kinds] == ["devos.brake.on", "devos.brake.off"]
    assert all(each.data == {"by": site.app.person, "via": "web"} for each in kinds)


async def test_stopping_needs_no_word_and_going_on_does(site: Site) -> None:
    site.app.sandbox = False
    browser = await site.signed_in()
    assert (await browser.post("/freeze")).status_code == 303 and site.app.brake.on
    assert (await browser.post("/thaw")).status_code == 403 and site.app.brake.on


async def test_it_stops_where_that_cannot_be_recorded_and_does_not_go_on(site: Site, browser: Browser) -> None:
    site.app.log.close()
    assert (await browser.post("/freeze")).status_code == 503 and site.app.brake.on
    answer = await browser.post("/thaw")
    assert answer.status_code == 503 and "could not be recorded" in answer.text and site.app.brake.on


async def test_the_page_says_how_it_is(site: Site, browser: Browser) -> None:
    text = (await browser.get("/health")).text
    for shown in ("Kubernetes", "simulated systems", site.app.person, "Terminal", site.app.rules.ruleset[:12]):
        assert shown in text
