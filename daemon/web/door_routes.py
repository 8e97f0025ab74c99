"""Coming in and going out: the one-time link, the word that unlocks, leaving; and what pages are made to look with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from daemon.web.front import Front, locked, on_to
from daemon.web.pages import Login
from daemon.web.routes import Access, Route, Turned, Values, Visit
from daemon.web.sessions import Sessions, TooMany

STATIC = Path(__file__).parent / "static"

TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
"""The kinds of files that there are, by their ending."""

Short = Annotated[str, Field(max_length=300)]


class Link(Values):
    """The secret of a one-time link."""

    link: Short


class Word(Values):
    """The word that was shown at the terminal."""

    word: Short
    back: Short = "/"


class From(Values):
    """Where the person came from."""

    back: Short = "/"


class DoorRoutes:
    """What can be asked to get in and out."""

    def __init__(self, front: Front, sessions: Sessions, cookie: str) -> None:
        self._front, self._sessions, self._cookie = front, sessions, cookie
        # Read once: whatever path is asked for, nothing but these files can be had.
        self._files = {file.name: file.read_bytes() for file in STATIC.iterdir() if file.suffix in TYPES}

    @property
    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        return (
            Route("GET", "/static/{file}", self.static, "What pages are made to look with.", Access.OPEN),
            Route("GET", "/login/{link}", self.login, "Where a one-time link leads.", Access.OPEN),
            Route("POST", "/login", self.enter, "Use a one-time link.", Access.OPEN, body=Link),
            Route("GET", "/unlock", self.locked, "How a session comes to change things.", query=From),
            Route("POST", "/unlock", self.unlock, "Let the session change things.", body=Word),
            Route("POST", "/logout", self.leave, "End the session."),
        )

    async def static(self, visit: Visit) -> Response:
        """What pages are made to look with."""
        name = visit.path["file"]
        if name not in self._files:
            raise Turned(404, "There is no such file.")
        return Response(self._files[name], media_type=TYPES[Path(name).suffix])

    async def login(self, visit: Visit) -> Response:
        """Where a one-time link leads: to a button, since programs that only look at links would use it up."""
        return await self._front.show(visit, "login", Login(visit.path["link"]))

    async def enter(self, visit: Visit) -> Response:
        """Use a one-time link."""
        try:
            entered = self._sessions.enter(visit.body.link)
        except TooMany:
            raise Turned(429, "Too many links were tried that do not work. Wait a minute.") from None
        if entered is None:
            said = "This link was used already, or is older than five minutes. `devos open` makes a new one."
            raise Turned(403, said)
        secret, _ = entered
        response = on_to("/")
        # Not "Secure": this is plain http on the loopback, where some browsers would not keep such a cookie.
        response.set_cookie(self._cookie, secret, path="/", httponly=True, samesite="strict")
        return response

    async def locked(self, visit: Visit) -> Response:
        """How a session comes to change things."""
        assert visit.session is not None
        if visit.session.writable:
            return on_to(visit.query.back)
        return await self._front.show(visit, "locked", locked(visit.session, back=visit.query.back))

    async def unlock(self, visit: Visit) -> Response:
        """Let the session change things."""
        assert visit.session is not None
        try:
            unlocked = self._sessions.unlock(visit.session, visit.body.word)
        except TooMany:
            raise Turned(429, "Too many words were given that were not the one. Wait ten minutes.") from None
        if unlocked:
            return on_to(visit.body.back)
        page = locked(visit.session, back=visit.body.back, wrong=True)
        return await self._front.show(visit, "locked", page, status=403)

    async def leave(self, visit: Visit) -> Response:
        """End the session."""
        assert visit.session is not None
        self._sessions.end(visit.session)
        response = on_to("/")
        response.delete_cookie(self._cookie, path="/", httponly=True, samesite="strict")
        return response
