"""Runs at the dashboard: watched, stopped, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.daemon.conftest import House
    from tests.daemon.web.conftest import Browser, Site

STAGING = "set checkout to six pods in staging"


async def test_a_run_is_stopped(site: Site, browser: Browser) -> None:
    run = (await site.say("scale web-app to 10 replicas"))["run"]
    answer = await browser.post(f"/runs/{run}/cancel")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/runs/{run}")
    shown = site.app.runs.show(run)
    assert shown["status"] == "cancelled"
    (end,) = site.app.log.entries(run=run, type="devos.run.finished")
    assert end.data == {"status": "cancelled", "by": site.app.person, "via": "web"}
    again = await browser.post(f"/runs/{run}/cancel")
    assert again.status_code == 409 and "has ended already" in again.text


async def test_a_run_is_taken_back(site: Site, browser: Browser, own: House) -> None:
    before = own.replicas("staging/checkout")
    run = await site.say(STAGING)
    assert run["status"] == "done" and own.replicas("staging/checkout") == 6
    page = await browser.get(f"/runs/{run['run']}")
    assert f'action="/runs/{run["run"]}/undo"' in page.text
    answer = await browser.post(f"/runs/{run['run']}/undo")
    back = answer.headers["location"].rpartition("/")[2]
    undone = await site.settled(back)
    assert undone["status"] == "done" and own.replicas("staging/checkout") == before
    assert undone["utterance"]["channel"] == "web"


async def test_what_goes_on_is_not_taken_back(site: Site, browser: Browser) -> None:
    run = (await site.say("scale web-app to 10 replicas"))["run"]
    answer = await browser.post(f"/runs/{run}/undo")
    assert answer.status_code == 409 and f"{run} is still asking" in answer.text


async def test_a_run_that_is_not_there(browser: Browser) -> None:
    for path in ("/runs/261120-00000000", "/runs/261120-00000000/events"):
        answer = await browser.get(path)
        assert answer.status_code == 404 and "There is no run" in answer.text
    for path in ("/runs/261120-00000000/cancel", "/runs/261120-00000000/undo"):
        assert (await browser.post(path)).status_code == 404
