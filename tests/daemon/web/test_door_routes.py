"""Coming in, by a link that works once; being let to answer, by a word; leaving."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daemon.web.door_routes import STATIC, TYPES
from daemon.web.sessions import LINK_SECONDS, LINKS, TRIES, WORDS

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Browser, Site

WORD = "kilo-zulu-204"


async def test_a_link_opens_once(site: Site) -> None:
    link = site.dashboard.login_url()
    assert link.startswith(f"{site.url}/login/") and len(link.rpartition("/")[2]) >= 43
    visitor, secret = site.browser(), link.rpartition("/")[2]
    for _ in range(3):  # looking at it, as a mail program's preview does, does not use it up
        page = await visitor.get(link)
        assert page.status_code == 200 and secret in page.text and not visitor.cookies
    answer = await visitor.post("/login", data={"link": secret})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await visitor.get("/")).status_code == 200
    second = await site.browser().post("/login", data={"link": secret})
    assert second.status_code == 403 and "used already" in second.text and not second.cookies


async def test_the_cookie_is_kept_close(site: Site, browser: Browser) -> None:
    secret = site.dashboard.login_url().rpartition("/")[2]
    answer = await site.browser().post("/login", data={"link": secret})
    name, _, rest = answer.headers["set-cookie"].partition("=")
    value, *attributes = rest.split("; ")
    assert name == site.dashboard.cookie and re.fullmatch(r"devos-[0-9a-f]{8}", name)
    assert len(value) >= 43 and sorted(each.lower() for each in attributes) == ["httponly", "path=/", "samesite=strict"]


async def test_no_session_is_fixed(site: Site, browser: Browser) -> None:
    """Whoever came with a cookie, chosen by an attacker or of another session, leaves with a new one."""
    (mine,) = browser.client.cookies.values()
    for planted in ("chosen-by-somebody", mine):
        visitor = site.browser(Cookie=f"{site.dashboard.cookie}={planted}")
        link = site.dashboard.login_url().rpartition("/")[2]
        answer = await visitor.post("/login", data={"link": link})
        assert answer.cookies[site.dashboard.cookie] not in (planted, mine)
    assert (
        await site.browser(Cookie=f"{site.dashboard.cookie}=chosen-by-somebody").get("/api/runs")
    ).status_code == 403


async def test_a_link_that_is_old_or_guessed(site: Site) -> None:
    link = site.dashboard.login_url().rpartition("/")[2]
    site.clock.now += LINK_SECONDS
    assert (await site.browser().post("/login", data={"link": link})).status_code == 403
    for guess in ("x", link[:-1], link.swapcase()):
        assert (await site.browser().post("/login", data={"link": guess})).status_code == 403
    assert (await site.browser().post("/login")).status_code in (400, 415)


async def test_guessing_is_slowed_down(site: Site) -> None:
    visitor = site.browser()
    answers = [await visitor.post("/login", data={"link": "x"}) for _ in range(LINKS + 1)]
    assert [each.status_code for each in answers] == [403] * LINKS + [429]


async def test_a_session_that_is_left_alone_ends(site: Site, browser: Browser) -> None:
    assert (await browser.get("/")).status_code == 200
    site.clock.now += 12 * 3600
    answer = await browser.get("/")
    assert answer.status_code == 403 and "devos open" in answer.text and "Runs" not in answer.text


async def test_leaving(site: Site, browser: Browser) -> None:
    answer = await browser.post("/logout")
    assert answer.status_code == 303 and (await browser.get("/")).status_code == 403
    (gone,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith(site.dashboard.cookie)]
    assert "Max-Age=0" in gone


async def test_the_word_lets_a_session_answer(site: Site) -> None:
    run = await site.say("scale web-app to 10 replicas")
    question = run["approvals"][0]
    site.app.sandbox = False  # with real systems, a program of this account is not the person
    browser = await site.signed_in(word=WORD)
    path = f"/inbox/{question['id']}/answer"
    refused = await browser.post(path, digest=question["digest"], answer="yes")
    assert refused.status_code == 403 and 'action="/unlock"' in refused.text
    assert site.app.runs.show(run["run"])["status"] == "asking"
    assert f'action="{path}"' not in (await browser.get(f"/inbox/{question['id']}")).text
    wrong = await browser.post("/unlock", word="alfa-alfa-100", back="/inbox")
    assert wrong.status_code == 403 and "2 tries left" in wrong.text
    right = await browser.post("/unlock", word=" Kilo Zulu 204", back="/inbox?x=1")
    assert (right.status_code, right.headers["location"]) == (303, "/inbox?x=1")
    assert (await browser.get("/unlock?back=/inbox")).headers["location"] == "/inbox"
    assert (await browser.post(path, digest=question["digest"], answer="no")).status_code == 303
    assert (await site.settled(run["run"], asks=False))["status"] == "denied"


async def test_after_three_wrong_words_a_session_only_reads(site: Site) -> None:
    site.app.sandbox = False
    browser = await site.signed_in(word=WORD)
    for _ in range(TRIES):
        assert (await browser.post("/unlock", word="alfa")).status_code == 403
    assert (await browser.post("/unlock", word=WORD)).status_code == 403
    assert (await browser.post("/thaw")).status_code == 403 and (await browser.get("/")).status_code == 200
    without = await site.signed_in()
    assert (await without.post("/unlock", word="")).status_code == 403
    assert "No word was shown" in (await without.get("/unlock")).text


async def test_words_are_not_guessed_in_many_sessions(site: Site) -> None:
    site.app.sandbox = False
    statuses = []
    for _ in range(WORDS // TRIES):
        browser = await site.signed_in(word=WORD)
        statuses += [(await browser.post("/unlock", word="alfa")).status_code for _ in range(TRIES)]
    assert statuses == [403] * WORDS
    browser = await site.signed_in(word=WORD)
    assert (await browser.post("/unlock", word=WORD)).status_code == 429


async def test_nobody_is_led_away(site: Site, browser: Browser) -> None:
    for back in ("//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=y", "javascript:x"):
        answer = await browser.post("/freeze", back=back)
        assert answer.headers["location"] == "/" and "x" not in answer.cookies
    await browser.post("/thaw")


async def test_nothing_but_the_files_can_be_had(site: Site) -> None:
    visitor = site.browser()
    for file in STATIC.iterdir():
        answer = await visitor.get(f"/static/{file.name}")
        assert answer.content == file.read_bytes() and answer.headers["content-type"].startswith(TYPES[file.suffix])
    for name in ("nothing.css", "pages.py", "../pages.py", "%2e%2e/pages.py", "", "..%5cpages.py"):
        assert (await visitor.get(f"/static/{name}")).status_code in (403, 404)
