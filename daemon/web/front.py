"""What every page is put into, and how the dashboard says that something cannot be had."""

from __future__ import annotations

import asyncio
import re
from importlib.metadata import version

from starlette.responses import JSONResponse, RedirectResponse, Response

from daemon.web.house import House
from daemon.web.pages import Frame, Locked, Problem
from daemon.web.render import Renderer
from daemon.web.routes import Elsewhere, NotUnlocked, Turned, Visit, for_programs
from daemon.web.sessions import Session

TITLES = {
    400: "That does not fit",
    403: "Not from here",
    404: "There is no such page",
    409: "That did not count",
    429: "Too many at once",
    500: "DevOS itself failed",
    503: "Nothing was done",
}
"""The headline of a problem, by status."""

STRANGER = Frame("", "", "", waiting=0, frozen=False, sandbox=False, writable=False, here="", version="")
"""What stands around a page for somebody who is not signed in: nothing of the inside."""

_OUR_OWN = re.compile(r"/(?:[\w-][\w/.-]*)?(?:\?[\w=&%.+:-]*)?", re.ASCII)


class Front:
    """Puts pages into their frame."""

    def __init__(self, house: House) -> None:
        self._house, self._renderer = house, Renderer()
        self._version = version("devos")

    async def show(
        self,
        visit: Visit,
        template: str,
        page: object,
        *,
        section: str = "",
        events: str = "",
        status: int = 200,
    ) -> Response:
        """A page for whoever visits."""
        return await self._shown(visit.session, template, page, section, events, status, visit.here)

    async def _shown(
        self,
        session: Session | None,
        template: str,
        page: object,
        section: str = "",
        events: str = "",
        status: int = 200,
        here: str = "",
    ) -> Response:
        frame = STRANGER
        if session is not None:
            house = self._house
            frame = Frame(
                section=section,
                person=house.person,
                token=session.token,
                waiting=len(await asyncio.to_thread(house.approvals.open)),
                frozen=house.brake.on,
                sandbox=house.sandbox,
                writable=session.writable,
                here=here,
                version=self._version,
                events=events,
            )
        return self._renderer.page(template, page, frame, status)

    async def explain(self, turned: Turned, path: str, session: Session | None) -> Response:
        """Say why something cannot be had at a path: in JSON for programs, on a page for people."""
        status = turned.status
        if for_programs(path):
            return JSONResponse({"error": str(turned)}, status)
        if isinstance(turned, NotUnlocked) and session is not None:
            return await self._shown(session, "locked", locked(session, back="/"), status=status)
        back = turned.path if isinstance(turned, Elsewhere) else "/" if session is not None else ""
        page = Problem(status, TITLES.get(status, "That cannot be done"), str(turned), back)
        return await self._shown(session if status < 500 else None, "problem", page, status=status)


def locked(session: Session, *, back: str, wrong: bool = False) -> Locked:
    """The page on which a session comes to change things."""
    return Locked(session.word is not None and session.tries > 0, session.tries, wrong, own_path(back))


def own_path(path: str) -> str:
    """A path of this dashboard; its first page in place of anything else."""
    return path if _OUR_OWN.fullmatch(path) else "/"


def on_to(path: str) -> Response:
    """Go on to a page after something was done."""
    return RedirectResponse(own_path(path), 303)
