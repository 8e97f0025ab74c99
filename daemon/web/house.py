"""What the dashboard needs of a running DevOS."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from daemon.config import Config
from daemon.names import Names
from policies.action import Action
from policies.approvals import Approvals
from policies.audit.log import Log
from policies.audit.shipping import Shipping
from policies.brake import Brake
from policies.engine import Rules
from policies.reload import LiveRules
from policies.request import Request
from policies.runs import Runs


class House(Protocol):
    """One running DevOS, as far as the dashboard is concerned; `daemon.app.App` is one."""

    @property
    def home(self) -> Path:
        """DEVOS_HOME."""

    @property
    def config(self) -> Config:
        """The settings."""

    @property
    def person(self) -> str:
        """Whose DevOS it is."""

    @property
    def sandbox(self) -> bool:
        """Whether its systems are simulated."""

    @property
    def runs(self) -> Runs:
        """What was asked for."""

    @property
    def approvals(self) -> Approvals:
        """What waits for an answer."""

    @property
    def log(self) -> Log:
        """The record."""

    @property
    def shipping(self) -> Shipping:
        """Lets witnesses see the record's head."""

    @property
    def rules(self) -> LiveRules:
        """The rules in force."""

    @property
    def brake(self) -> Brake:
        """The emergency brake."""

    @property
    def actions(self) -> Mapping[str, Action[..., Any]]:
        """Every action by name."""

    @property
    def systems(self) -> Mapping[type, object]:
        """The connected systems by class."""

    @property
    def names(self) -> Names:
        """The names that exist, and which systems did not tell theirs."""

    async def start(self, request: Request) -> str:
        """Start a run and return its id."""

    def undoing(self, run: str) -> Request:
        """The request that takes a run back."""


def in_force(house: House) -> tuple[Rules, str | None]:
    """The rules in force, and what is wrong with their files as they are now, if anything."""
    house.rules.refresh()
    return house.rules.rules, house.rules.problem
