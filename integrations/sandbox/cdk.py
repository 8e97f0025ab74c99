"""The stand-in for the cdk program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from integrations.sandbox.world import World


def app(world: World) -> Starlette:
    """The API."""
    return Starlette()


def seed(world: World, company: dict[str, Any]) -> None:
    """Nothing yet."""


def summary(world: World) -> dict[str, Any]:
    """Nothing yet."""
    return {}


def install(home: Path, company: Any) -> None:
    """Nothing yet."""
