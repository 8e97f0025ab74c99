"""Runs: the list, one on its time line, stopping it, taking it back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from daemon.web.events import Streams
from daemon.web.front import Front, on_to
from daemon.web.house import House
from daemon.web.pages import Question
from daemon.web.question_view import VIA, question_page
from daemon.web.routes import Access, Route, Turned, Values, Visit
from daemon.web.run_view import path_of, run_page, runs_page
from daemon.web.sessions import Session
from policies.action import Effect
from policies.runs import ENDED

MOST = 1000
"""How many runs can be listed."""


class Newest(Values):
    """How many runs are listed."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = 25


class RunRoutes:
    """What can be asked about runs."""

    def __init__(self, house: House, front: Front, streams: Streams) -> None:
        self._house, self._front, self._streams = house, front, streams

    @property
    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        return (
            Route("GET", "/", self.newest, "The newest runs.", query=Newest),
            Route("GET", "/runs", self.newest, "The newest runs.", query=Newest),
            Route("GET", "/events", self.events, "Tells when anything changed.", stream=True),
            Route("GET", "/runs/{run}", self.show, "One run."),
            Route("GET", "/runs/{run}/events", self.follow, "Tells when a run changed.", stream=True),
            Route("POST", "/runs/{run}/cancel", self.cancel, "Stop a run.", Access.CHANGE),
            Route("POST", "/runs/{run}/undo", self.undo, "Take a run back.", Access.CHANGE),
        )

    async def newest(self, visit: Visit) -> Response:
        """The newest runs."""
        limit = visit.query.limit
        found = await asyncio.to_thread(self._house.runs.newest, limit)
        page = runs_page(found, limit, MOST)
        return await self._front.show(visit, "runs", page, section="runs", events="/events")

    async def show(self, visit: Visit) -> Response:
        """One run."""
        run = visit.path["run"]
        shown, questions = await asyncio.to_thread(self._read, run, visit.session)
        events = "" if shown["status"] in ENDED else f"{path_of(run)}/events"
        page = run_page(shown, questions, self._changes)
        return await self._front.show(visit, "run", page, section="runs", events=events)

    def _read(self, run: str, session: Session | None) -> tuple[dict[str, Any], list[Question]]:
        shown, house = self._house.runs.show(run), self._house
        writable = session is not None and session.writable
        return shown, [
            question_page(each, house.approvals.voters, shown, house.person, writable=writable)
            for each in house.approvals.of_run(run)
            if each.status == "open"
        ]

    def _changes(self, action: str) -> bool:
        found = self._house.actions.get(action)
        return found is not None and found.effect is not Effect.READ

    async def events(self, visit: Visit) -> Response:
        """Tells when anything changed."""
        assert visit.session is not None
        return self._streams.response(visit.session, self._streams.everything())

    async def follow(self, visit: Visit) -> Response:
        """Tells when a run changed."""
        assert visit.session is not None
        await asyncio.to_thread(self._house.runs.show, visit.path["run"])  # one that is not there is said at once
        return self._streams.response(visit.session, self._streams.run(visit.path["run"]))

    async def cancel(self, visit: Visit) -> Response:
        """Stop a run."""
        await cancel(self._house, visit.path["run"])
        return on_to(path_of(visit.path["run"]))

    async def undo(self, visit: Visit) -> Response:
        """Take a run back."""
        return on_to(path_of(await take_back(self._house, visit.path["run"])))


async def cancel(house: House, run: str) -> None:
    """Stop a run.

    Raises:
        NoSuchRun: there is none.
        Turned: it has ended.
    """
    # Shielded, as a browser that leaves must not leave it half done.
    if not await asyncio.shield(house.runs.cancel(run, house.person, VIA)):
        raise Turned(409, f"{run} has ended already.")


async def take_back(house: House, run: str) -> str:
    """Start the run that takes another one back, and return its id.

    Raises:
        NoSuchRun: there is none to take back.
        Turned: it has not ended.
        CannotRecord: nothing was started.
    """
    shown = await asyncio.to_thread(house.runs.show, run)
    if shown["status"] not in ENDED:
        raise Turned(409, f"{run} is still {shown['status']}; cancel it first.")
    return await asyncio.shield(house.start(replace(house.undoing(run), channel=VIA)))
