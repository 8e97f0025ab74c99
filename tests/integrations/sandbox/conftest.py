"""A sandbox that really listens, in a thread, at a time the test sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.sandbox.client import Sandbox
from integrations.sandbox.endpoints import Endpoints
from integrations.sandbox.server import served
from integrations.sandbox.world import World

SHARED = Path(__file__).parents[4] / "shared"


class Clock:
    """The sandbox's time: stands still until it is moved on."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Running:
    """One served sandbox, and HTTP to each of its systems."""

    home: Path
    clock: Clock
    world: World
    endpoints: Endpoints

    def __post_init__(self) -> None:
        self.admin = Sandbox(self.endpoints)
        basic = ("elena.fischer@larkfield.example", "token")
        self.jira = httpx.Client(base_url=self.endpoints.jira, auth=basic)
        self.servicenow = httpx.Client(base_url=self.endpoints.servicenow, auth=("elena.fischer", "password"))
        self.newrelic = httpx.Client(base_url=self.endpoints.newrelic, headers={"API-Key": "NRAK-1"})

    def close(self) -> None:
        for each in (self.jira, self.servicenow, self.newrelic):
            each.close()

    def nrql(self, query: str) -> list[dict[str, Any]]:
        """The rows of an NRQL query."""
        document = "query($query: Nrql!) { actor { account(id: 3914207) { nrql(query: $query) { results } } } }"
        answer = self.newrelic.post("/graphql", json={"query": document, "variables": {"query": query}}).json()
        assert "errors" not in answer, answer
        rows: list[dict[str, Any]] = answer["data"]["actor"]["account"]["nrql"]["results"]
        return rows


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(tmp_path: Path, clock: Clock) -> Iterator[World]:
    """An empty world, not served."""
    made = World(tmp_path / "world", clock)
    yield made
    made.close()


@pytest.fixture
def running(tmp_path: Path, clock: Clock) -> Iterator[Running]:
    with served(tmp_path / "sandbox", clock) as (world, endpoints):
        made = Running(tmp_path / "sandbox", clock, world, endpoints)
        yield made
        made.close()


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder with the makers' own descriptions."""
    folder = SHARED / "specs"
    if not folder.is_dir():
        pytest.skip("needs the makers' API descriptions: ../shared/specs is not there")
    return folder


@pytest.fixture(scope="session")
def introspection(specs: Path) -> Any:
    """NerdGraph's official schema."""
    from graphql import build_client_schema

    found = json.loads((specs / "newrelic-nerdgraph-introspection.json").read_text())
    return build_client_schema(found.get("data", found))
