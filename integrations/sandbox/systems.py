"""The list of simulated systems. Each is one module with the same three functions."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from starlette.applications import Starlette

from integrations.sandbox import auth
from integrations.sandbox.world import World

Company = dict[str, Any]
"""What company.yaml holds: sections by system, and the ones all share (staff, services)."""

SERVED = ("jira", "servicenow", "newrelic", "kubernetes", "rancher", "graph")
"""The systems that listen on a port of their own."""

SYSTEMS = (*SERVED, "cdk")
"""All of them: `cdk` is a program, which reports to the admin app."""


class System(Protocol):
    """What a system's module offers."""

    def app(self, world: World) -> Starlette:
        """The system's API."""

    def seed(self, world: World, company: Company) -> None:
        """Put the company's things into an empty world."""

    def summary(self, world: World) -> dict[str, Any]:
        """The system's present state for people to read, as JSON."""


def load(name: str) -> System:
    """The module of a system, imported now."""
    return cast(System, import_module(f"integrations.sandbox.{name}"))


def company() -> Company:
    """The small company everything is seeded with."""
    import yaml  # 50 ms, and only needed when a sandbox begins

    text = Path(__file__).with_name("company.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast(Company, yaml.load(text, Loader=loader))


def seed(world: World) -> None:
    """Fill the world with the company, in one transaction; what was there is gone."""
    everything = company()
    with world.transaction():
        world.clear()
        auth.seed(world, everything)
        for name in SYSTEMS:
            load(name).seed(world, everything)
        world.put("sandbox/seeded", "company", {"at": world.now().isoformat()})


def seeded(world: World) -> bool:
    """Whether the company is in there already."""
    return world.get("sandbox/seeded", "company") is not None


def summary(world: World) -> dict[str, Any]:
    """The state of every system, by its name."""
    return {name: load(name).summary(world) for name in SYSTEMS}
