"""Every way in that is none, at every route there is: nothing is let in, and nothing is told."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx
import pytest

from daemon.web.guard import SECURITY
from daemon.web.routes import Access, Route

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Browser, Site

EVIL = "http://evil.example"


@dataclass(frozen=True)
class Attempt:
    """One request as it is sent; what is in it would be accepted."""

    route: Route
    method: str
    path: str
    headers: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)

    def with_(self, **headers: str | None) -> Attempt:
        """The same with other headers; None leaves one out."""
        changed = {**self.headers, **headers}
        return replace(self, headers={name: value for name, value in changed.items() if value is not None})


class Matrix:
    """Makes the request for every route that whoever may ask would send."""

    def __init__(
        self,
        site: Site,
        browser: Browser,
        places: Mapping[str, str],
        digest: str,
        transport: httpx.AsyncHTTPTransport,
    ) -> None:
        self.site, self.browser, self.places, self.digest = site, browser, places, digest
        self.transport = transport
        """Sends what it is told and adds nothing."""
        (self.secret,) = browser.client.cookies.values()

    def attempts(self) -> list[Attempt]:
        return [self.attempt(route) for route in self.site.dashboard.routes]

    def attempt(self, route: Route) -> Attempt:
        path = re.sub(r"\{(\w+)\}", lambda place: self.places[place[1]], route.path)
        headers = {
            "Host": self.site.url.removeprefix("http://"),
            "Origin": self.site.url,
            "Sec-Fetch-Site": "same-origin",
            "Cookie": f"{self.site.dashboard.cookie}={self.secret}",
        }
        if route.method == "POST":
            headers["X-DevOS-Token"] = self.browser.token
        return Attempt(route, route.method, path, headers, self.fields(route))

    def fields(self, route: Route) -> dict[str, str]:
        known = {"link": self.places["link"], "word": "word", "answer": "yes", "digest": self.digest}
        return {name: known[name] for name, value in route.body.model_fields.items() if value.is_required()}

    async def send(self, attempt: Attempt) -> tuple[int, bytes, httpx.Headers]:
        """The status, and what is said; of a stream that is let in, nothing."""
        headers, body = dict(attempt.headers), b""
        if attempt.route.method == "POST":
            form = not attempt.route.for_programs
            headers["Content-Type"] = "application/x-www-form-urlencoded" if form else "application/json"
            body = (urlencode(attempt.fields) if form else json.dumps(dict(attempt.fields))).encode()
        request = httpx.Request(attempt.method, f"{self.site.url}{attempt.path}", headers=headers, content=body)
        answer = await self.transport.handle_async_request(request)
        stream = answer.headers.get("content-type", "").startswith("text/event-stream")
        said = b"" if stream else await answer.aread()
        await answer.aclose()
        return answer.status_code, said, answer.headers

    async def accepted(self, attacks: Iterator[tuple[str, Attempt]]) -> list[str]:
        """The attacks that were not turned away, or that were told something."""
        found = []
        for name, attack in attacks:
            status, said, headers = await self.send(attack)
            carried = all(headers.get(key) == value for key, value in SECURITY.items())
            if status not in (403, 404, 405) or said or not carried:
                found.append(f"{name}: {attack.method} {attack.path} was answered {status}: {said[:80]!r}")
        return found


@pytest.fixture
async def matrix(site: Site, browser: Browser) -> AsyncIterator[Matrix]:
    run = await site.say("scale web-app to 10 replicas")
    (question,) = run["approvals"]
    places = {
        "run": run["run"],
        "approval": question["id"],
        "seq": "1",
        "file": "look.css",
        "link": site.dashboard.login_url().rpartition("/")[2],
    }
    async with httpx.AsyncHTTPTransport(verify=False) as transport:
        yield Matrix(site, browser, places, question["digest"], transport)


async def untouched(matrix: Matrix) -> bool:
    """Whether nothing that was attempted has happened."""
    site, places = matrix.site, matrix.places
    run = site.app.runs.show(places["run"])
    waits = run["status"] == "asking" and run["approvals"][0]["id"] == places["approval"]
    link = await site.browser().post("/login", data={"link": places["link"]})
    return waits and not site.app.brake.on and link.status_code == 303


async def test_whoever_may_ask_is_let_in(matrix: Matrix) -> None:
    """Without this, everything below could be turned away for another reason than the one it is about."""
    last = ("/logout", "/answer", "/cancel", "/undo", "/login", "/unlock")
    ordered = sorted(matrix.attempts(), key=lambda each: each.path.endswith(last))
    for attempt in sorted(ordered, key=lambda each: each.path == "/logout"):
        status, _, headers = await matrix.send(attempt)
        assert status in (200, 303, 400, 409), f"{attempt.method} {attempt.path}: {status}"
        assert all(headers[name] == value for name, value in SECURITY.items()), attempt.path


HOSTS = (
    *("evil.example", "evil.example:{port}", "0.0.0.0:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.2:{port}", ""),
    *("[::1]:{port}", "localhost.:{port}", "127.0.0.1:{port}x", "127.0.0.1:{port}.evil.example"),
)


async def test_a_request_to_another_name_is_none_for_us(matrix: Matrix) -> None:
    """What DNS rebinding leads to: a page's own name, resolved to 127.0.0.1."""
    for host in HOSTS:
        there = host.format(port=matrix.site.url.rpartition(":")[2])
        rebound = ((there, each.with_(Host=there, Origin=f"http://{there}")) for each in matrix.attempts())
        assert not await matrix.accepted(rebound)
        assert not await matrix.accepted((there, each.with_(Host=there)) for each in matrix.attempts())
    assert await untouched(matrix)


