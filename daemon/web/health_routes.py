"""Health, and the emergency brake."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from daemon.web.audit_routes import Search
from daemon.web.front import Front, on_to
from daemon.web.health_view import health_page
from daemon.web.house import House
from daemon.web.pages import Health
from daemon.web.question_view import VIA
from daemon.web.routes import Access, Route, Values, Visit


class Back(Values):
    """Where the person came from."""

    back: Annotated[str, Field(max_length=300)] = "/health"


class HealthRoutes:
    """What can be asked about the whole."""

    def __init__(self, house: House, front: Front, search: Search) -> None:
        self._house, self._front, self._search = house, front, search
        self._started = datetime.now(UTC)

    @property
    def routes(self) -> tuple[Route, ...]:
        """What can be asked. Freezing is what a session may do that is not unlocked: stopping is never the danger."""
        return (
            Route("GET", "/health", self.show, "Whether everything is as it should be."),
            Route("POST", "/freeze", self.freeze, "Stop every change.", body=Back),
            Route("POST", "/thaw", self.thaw, "Let changes go on.", Access.CHANGE, body=Back),
        )

    async def health(self) -> Health:
        """Whether everything is as it should be."""
        searchable = await self._search.works()
        return await asyncio.to_thread(health_page, self._house, self._started, searchable)

    async def show(self, visit: Visit) -> Response:
        """Whether everything is as it should be."""
        return await self._front.show(visit, "health", await self.health(), section="health", events="/events")

    async def freeze(self, visit: Visit) -> Response:
        """Stop every change."""
        await asyncio.shield(brake(self._house, on=True))
        return on_to(visit.body.back)

    async def thaw(self, visit: Visit) -> Response:
        """Let changes go on."""
        await asyncio.shield(brake(self._house, on=False))
        return on_to(visit.body.back)


async def brake(house: House, *, on: bool) -> None:
    """Stop every change, or let them go on. It stops also where that cannot be recorded, and goes on only where it can.

    Raises:
        CannotRecord: it could not be recorded.
    """
    await house.brake.set(on, house.log, by=house.person, via=VIA)
