"""The ways of asking that the settings name, each built on the systems that are connected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from daemon.asking.desktop import DesktopWay
from daemon.asking.inbox import Way
from daemon.asking.servicenow import ServiceNowWay
from daemon.asking.teams import TeamsWay
from daemon.config import Config
from integrations.servicenow_approvals import ServiceNowApprovals
from integrations.teams import Teams
from policies.approval import Approval
from policies.approvals import Approvals
from policies.door import Door


@dataclass(frozen=True)
class NotConnected:
    """A way that the settings name, whose system they do not."""

    name: str

    @property
    def health(self) -> str:
        """What is missing."""
        return f"approvals.ways names {self.name}, but there is no section [{self.name}]; nothing is asked there."

    def objection(self, approval: Approval) -> str:
        """Always the same."""
        return self.health

    async def ask(self, approval: Approval) -> None:
        """Nothing: every question meets the objection."""

    async def withdraw(self, approval: Approval) -> None:
        """Nothing: nothing was asked."""

    async def aclose(self) -> None:
        """Nothing."""


def ways_of(
    config: Config,
    systems: Mapping[type, object],
    door: Door,
    approvals: Approvals,
    *,
    page: Callable[[str], str | None],
    show: Callable[[Approval], object],
    voice: Way,
) -> list[Way]:
    """Build the ways.

    Args:
        config: which ones, whose desktop this is, and the addresses that links may lead to.
        systems: what is connected.
        door: the way out.
        approvals: where answers go.
        page: the address of a run's page in the dashboard, if there is one now.
        show: opens the dashboard at a question.
        voice: asks aloud.
    """
    found: list[Way] = []
    for name in dict.fromkeys(config.approvals.ways):
        teams, servicenow = systems.get(Teams), systems.get(ServiceNowApprovals)
        if name == "desktop":
            found.append(DesktopWay(approvals, config.person.name, show))
        elif name == "voice":
            found.append(voice)
        elif name == "teams" and isinstance(teams, Teams):
            found.append(TeamsWay(teams, door, approvals, page=page, places=places_of(config)))
        elif name == "servicenow" and isinstance(servicenow, ServiceNowApprovals):
            found.append(ServiceNowWay(servicenow, door, approvals))
        else:
            found.append(NotConnected(name))
    return found


def places_of(config: Config) -> dict[str, str]:
    """The addresses of the systems that the settings name, which links may lead to."""
    sections = {"Jira": config.jira, "ServiceNow": config.servicenow, "Rancher": config.rancher}
    found = {name: section.url for name, section in sections.items() if section is not None}
    return found | ({"New Relic": "https://one.newrelic.com"} if config.newrelic is not None else {})
