"""The rules: those in force, and which of them decides about an action."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from daemon.web.front import Front
from daemon.web.house import House, in_force
from daemon.web.routes import Route, Values, Visit
from daemon.web.rules_view import NotAsked, asked, explained_page, facts_of, rules_page

Line = Annotated[str, Field(max_length=300)]


class Asking(Values):
    """An action that might be asked for."""

    action: Line = ""
    environment: Literal["production", "staging", "development", "unknown", "none"] = "production"
    target: Line = ""
    channel: Literal["voice", "file", "typed", "hotkey", "web"] = "typed"
    before: Line = ""
    after: Line = ""
    arguments: Annotated[str, Field(max_length=4000)] = ""


class RulesRoutes:
    """What can be asked about rules."""

    def __init__(self, house: House, front: Front) -> None:
        self._house, self._front = house, front

    @property
    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        return (
            Route("GET", "/rules", self.in_force, "The rules in force."),
            Route("GET", "/rules/explain", self.explain, "Which rule decides about an action.", query=Asking),
        )

    async def in_force(self, visit: Visit) -> Response:
        """The rules in force."""
        rules, problem = await asyncio.to_thread(in_force, self._house)
        page = rules_page(rules, problem, self._house.home, asked(rules))
        return await self._front.show(visit, "rules", page, section="rules")

    async def explain(self, visit: Visit) -> Response:
        """Which rule decides about an action, and every rule that was considered."""
        rules, problem = await asyncio.to_thread(in_force, self._house)
        filled = visit.query.model_dump()
        try:
            question = asked(rules, **filled)
            facts = facts_of(question, rules, self._house.person)
        except NotAsked as wrong:
            again = rules_page(rules, problem, self._house.home, asked(rules, **filled, problem=str(wrong)))
            return await self._front.show(visit, "rules", again, section="rules", status=400)
        page = await asyncio.to_thread(explained_page, question, rules, facts)
        return await self._front.show(visit, "explained", page, section="rules")
