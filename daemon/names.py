"""The names that exist now, read from the connected systems for the understanding."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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

AGAIN = "ask again once the names can be read."
REASONS = (
    ("refused", "connection refused at {}"),
    ("timed out|timeout", "no answer in time from {}"),
    ("resolve|name or service not known|getaddrinfo", "the name of {} is not known here"),
    ("closed|reset|aborted|disconnected", "{} ended the connection without an answer"),
    ("unreachable|no route", "no way leads to {}"),
)
"""What the libraries write when no answer came → the same in plain words, with where it was to come from."""


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
    unread: dict[str, str] = {}

    async def from_kubernetes() -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        if isinstance(kubernetes := systems.get(Kubernetes), Kubernetes):
            for each in await kubernetes.deployments():
                found.setdefault(each.namespace, []).append(each.name)
        return found

    async def from_jira() -> Sequence[str]:
        jira = systems.get(Jira)
        return [project.key for project in await jira.projects()] if isinstance(jira, Jira) else []

    async def ask(read: Callable[[], Awaitable[T]], system: str, what: str, kinds: Sequence[str], otherwise: T) -> T:
        scope = Planning(partial(door.look, origin), partial(door.propose, origin))
        try:
            with entered(scope):
                return await read()
        except (IntegrationError, Refused, CannotRecord, ValidationError) as problem:
            logger.warning("the names of %s could not be read: %s", what, problem)
            unasked.append(f"{system} could not be asked for its {what}: {_plainly(str(problem))}")
            unread.update(dict.fromkeys(kinds, AGAIN))
            return otherwise

    known_deployments: Mapping[str, Sequence[str]] = before.catalogue.names.get("deployment", {})
    known_projects: Sequence[str] = before.catalogue.all("project")
    deployments = await ask(
        from_kubernetes, "Kubernetes", "deployments", ("deployment", "environment"), known_deployments
    )
    projects = await ask(from_jira, "Jira", "projects", ("project",), known_projects)
    if Kubernetes not in systems:
        unread["deployment"] = "Kubernetes is not connected; the section [kubernetes] in config.toml does that."
    services = await asyncio.to_thread(_services, apps)
    places = [*deployments, *(name for name in environments if name not in deployments)]
    catalogue = Catalogue.of(deployment=deployments, service=services, environment=places, project=projects)
    return Names(replace(catalogue, unread=unread), tuple(unasked))


def _plainly(problem: str) -> str:
    """A problem as a person would say it, where no answer came; every other one is in plain words already."""
    silent = re.search(r" at (\S+) did not answer: (.*)", problem, re.DOTALL)
    if silent is None:
        return problem
    reason = next((words for sign, words in REASONS if re.search(sign, silent[2], re.IGNORECASE)), None)
    if reason is None:
        return problem
    return f"{reason.format(silent[1])}. See whether it is up and can be reached from here."


def _services(apps: Path | None) -> list[str]:
    return sorted(app.name for app in apps.iterdir() if app.is_dir()) if apps and apps.is_dir() else []
