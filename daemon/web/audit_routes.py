"""The record: searching it, one entry, its proof, and checking all of it."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field
from starlette.responses import Response

from daemon.web.audit_pages import Filters
from daemon.web.audit_view import audit_page, entry_page, unreadable, verification_page
from daemon.web.front import Front
from daemon.web.house import House
from daemon.web.routes import Route, Turned, Values, Visit
from policies.action import Json
from policies.audit import prove
from policies.audit.agreed import agreed
from policies.audit.checkpoint import WrongKey
from policies.audit.event import Stored, Unreadable
from policies.audit.index import Facets, Index
from policies.audit.schema import NewerFile
from policies.audit.verify import Report, verify

logger = logging.getLogger("devos.web")

T = TypeVar("T")

PAGE = 50
"""How many entries a page shows."""

DAYS = 60
"""How many days are offered to choose from."""

FAULTS = (OSError, sqlite3.Error, Unreadable, NewerFile, WrongKey, prove.Unprovable)
"""Why the record cannot be read or proved."""

Word = Annotated[str, Field(max_length=200)]


class Wanted(Values):
    """What is searched for; empty is anything."""

    text: Word = ""
    run: Word = ""
    person: Word = ""
    system: Word = ""
    rule: Word = ""
    day: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    """Like 2026-11-20, in local time."""
    type: Word = ""
    before: Annotated[int, Field(ge=1, le=2**62)] | None = None
    """Only entries with a smaller number: the last one of the page before."""

    @property
    def filters(self) -> Filters:
        """The same for the page."""
        return Filters(**self.model_dump(exclude={"before", "limit"}))


class Search:
    """The record of one DevOS, searched in threads so that nobody waits for a large one."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._index: Index | None = None
        self._opening, self._verifying = asyncio.Lock(), asyncio.Lock()

    async def index(self) -> Index:
        """The search index, opened when it is first needed.

        Raises:
            OSError, sqlite3.Error: it cannot be made.
        """
        async with self._opening:
            if self._index is None:
                self._index = await asyncio.to_thread(self._opened)
        return self._index

    def _opened(self) -> Index:
        return Index(self._house.home / "audit.db", self._house.home / "audit-index.db")

    async def refresh(self) -> None:
        """Take into the index what is not in it yet; of a large record that takes a while, in which one can search."""

        def catch_up() -> None:
            with closing(self._opened()) as index:
                index.refresh()

        try:
            await asyncio.to_thread(catch_up)
        except FAULTS:
            logger.exception("the record could not be indexed")

    async def close(self) -> None:
        """Let go of the index."""
        if self._index is not None:
            await asyncio.to_thread(self._index.close)
            self._index = None

    async def works(self) -> bool:
        """Whether the record can be searched."""
        try:
            await asyncio.to_thread((await self.index()).find, limit=1)
        except FAULTS:
            return False
        return True

    async def find(self, wanted: Wanted, limit: int) -> list[Stored]:
        """The entries that are wanted, newest first.

        Raises:
            Turned: the day is none.
        """
        index = await self.index()
        chosen: dict[str, Any] = {name: value for name, value in wanted.model_dump().items() if value}
        if wanted.day:
            try:
                chosen["day"] = date.fromisoformat(wanted.day)
            except ValueError:
                raise Turned(400, f"There is no day {wanted.day}.") from None
        chosen["limit"] = limit
        return await asyncio.to_thread(lambda: index.find(**chosen))

    async def found(self, wanted: Wanted, limit: int) -> list[Stored]:
        """The same for programs.

        Raises:
            Turned: the day is none, or the record cannot be searched.
        """
        try:
            return await self.find(wanted, limit)
        except FAULTS as problem:
            logger.exception("the record could not be searched")
            raise Turned(409, "The record cannot be searched; `devos audit verify` says more.") from problem

    async def overview(self) -> tuple[Facets, list[tuple[date, int]]]:
        """What occurs in the record, and on which days."""
        index = await self.index()
        return await asyncio.to_thread(lambda: (index.facets(), index.days()[:DAYS]))

    async def entry(self, seq: int) -> Stored:
        """One entry.

        Raises:
            Turned: there is none, or it cannot be read.
        """
        found = await self.readable(lambda: self._house.log.entries(after=seq - 1, limit=1))
        if not found or found[0].seq != seq:
            raise Turned(404, f"There is no entry {seq}.")
        return found[0]

    async def plan_of(self, entry: Stored) -> list[Mapping[str, Any]]:
        """For an entry about an approval: the plan that was shown with the question."""
        if not entry.type.startswith("devos.approval.") or entry.run is None:
            return []
        run, code = entry.run, entry.data.get("approval")
        asked = await self.readable(lambda: agreed(self._house.log, run=run))
        return [change for each in asked if each.approval == code for change in each.plan or ()]

    async def proof(self, seq: int) -> dict[str, Json]:
        """The proof that the log holds an entry.

        Raises:
            Turned: there is no such entry, or no proof.
        """
        path = self._house.home / "audit.db"
        try:
            return await asyncio.to_thread(prove.inclusion, path, seq)
        except prove.NoSuchEntry as problem:
            raise Turned(404, str(problem)) from None
        except FAULTS as problem:
            logger.exception("entry %s could not be proved", seq)
            raise Turned(409, "There is no proof to be had; `devos audit verify` says more.") from problem

    async def verify(self) -> tuple[Report, str]:
        """Check the whole record; what was found, and the key that it was checked with.

        Raises:
            Turned: it cannot be checked.
        """

        def check() -> tuple[Report, str]:
            path = self._house.home / "audit.db"
            key = prove.public_key(path)
            return verify(path, key), key

        async with self._verifying:  # it keeps a processor busy, so never more than one at once
            return await self.readable(check)

    async def readable(self, read: Callable[[], T]) -> T:
        """Read in a thread.

        Raises:
            Turned: the record cannot be read.
        """
        try:
            return await asyncio.to_thread(read)
        except FAULTS as problem:
            logger.exception("the record could not be read")
            raise Turned(409, "The record cannot be read there; `devos audit verify` names the first bad entry.") from (
                problem
            )


