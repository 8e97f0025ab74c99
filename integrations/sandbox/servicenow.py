"""ServiceNow."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette

from integrations.sandbox.world import World


class NoSuchChange(Exception):
    """There is no change request of that number."""


def app(world: World) -> Starlette:
    """The API."""
    return Starlette()


def seed(world: World, company: dict[str, Any]) -> None:
    """Nothing yet."""


def summary(world: World) -> dict[str, Any]:
    """Nothing yet."""
    return {}


def approve(world: World, number: str, by: str | None = None) -> dict[str, Any]:
    """Approve."""
    raise NoSuchChange(number)


def refuse(world: World, number: str, by: str | None = None, because: str | None = None) -> dict[str, Any]:
    """Refuse."""
    raise NoSuchChange(number)