ELSEWHERE = {
    "a foreign page": {"Origin": EVIL},
    "a page without an origin": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "the other name of this machine": {"Origin": "http://localhost:{port}"},
    "another scheme": {"Origin": "https://127.0.0.1:{port}"},
    "two origins": {"Origin": "http://127.0.0.1:{port}, http://evil.example"},
    "an empty origin": {"Origin": ""},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "cross-site, no origin": {"Sec-Fetch-Site": "cross-site", "Origin": None},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "a site that no browser names": {"Sec-Fetch-Site": "same-origin, cross-site"},
}


async def test_a_request_from_elsewhere_is_turned_away(matrix: Matrix) -> None:
    port = matrix.site.url.rpartition(":")[2]
    for name, wrong in ELSEWHERE.items():
        headers = {key: value and value.format(port=port) for key, value in wrong.items()}
        assert not await matrix.accepted((name, each.with_(**headers)) for each in matrix.attempts())
    assert await untouched(matrix)


async def test_what_is_posted_names_its_origin_and_comes_from_a_page(matrix: Matrix) -> None:
    posts = [each for each in matrix.attempts() if each.method == "POST"]
    assert not await matrix.accepted(("no origin", each.with_(Origin=None)) for each in posts)
    typed = {"Sec-Fetch-Site": "none"}
    assert not await matrix.accepted(("typed", each.with_(**typed)) for each in posts)
    assert await untouched(matrix)


async def test_without_a_session_there_is_nothing(matrix: Matrix) -> None:
    cookie = matrix.site.dashboard.cookie
    other = f"{cookie}={matrix.secret[:-1]}{'A' if matrix.secret[-1] != 'A' else 'B'}"
    cookies = {
        "none": None,
        "empty": f"{cookie}=",
        "a guess": other,
        "two": f"{cookie}={matrix.secret}; {cookie}=x",
        "another name": f"devos={matrix.secret}",
        "the token": f"{cookie}={matrix.browser.token}",
    }
    closed = [each for each in matrix.attempts() if each.route.access is not Access.OPEN]
    told = [each for each in closed if each.method == "GET" and not each.route.for_programs and not each.route.stream]
    for name, value in cookies.items():
        silent = (each.with_(Cookie=value) for each in closed if each not in told)
        assert not await matrix.accepted((name, each) for each in silent)
        for each in told:
            status, said, _ = await matrix.send(each.with_(Cookie=value))
            assert status == 403 and b"devos open" in said, each.path
            assert matrix.places["run"].encode() not in said and b"web-app" not in said
    assert await untouched(matrix)


async def test_what_is_posted_needs_the_sessions_own_token(matrix: Matrix) -> None:
    other = await matrix.site.signed_in()
    posts = [each for each in matrix.attempts() if each.method == "POST" and each.route.access is not Access.OPEN]
    assert len(posts) >= 12
    wrong: dict[str, dict[str, str | None]] = {
        "no token": {"X-DevOS-Token": None},
        "empty": {"X-DevOS-Token": ""},
        "a guess": {"X-DevOS-Token": "x" * 43},
        "another session's": {"X-DevOS-Token": other.token},
        "the cookie": {"X-DevOS-Token": matrix.secret},
    }
    for name, headers in wrong.items():
        assert not await matrix.accepted((name, each.with_(**headers)) for each in posts)
    fields = {"token": other.token}
    in_form = (replace(each, fields={**each.fields, **fields}).with_(**wrong["no token"]) for each in posts)
    assert not await matrix.accepted(("in the form", each) for each in in_form)
    assert await untouched(matrix)


async def test_no_method_but_the_routes_own(matrix: Matrix) -> None:
    """A write is never done by a GET, which a link or a picture can send."""
    for method in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"):
        own = {each.path for each in matrix.attempts() if each.method == method}
        attacks = [replace(each, method=method) for each in matrix.attempts() if each.path not in own]
        assert attacks and not await matrix.accepted((method, each) for each in attacks)
    assert await untouched(matrix)


async def test_a_locked_session_changes_nothing(matrix: Matrix) -> None:
    session = await locked_session(matrix)
    changing = [each for each in session.attempts() if each.route.access is Access.CHANGE]
    assert {each.path.rpartition("/")[2] for each in changing} == {"cancel", "undo", "answer", "thaw"}
    for each in changing:
        status, _, _ = await session.send(each)
        assert status == 403, each.path
    assert await untouched(matrix)


async def locked_session(matrix: Matrix) -> Matrix:
    """A session that may only read, as those are outside of the sandbox."""
    site = matrix.site
    site.app.sandbox = False
    browser = await site.signed_in(word="kilo-zulu-204")
    site.app.sandbox = True
    return Matrix(site, browser, matrix.places, matrix.digest, matrix.transport)
