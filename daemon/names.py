"""The names that exist now, read from the connected systems for the understanding."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from integrations.jira import Jira
from integrations.kubernetes import Kubernetes
from intents.understanding.catalogue import Catalogue
from policies.action import IntegrationError, entered
from policies.audit.log import CannotRecord
from policies.door import Door
from policies.output import Origin, Refused
from policies.plan import Planning

T = TypeVar("T")

logger = logging.getLogger("devos.names")


@dataclass(frozen=True)
class Names:
    """The names that exist, and whom they could not be asked of."""

    catalogue: Catalogue
    unasked: tuple[str, ...] = ()
    """Sentences about the systems that did not answer; their names are the last known ones."""


NOTHING = Names(Catalogue.of(deployment={}, service=[], environment=[], project=[]))


async def read_names(
    door: Door,
    systems: Mapping[type, object],
    environments: Mapping[str, str],
    apps: Path | None,
    person: str,
    before: Names = NOTHING,
) -> Names:
    """Ask every system for its names, through the door like everything else; one that is down keeps those it had.

    Args:
        door: what the reads go through.
        systems: the connected systems by class.
        environments: what namespaces and accounts are.
        apps: the folder with one CDK app for each service.
        person: whose DevOS this is.
        before: the names as they were read the last time.
    """
    origin = Origin("catalogue", person, "typed", "catalogue", "simple")
    unasked: list[str] = []

    async def from_kubernetes() -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        if isinstance(kubernetes := systems.get(Kubernetes), Kubernetes):
            for each in await kubernetes.deployments():
                found.setdefault(each.namespace, []).append(each.name)
        return found

    async def from_jira() -> Sequence[str]:
        jira = systems.get(Jira)
        return [project.key for project in await jira.projects()] if isinstance(jira, Jira) else []

    async def ask(read: Callable[[], Awaitable[T]], what: str, otherwise: T) -> T:
        scope = Planning(partial(door.look, origin), partial(door.propose, origin))
        try:
            with entered(scope):
                return await read()
        except (IntegrationError, Refused, CannotRecord, ValidationError) as problem:
            logger.warning("the names of %s could not be read: %s", what, problem)
            unasked.append(f"The {what} could not be read: {problem}")
            return otherwise

    known_deployments: Mapping[str, Sequence[str]] = before.catalogue.names.get("deployment", {})
    known_projects: Sequence[str] = before.catalogue.all("project")
    deployments = await ask(from_kubernetes, "deployments", known_deployments)
    projects = await ask(from_jira, "projects", known_projects)
    services = await asyncio.to_thread(_services, apps)
    places = [*deployments, *(name for name in environments if name not in deployments)]
    catalogue = Catalogue.of(deployment=deployments, service=services, environment=places, project=projects)
    return Names(catalogue, tuple(unasked))


def _services(apps: Path | None) -> list[str]:
    return sorted(app.name for app in apps.iterdir() if app.is_dir()) if apps and apps.is_dir() else []
