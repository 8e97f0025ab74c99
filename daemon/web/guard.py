"""The one place that every request to the dashboard passes: who may ask what, and what every answer carries.

A browser will send anything that a page on the internet makes it send, cookies and all. So a request counts only when
it names this very address (no DNS name was rebound to it), comes from our own pages (Origin, Sec-Fetch-Site), from
this account's programs, with a session's cookie, and, where it is to change something, with the token that stands in
our own pages alone. Whatever does not is told nothing.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from daemon.web import peer
from daemon.web.routes import Access, Elsewhere, NotUnlocked, Route, Turned, Values, Visit
from daemon.web.sessions import Session, Sessions
from policies.approvals import CannotAnswer
from policies.audit.log import CannotRecord
from policies.runs import NoSuchRun

logger = logging.getLogger("devos.web")

BODY = 64 * 1024
"""The most bytes of one body."""

SECONDS = 10.0
"""How long a body may take to arrive."""

STREAMS = 20
"""How many event streams one session may have open."""

SECURITY: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer, browsers would send our own forms with "Origin: null", like those of a stranger.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), usb=()",
}
"""What every answer carries, errors and refusals included."""

Explain = Callable[[Turned, str, Session | None], Awaitable[Response]]
"""Makes the answer that says why something cannot be given at a path, to somebody who may know it."""


class Guard:
    """The dashboard as an ASGI application: lets requests in, and everything else out."""

    def __init__(
        self,
        routes: Sequence[Route],
        sessions: Sessions,
        *,
        cookie: str,
        port: int,
        explain: Explain,
        is_mine: Callable[[peer.Address, peer.Address], bool] = peer.is_mine,
    ) -> None:
        """Guard these routes.

        Args:
            routes: everything that can be asked.
            sessions: who may ask.
            cookie: the name of the cookie that holds a session's secret.
            port: the port of this address; requests to any other host or port are not for us.
            explain: makes the answers that say why something cannot be given.
            is_mine: whether the other end of a connection belongs to this account.
        """
        self.routes = tuple(routes)
        self._sessions, self._cookie, self._explain, self._is_mine = sessions, cookie, explain, is_mine
        self._hosts = [f"127.0.0.1:{port}"], [f"localhost:{port}"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is no HTTP request gets no answer."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        for name, value in SECURITY.items():
            response.headers[name] = value
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.scope["path"]
        found = [(route, places) for route in self.routes if (places := route.match(path)) is not None]
        if not self._is_here(request):
            return _nothing(403)
        if not _is_ours(request):
            return await self._explain(Elsewhere(path), path, None) if _is_link(request, found) else _nothing(403)
        session = self._session(request.headers)
        if session is None and not any(route.access is Access.OPEN for route, _ in found):
            # A person whose session ended is told how to get another one; whoever else asks learns nothing.
            if request.method == "GET" and any(_is_page(route) for route, _ in found):
                return await self._explain(Turned(403, "Open the dashboard with `devos open`."), path, None)
            return _nothing(403)
        if not found:
            here = session is not None and request.method == "GET"
            return await self._explain(Turned(404, "There is nothing here."), path, session) if here else _nothing(404)
        fitting = [(route, places) for route, places in found if route.method == request.method]
        if not fitting:
            allowed = ", ".join(route.method for route, _ in found)
            return Response(status_code=405, headers={"Allow": allowed})
        route, places = fitting[0]
        try:
            return await self._visit(request, route, places, session)
        except ClientDisconnect:
            raise
        except Exception as problem:
            return await self._explain(_turned(problem, route), path, session)

    def _is_here(self, request: Request) -> bool:
        """Whether a request was made to this very address, by a program of this account."""
        client, server = request.scope.get("client"), request.scope.get("server")
        if request.headers.getlist("host") not in self._hosts or not client or not server:
            return False
        return self._is_mine(tuple(client), tuple(server))

    def _session(self, headers: Headers) -> Session | None:
        values = [
            value.strip().strip('"')
            for header in headers.getlist("cookie")
            for name, separator, value in (each.partition("=") for each in header.split(";"))
            if separator and name.strip() == self._cookie
        ]
        return self._sessions.find(values[0]) if len(values) == 1 else None

    async def _visit(
        self, request: Request, route: Route, places: Mapping[str, str], session: Session | None
    ) -> Response:
        body: dict[str, Any] = {}
        if route.method == "POST":
            body = await _body(request, route)
            token = request.headers.get("x-devos-token") or ("" if route.for_programs else body.pop("token", ""))
            if route.access is not Access.OPEN and not _same(token, session):
                return _nothing(403)
        if route.access is Access.CHANGE and (session is None or not session.writable):
            raise NotUnlocked
        if route.stream and session is not None and session.streams >= STREAMS:
            raise Turned(429, "This session has too many event streams open.")
        query = _read(route.query, _pairs(request.scope["query_string"].decode("ascii", "replace")))
        here = request.scope["path"] + (f"?{request.url.query}" if request.url.query else "")
        return await route.endpoint(Visit(route, places, query, _read(route.body, body), session, here))


def _is_ours(request: Request) -> bool:
    """Whether a request comes from our own pages, or, where it only reads, from no page at all."""
    origins, sites = (request.headers.getlist(name) for name in ("origin", "sec-fetch-site"))
    own, reads = [f"http://{request.headers['host']}"], request.method == "GET"
    return (origins == own or (reads and not origins)) and (
        sites in ([], ["same-origin"]) or (reads and sites == ["none"])
    )


def _is_page(route: Route) -> bool:
    return route.method == "GET" and not route.for_programs and not route.stream


def _is_link(request: Request, found: Sequence[tuple[Route, object]]) -> bool:
    """Whether somebody followed a link of another page to one of ours: they are asked whether they meant to."""
    pages = [route for route, _ in found if route.access is Access.READ and _is_page(route)]
    navigates = (request.headers.get("sec-fetch-mode"), request.headers.get("sec-fetch-dest"))
    plain = request.method == "GET" and "origin" not in request.headers
    return bool(pages) and plain and navigates == ("navigate", "document")


def _turned(problem: Exception, route: Route) -> Turned:
    """What went wrong, as far as whoever asked may know."""
    match problem:
        case Turned():
            return problem
        case NoSuchRun():
            return Turned(404, str(problem.args[0]))
        case CannotAnswer():
            return Turned(409, str(problem))
        case CannotRecord():
            logger.error("what was asked at the dashboard was not done: %s", problem)
            return Turned(503, "Nothing was done, because it could not be recorded in the audit log.")
    logger.error("the dashboard failed at %s %s", route.method, route.path, exc_info=problem)
    return Turned(500, "DevOS itself failed; the daemon's log has the details.")


def _nothing(status: int) -> Response:
    return Response(status_code=status)


def _same(token: str, session: Session | None) -> bool:
    return session is not None and hmac.compare_digest(token.encode(errors="replace"), session.token.encode())


async def _body(request: Request, route: Route) -> dict[str, Any]:
    """What was posted: a form's fields for pages, a JSON object for programs.

    Raises:
        Turned: it is too large, too slow, or neither of the two.
    """
    wanted = "application/json" if route.for_programs else "application/x-www-form-urlencoded"
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
        raise Turned(415, f"What is posted here has to be {wanted}.")
    data = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                data += chunk
                if len(data) > BODY:
                    raise Turned(413, f"What is posted may have {BODY} bytes at most.")
    except TimeoutError:
        raise Turned(408, "What was posted did not arrive in time.") from None
    try:
        if not route.for_programs:
            return _pairs(data.decode("utf-8"))
        value = json.loads(data or b"{}")
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Turned(400, f"What was posted is no {wanted}.") from None
    if not isinstance(value, dict):
        raise Turned(400, "What was posted is no JSON object.")
    return value


def _pairs(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise Turned(400, "What was sent cannot be read.") from None
    values = dict(pairs)
    if len(values) != len(pairs):
        raise Turned(400, "What was sent names a value twice.")
    return values


def _read(kind: type[Values], values: dict[str, Any]) -> Values:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, each['loc'])) or 'it'}: {each['msg']}" for each in error.errors())
        raise Turned(400, f"What was sent does not fit. {'; '.join(problems)}.") from None