class AuditRoutes:
    """What can be asked about the record."""

    def __init__(self, house: House, front: Front, search: Search) -> None:
        self._house, self._front, self._search = house, front, search

    @property
    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        return (
            Route("GET", "/audit", self.find, "The record, searched.", query=Wanted),
            Route("GET", "/audit/{seq}", self.show, "One entry."),
            Route("GET", "/audit/{seq}/proof", self.proof, "The proof that the log holds an entry, as a file."),
            Route("POST", "/audit/verify", self.verify, "Check the whole record."),
        )

    async def find(self, visit: Visit) -> Response:
        """The record, searched."""
        wanted: Wanted = visit.query
        try:
            found = await self._search.find(wanted, PAGE + 1)
            facets, days = await self._search.overview()
        except FAULTS:
            logger.exception("the record could not be searched")
            page = unreadable(wanted.filters, "The record cannot be searched; `devos audit verify` says more.")
            return await self._front.show(visit, "audit", page, section="audit", status=409)
        size = self._house.log.checkpoint().size
        page = audit_page(found, wanted.filters, facets, days, before=wanted.before, limit=PAGE, size=size)
        events = "" if wanted.before else "/events"
        return await self._front.show(visit, "audit", page, section="audit", events=events)

    async def show(self, visit: Visit) -> Response:
        """One entry."""
        entry = await self._search.entry(int(visit.path["seq"]))
        plan = await self._search.plan_of(entry)
        page = entry_page(entry, self._house.log.checkpoint().size, plan)
        return await self._front.show(visit, "entry", page, section="audit")

    async def proof(self, visit: Visit) -> Response:
        """The proof that the log holds an entry."""
        seq = int(visit.path["seq"])
        text = json.dumps(await self._search.proof(seq), indent=2, ensure_ascii=False)
        headers = {"Content-Disposition": f'attachment; filename="devos-entry-{seq}-proof.json"'}
        return Response(text + "\n", media_type="application/json", headers=headers)

    async def verify(self, visit: Visit) -> Response:
        """Check the whole record."""
        began = time.monotonic()
        report, key = await self._search.verify()
        milliseconds = round((time.monotonic() - began) * 1000)
        page = verification_page(report, milliseconds, key.strip(), datetime.now(UTC))
        return await self._front.show(visit, "verification", page, section="audit")
