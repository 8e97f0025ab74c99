"""Answering at the dashboard: what was shown, once, recorded as coming from there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.daemon.conftest import House
    from tests.daemon.web.conftest import Browser, Site

SCALE = "scale web-app to 10 replicas"


@pytest.mark.parametrize("yes", [True, False])
async def test_an_answer_counts_once(site: Site, browser: Browser, own: House, yes: bool) -> None:
    run = await site.say(SCALE)
    path = f"/inbox/{run['approvals'][0]['id']}"
    fields = await browser.form(path, f"{path}/answer")
    assert fields["digest"] == run["approvals"][0]["digest"] and fields["token"] == browser.token
    answer = await browser.post(f"{path}/answer", **fields, answer="yes" if yes else "no", because="a good reason")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/runs/{run['run']}")
    ended = await site.settled(run["run"], asks=False)
    assert ended["status"] == ("done" if yes else "denied")
    assert own.replicas("production/web-app") == 10 if yes else not own.changes("kubernetes")
    (given,) = site.app.log.entries(run=run["run"], type="devos.approval.answered")
    assert (given.data["by"], given.data["via"], given.payload) == (
        site.app.person,
        "web",
        {"because": "a good reason"},
    )
    again = await browser.post(f"{path}/answer", **fields, answer="yes")
    assert again.status_code == 409 and "already" in again.text
    closed = await browser.get(path)
    assert closed.status_code == 200 and f'action="{path}/answer"' not in closed.text and "a good reason" in closed.text
    assert (await browser.get("/inbox/zzzzzz")).status_code == 404


async def test_an_answer_to_something_else_does_not_count(site: Site, browser: Browser, own: House) -> None:
    run = await site.say(SCALE)
    question = run["approvals"][0]
    path = f"/inbox/{question['id']}/answer"
    other = await browser.post(path, digest="0" * 64, answer="yes")
    assert other.status_code == 409 and "another plan than the one you saw" in other.text
    for fields in ({"answer": "yes"}, {"digest": "", "answer": "yes"}, {"digest": question["digest"]}):
        assert (await browser.post(path, **fields)).status_code == 400
    for answer in ("YES", "", "true", "maybe"):
        assert (await browser.post(path, digest=question["digest"], answer=answer)).status_code == 400
    assert (await browser.post("/inbox/zzzzzz/answer", digest="0" * 64, answer="yes")).status_code == 409
    assert site.app.runs.show(run["run"])["status"] == "asking" and not own.changes("kubernetes")


async def test_the_inbox_shows_what_is_needed_to_answer(site: Site, browser: Browser) -> None:
    assert "Nothing waits" in (await browser.get("/inbox")).text
    run = await site.say(SCALE)
    text = (await browser.get("/inbox")).text
    for shown in (SCALE, "kubernetes.scale", "production/web-app", run["approvals"][0]["digest"], site.app.person):
        assert shown in text
    assert re.search(r'class="count">1<', text), "the count beside the word Inbox"


async def test_a_question_of_somebody_else_cannot_be_answered_here(site: Site, browser: Browser) -> None:
    site.app.person = "ann"
    run = await site.say(SCALE)
    site.app.person = "bob"
    path = f"/inbox/{run['approvals'][0]['id']}"
    page = (await browser.get(path)).text
    assert f'action="{path}/answer"' not in page and "asks ann" in page
    answer = await browser.post(f"{path}/answer", digest=run["approvals"][0]["digest"], answer="yes")
    assert answer.status_code == 409 and "nobody else can answer" in answer.text


async def test_an_outcome_is_told_with_its_result(site: Site, browser: Browser) -> None:
    """What a person writes is JSON where it is that, and otherwise the words themselves."""
    from daemon.web.inbox_routes import _result

    assert _result("") is None and _result("  ") is None
    assert _result("5") == 5 and _result('{"a": 1}') == {"a": 1}
    assert _result(" CHG0030001 ") == "CHG0030001" and _result("[" * 20_000) == "[" * 20_000
