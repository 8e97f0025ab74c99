"""What no browser and no program of ours would send, and what is answered when we fail ourselves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.responses import Response

from daemon.web.dashboard import Dashboard
from daemon.web.guard import BODY, SECURITY, STREAMS, Guard
from daemon.web.routes import Access, Route, Turned, Visit
from daemon.web.sessions import Session, Sessions

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Browser, Site

EVIL = "http://evil.example"


async def test_another_accounts_program_is_turned_away(site: Site) -> None:
    dashboard = Dashboard(site.app, is_mine=lambda client, server: False)
    await dashboard.open()
    try:
        link = dashboard.login_url()
        async with httpx.AsyncClient(headers={"Origin": dashboard.url}) as client:
            answer = await client.get(link)
            assert (answer.status_code, answer.content) == (403, b"")
    finally:
        await dashboard.close()


async def raw(site: Site, sent: bytes) -> bytes:
    """What a connection is answered that sends just these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rpartition(":")[2]))
    writer.write(sent)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return answer


async def test_strange_requests(site: Site, browser: Browser) -> None:
    host, (secret,) = site.url.removeprefix("http://").encode(), browser.client.cookies.values()
    cookie = b"Cookie: " + site.dashboard.cookie.encode() + b"=" + secret.encode()
    head = b"Host: " + host + b"\r\n" + cookie + b"\r\nConnection: close\r\n"
    strange = {
        "two hosts": b"GET / HTTP/1.1\r\nHost: evil.example\r\n" + head + b"\r\n",
        "no host": b"GET / HTTP/1.0\r\n" + cookie + b"\r\n\r\n",
        "a whole address": b"GET http://evil.example/ HTTP/1.1\r\n" + head + b"\r\n",
        "a path out": b"GET /static/../pages.py HTTP/1.1\r\n" + head + b"\r\n",
        "a path out, escaped": b"GET /static/%2e%2e%2fpages.py HTTP/1.1\r\n" + head + b"\r\n",
        "a null": b"GET /runs/%00 HTTP/1.1\r\n" + head + b"\r\n",
        "an upgrade": b"GET /events HTTP/1.1\r\nUpgrade: websocket\r\nOrigin: http://evil.example\r\n" + head + b"\r\n",
        "a long path": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + head + b"\r\n",
        "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    }
    for name, sent in strange.items():
        answer = await raw(site, sent)
        assert re.match(rb"HTTP/1.1 (400|403|404|405|431) |$", answer), (name, answer[:200])


async def test_a_body_is_not_taken_without_end(site: Site, browser: Browser) -> None:
    data = b"token=" + browser.token.encode() + b"&back=" + b"x" * BODY

    async def unannounced() -> AsyncIterator[bytes]:
        yield data

    for content in (data, unannounced()):
        answer = await browser.client.post("/freeze", content=content, headers={"Content-Type": FORM})
        assert answer.status_code == 413 and not site.app.brake.on


FORM, JSON = "application/x-www-form-urlencoded", "application/json"
UNFIT = (
    ("/freeze", JSON, "{}", 415),
    ("/freeze", "text/plain", "token={token}", 415),
    ("/freeze", "multipart/form-data; boundary=x", "--x--", 415),
    ("/freeze", FORM, "token={token}&token=x", 400),
    ("/freeze", FORM, "token={token}&more=1", 400),
    ("/freeze", FORM, "token={token}&back=%ff", 400),
    ("/freeze", FORM, "token={token}" + "&a=1" * 60, 400),
    ("/api/freeze", FORM, "token={token}", 415),
    ("/api/freeze", JSON, "[]", 400),
    ("/api/freeze", JSON, "{", 400),
    ("/api/freeze", JSON, "[" * 60_000, 400),
    ("/api/freeze", JSON, '{"more": 1}', 400),
    ("/api/freeze", JSON, "\xff", 400),
)


async def test_what_is_sent_has_to_fit(site: Site, browser: Browser) -> None:
    for path, kind, body, status in UNFIT:
        token = {} if kind == FORM and path == "/freeze" else {"X-DevOS-Token": browser.token}
        content = body.replace("{token}", browser.token).encode("latin-1")
        answer = await browser.client.post(path, content=content, headers={"Content-Type": kind, **token})
        assert answer.status_code == status, (path, kind, body[:80])
        assert answer.headers["content-type"].startswith(JSON if path.startswith("/api") else "text/html")
    assert not site.app.brake.on
    for query in ("limit=0", "limit=x", "limit=1&limit=2", "more=1", "limit=%ff"):
        for path in ("/runs", "/api/runs"):
            assert (await browser.get(f"{path}?{query}")).status_code == 400, query


async def test_no_session_opens_streams_without_end(site: Site, browser: Browser) -> None:
    async with httpx.AsyncClient(base_url=site.url, cookies=browser.client.cookies) as client:
        opened = [await client.send(client.build_request("GET", "/events"), stream=True) for _ in range(STREAMS)]
        for each in (following := [each.aiter_bytes() for each in opened]):
            assert await anext(each) == b"retry: 2000\n\n"
        assert (await client.get("/events")).status_code == 429
        for stream, answer in zip(following, opened, strict=True):
            await stream.aclose()
            await answer.aclose()


async def test_a_fault_of_ours_says_nothing_of_the_inside(
    site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the inside")

    monkeypatch.setattr(site.app.runs, "newest", broken)
    for path in ("/", "/api/runs"):
        answer = await browser.get(path)
        assert answer.status_code == 500 and "secret" not in answer.text and "Traceback" not in answer.text
        assert all(answer.headers[name] == value for name, value in SECURITY.items())
    assert "the secret of the inside" in caplog.text, "but the log has it"


async def test_a_page_that_is_not_there(site: Site, browser: Browser) -> None:
    """Told to whoever is signed in, and to nobody else."""
    page, program = await browser.get("/nowhere"), await browser.get("/api/nowhere")
    assert page.status_code == program.status_code == 404
    assert "There is nothing here." in page.text and program.json() == {"error": "There is nothing here."}
    stranger = await site.browser().get("/nowhere")
    assert (stranger.status_code, stranger.content) == (403, b"")


async def test_a_link_of_another_page_is_followed_by_a_person_alone(site: Site, browser: Browser) -> None:
    """A message in Teams may link a run's page: whoever follows the link is asked, and told nothing before."""
    run = (await site.say("scale web-app to 10 replicas"))["run"]
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    (secret,) = browser.client.cookies.values()
    cookies = {site.dashboard.cookie: secret}
    async with httpx.AsyncClient(base_url=site.url, headers=link, cookies=cookies) as client:
        answer = await client.get(f"/runs/{run}")
        assert answer.status_code == 403 and f'href="/runs/{run}"' in answer.text
        assert "web-app" not in answer.text and browser.token not in answer.text
        for path in (
            "/events",
            f"/runs/{run}/events",
            "/api/runs",
            "/static/look.css",
            "/nowhere",
            "/freeze",
            "/login/x",
        ):
            assert (await client.get(path)).content == b"", path
        for wrong in ({"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "no-cors"}, {"Origin": EVIL}, {"Host": "evil"}):
            answer = await client.get(f"/runs/{run}", headers=wrong)
            assert (answer.status_code, answer.content) == (403, b""), wrong
        assert (await client.post("/freeze")).content == b""


@pytest.fixture
def guard() -> Guard:
    """Guards one route to which anybody may post."""

    async def explain(turned: Turned, path: str, session: Session | None) -> Response:
        return Response(str(turned), turned.status)

    async def post(visit: Visit) -> Response:
        return Response("let in")

    routes = [Route("POST", "/login", post, "", Access.OPEN)]
    return Guard(routes, Sessions(), cookie="c", port=1, explain=explain, is_mine=lambda client, server: True)


def scope(kind: str = "http", **headers: str) -> dict[str, Any]:
    known = {"host": "127.0.0.1:1", "origin": "http://127.0.0.1:1", "content-type": FORM, **headers}
    ends = {"client": ("127.0.0.1", 5), "server": ("127.0.0.1", 1)}
    pairs = [(name.encode(), value.encode()) for name, value in known.items()]
    return {"type": kind, "method": "POST", "path": "/login", "query_string": b"", "headers": pairs, **ends}


async def answered(guard: Guard, asked: dict[str, Any], *received: dict[str, Any]) -> list[dict[str, Any]]:
    """What is sent to whoever asks so, and sends these messages and then nothing."""
    sent: list[dict[str, Any]] = []
    messages = list(received)

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else await asyncio.Future()

    async def send(message: Any) -> None:
        sent.append(message)

    await guard(asked, receive, send)
    return sent


async def test_what_is_no_request_gets_no_answer(guard: Guard) -> None:
    for kind in ("websocket", "lifespan"):
        assert await answered(guard, scope(kind), {"type": f"{kind}.connect"}) == []
    whole = {"type": "http.request", "body": b"", "more_body": False}
    assert (await answered(guard, scope(), whole))[0]["status"] == 200


async def test_a_connection_whose_ends_are_not_known_is_turned_away(guard: Guard) -> None:
    for end in ("client", "server"):
        assert (await answered(guard, scope() | {end: None}))[0]["status"] == 403


async def test_whoever_leaves_half_way_is_not_answered(guard: Guard) -> None:
    half = {"type": "http.request", "body": b"link=", "more_body": True}
    assert await answered(guard, scope(), half, {"type": "http.disconnect"}) == []


async def test_a_body_that_does_not_come_is_not_waited_for(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.web.guard.SECONDS", 0.0)
    sent = await answered(guard, scope(), {"type": "http.request", "body": b"link=", "more_body": True})
    assert sent[0]["status"] == 408
