"""The same in JSON, for programs that hold a session: described at /api/openapi.json."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import JSONResponse, Response

from daemon.web.audit_routes import PAGE, Search, Wanted
from daemon.web.audit_view import entry_json
from daemon.web.health_routes import HealthRoutes, brake
from daemon.web.house import House
from daemon.web.inbox_routes import Answer as Said
from daemon.web.inbox_routes import Digest, answer, question
from daemon.web.openapi import describe
from daemon.web.routes import Access, Endpoint, Nothing, Route, Values, Visit
from daemon.web.run_routes import Newest, cancel, take_back
from policies.action import Json

MOST = 500
"""How many entries can be had at once."""


class Answer(Values):
    """A person's answer to a question."""

    answer: Literal["yes", "no"]
    digest: Digest
    """Of what was shown: an answer to anything else does not count."""
    because: Annotated[str, Field(max_length=2000)] = ""
    result: Any = None
    """For an outcome question: the result that the change had."""


class Entries(Wanted):
    """What is searched for in the record, and how much of it is wanted."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = PAGE


class ApiRoutes:
    """What programs can ask."""

    def __init__(self, house: House, search: Search, health: HealthRoutes) -> None:
        self._house, self._search, self._health = house, search, health

    @property
    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        return (
            _get("openapi.json", self.description, "This description."),
            _get("session", self.session, "Who you are, and your token for what is posted."),
            _get("runs", self.runs, "The newest runs.", query=Newest),
            _get("runs/{run}", self.run, "One run.", problems=(404,)),
            _post("runs/{run}/cancel", self.cancel, "Stop a run.", problems=(404, 409)),
            _post("runs/{run}/undo", self.undo, "Take a run back.", problems=(404, 409)),
            _get("approvals", self.approvals, "The questions that wait."),
            _get("approvals/{approval}", self.approval, "One question.", problems=(404,)),
            _post("approvals/{approval}/answer", self.answer, "Answer a question.", body=Answer, problems=(409,)),
            _get("audit", self.audit, "The record, newest first.", query=Entries, problems=(409,)),
            _get("audit/{seq}", self.entry, "One entry.", problems=(404, 409)),
            _get("audit/{seq}/proof", self.proof, "The proof that the log holds an entry.", problems=(404, 409)),
            _post("audit/verify", self.verify, "Check the whole record.", Access.READ, problems=(409,)),
            _get("health", self.health, "Whether everything is as it should be."),
            _post("freeze", self.freeze, "Stop every change.", Access.READ),
            _post("thaw", self.thaw, "Let changes go on."),
        )

    async def description(self, visit: Visit) -> Response:
        """What programs can ask."""
        return JSONResponse(describe(self.routes))

    async def session(self, visit: Visit) -> Response:
        """Who is asking."""
        assert visit.session is not None
        session = visit.session
        return JSONResponse({"person": self._house.person, "token": session.token, "writable": session.writable})

    async def runs(self, visit: Visit) -> Response:
        """The newest runs."""
        return _json({"runs": await asyncio.to_thread(self._house.runs.newest, visit.query.limit)})

    async def run(self, visit: Visit) -> Response:
        """One run."""
        return _json({"run": await self._shown(visit.path["run"])})

    async def cancel(self, visit: Visit) -> Response:
        """Stop a run."""
        await cancel(self._house, visit.path["run"])
        return _json({"run": await self._shown(visit.path["run"])})

    async def undo(self, visit: Visit) -> Response:
        """Take a run back: the run that does it."""
        return _json({"run": await self._shown(await take_back(self._house, visit.path["run"]))})

    async def _shown(self, run: str) -> dict[str, Json]:
        return await asyncio.to_thread(self._house.runs.show, run)

    async def approvals(self, visit: Visit) -> Response:
        """The questions that wait."""
        found = await asyncio.to_thread(self._house.approvals.open)
        return _json({"approvals": [each.to_json() for each in found]})

    async def approval(self, visit: Visit) -> Response:
        """One question."""
        return _json({"approval": (await question(self._house, visit.path["approval"])).to_json()})

    async def answer(self, visit: Visit) -> Response:
        """Answer a question."""
        body: Answer = visit.body
        said = Said(answer=body.answer, digest=body.digest, because=body.because)
        return _json({"approval": (await answer(self._house, visit.path["approval"], said, body.result)).to_json()})

    async def audit(self, visit: Visit) -> Response:
        """The record, searched."""
        wanted: Entries = visit.query
        found = await self._search.found(Wanted(**wanted.model_dump(exclude={"limit"})), wanted.limit)
        before = found[-1].seq if len(found) == wanted.limit else None
        return _json({"entries": [entry_json(each) for each in found], "before": before})

    async def entry(self, visit: Visit) -> Response:
        """One entry."""
        return _json({"entry": entry_json(await self._search.entry(int(visit.path["seq"])))})

    async def proof(self, visit: Visit) -> Response:
        """The proof that the log holds an entry."""
        return _json(await self._search.proof(int(visit.path["seq"])))

    async def verify(self, visit: Visit) -> Response:
        """Check the whole record."""
        report, _ = await self._search.verify()
        return _json({**asdict(report), "ok": report.ok})

    async def health(self, visit: Visit) -> Response:
        """Whether everything is as it should be."""
        health = asdict(await self._health.health())
        return _json({**health, "started": health["started"].isoformat()})

    async def freeze(self, visit: Visit) -> Response:
        """Stop every change."""
        await asyncio.shield(brake(self._house, on=True))
        return _json({"frozen": True})

    async def thaw(self, visit: Visit) -> Response:
        """Let changes go on."""
        await asyncio.shield(brake(self._house, on=False))
        return _json({"frozen": False})


def _get(
    path: str, endpoint: Endpoint, summary: str, *, query: type[Values] = Nothing, problems: tuple[int, ...] = ()
) -> Route:
    return Route("GET", f"/api/{path}", endpoint, summary, query=query, answer=dict[str, Any], problems=problems)


def _post(
    path: str,
    endpoint: Endpoint,
    summary: str,
    access: Access = Access.CHANGE,
    *,
    body: type[Values] = Nothing,
    problems: tuple[int, ...] = (),
) -> Route:
    answer = dict[str, Any]
    return Route("POST", f"/api/{path}", endpoint, summary, access, body=body, answer=answer, problems=problems)


def _json(value: Json) -> Response:
    return JSONResponse(value)
