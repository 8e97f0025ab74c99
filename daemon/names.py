"""The names that exist now, read from the connected systems for the understanding."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from integrations.jira import Jira
from integrations.kubernetes import Kubernetes
from intents.understanding.catalogue import Catalogue
from policies.action import IntegrationError, entered
from policies.door import Door
from policies.output import Origin, Refused
from policies.plan import Planning

logger = logging.getLogger("devos.names")


async def read_names(
    door: Door, systems: Mapping[type, object], environments: Mapping[str, str], apps: Path | None, person: str
) -> Catalogue:
    """Ask every system for its names, through the door like everything else; one that is down is left out.

    Args:
        door: what the reads go through.
        systems: the connected systems by class.
        environments: what namespaces and accounts are.
        apps: the folder with one CDK app for each service.
        person: whose DevOS this is.
    """
    origin = Origin("catalogue", person, "typed", "catalogue", "simple")
    deployments: dict[str, list[str]] = {}
    projects: list[str] = []

    async def from_kubernetes() -> None:
        if isinstance(kubernetes := systems.get(Kubernetes), Kubernetes):
            for each in await kubernetes.deployments():
                deployments.setdefault(each.namespace, []).append(each.name)

    async def from_jira() -> None:
        if isinstance(jira := systems.get(Jira), Jira):
            projects.extend(project.key for project in await jira.projects())

    await _read(door, origin, from_kubernetes)
    await _read(door, origin, from_jira)
    services = await asyncio.to_thread(_services, apps)
    places = [*deployments, *(name for name in environments if name not in deployments)]
    return Catalogue.of(deployment=deployments, service=services, environment=places, project=projects)


async def _read(door: Door, origin: Origin, read: Callable[[], Awaitable[None]]) -> None:
    scope = Planning(partial(door.look, origin), partial(door.propose, origin))
    try:
        with entered(scope):
            await read()
    except (IntegrationError, Refused) as problem:
        logger.warning("some names could not be read: %s", problem)


def _services(apps: Path | None) -> list[str]:
    return sorted(app.name for app in apps.iterdir() if app.is_dir()) if apps and apps.is_dir() else []
