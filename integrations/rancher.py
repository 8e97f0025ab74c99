"""Rancher: how it sees a cluster's workloads. API v3.

Written from "How to use the API" and the resource pages of the v3 API (ranchermanager.docs.rancher.com, API).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

import httpx

from integrations.http import BadAnswer, Http
from policies.action import Effect, IntegrationError, Json, Outside, Target, action

ENVIRONMENTS = ("production", "staging", "development")
State: TypeAlias = Literal[
    "active",
    "degraded",
    "error",
    "failed",
    "in-progress",
    "inactive",
    "paused",
    "pending",
    "provisioning",
    "removed",
    "removing",
    "unavailable",
    "unknown",
    "updating",
]
"""Rancher's words for how a workload is; "unknown" also for any that is not among them."""


@dataclass(frozen=True)
class Workload:
    """A workload as Rancher shows it."""

    cluster: Outside[str]
    namespace: str
    name: str
    state: State
    replicas: int
    ready: int
    message: Outside[str] | None
    """What Rancher says about the state; None when all is well."""


class NoSuchWorkload(IntegrationError):
    """Rancher knows no such workload there."""

    def __init__(self, cluster: str, namespace: str, name: str) -> None:
        super().__init__(cluster, namespace, name)
        self.cluster, self.namespace, self.name = cluster, namespace, name

    def __str__(self) -> str:
        return (
            f"Rancher shows no workload {self.name!r} in {self.namespace} of the cluster {self.cluster}. "
            "Check the name, and that the API key's account is a member of its project."
        )


class NoSuchCluster(IntegrationError):
    """Rancher knows no such cluster."""

    def __init__(self, cluster: str, shown: list[str]) -> None:
        super().__init__(cluster, shown)
        self.cluster = cluster
        self.shown = Outside(", ".join(shown), "rancher clusters") if shown else None

    def _parts(self) -> tuple[object, ...]:
        there = ("it shows this account none",) if self.shown is None else ("it shows ", self.shown)
        hint = ". Name it under rancher.clusters in the settings."
        return (f"Rancher has no cluster {self.cluster!r}; ", *there, hint)


class Rancher:
    """The clusters that one Rancher server looks after."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        clusters: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Remember where Rancher is; nothing is sent yet.

        Args:
            url: the server's address, without `/v3`.
            token: an API key ("token-abcde:...").
            clusters: environment → name of its cluster; a name that is not in it is taken as a cluster's own name.
                Where a server looks after a single cluster, every environment means that one.
            transport: what carries the requests; None for the network.
        """
        self._clusters = clusters or {}
        self._http = Http(
            "Rancher", url, headers={"Authorization": f"Bearer {token}"}, secrets=(token,), transport=transport
        )

    @action(Effect.READ)
    async def workload(self, cluster_or_environment: str, namespace: str, name: str) -> Workload:
        """One deployment as Rancher sees it.

        Raises:
            NoSuchCluster: no cluster is called that; the message lists those that are there.
            NoSuchWorkload: the cluster has no such deployment, or this account may not see it.
        """
        cluster = await self._cluster(cluster_or_environment)
        for project in await self._list("/v3/projects", {"clusterId": self._id(cluster)}):
            wanted = {"name": name, "namespaceId": namespace}
            for found in await self._list(f"/v3/project/{self._id(project)}/workloads", wanted):
                # A server that does not know a filter leaves it out without a word, so what came is looked at again.
                if (found.get("name"), found.get("namespaceId")) == (name, namespace):
                    return _workload(str(cluster["name"]), found)
        raise NoSuchWorkload(self._clusters.get(cluster_or_environment, cluster_or_environment), namespace, name)

    @workload.target
    def _workload_target(self, cluster_or_environment: str, namespace: str, name: str) -> Target:
        named = {name: environment for environment, name in self._clusters.items()}
        environment = named.get(cluster_or_environment, cluster_or_environment)
        environment = environment if environment in ENVIRONMENTS else "unknown"
        return Target(f"{cluster_or_environment}/{namespace}/{name}", environment)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _cluster(self, cluster_or_environment: str) -> dict[str, Json]:
        name = self._clusters.get(cluster_or_environment, cluster_or_environment)
        known = await self._list("/v3/clusters", {})
        for each in known:
            if name in (each.get("name"), each.get("id")):
                return each
        if len(known) == 1 and name in ENVIRONMENTS:
            return known[0]
        raise NoSuchCluster(name, sorted(str(each.get("name")) for each in known))

    def _id(self, item: Mapping[str, Json]) -> str:
        """An item's id, which becomes part of an address."""
        found = str(item["id"])
        if not re.fullmatch(r"[A-Za-z0-9:_-]{1,100}", found):
            raise BadAnswer("Rancher", self._http.host, "something whose id is none")
        return found

    async def _list(self, path: str, filters: Mapping[str, str]) -> list[dict[str, Json]]:
        """Every item of a collection, page by page."""
        answer = await self._http.get(path, {**filters, "limit": "1000"})
        items = list(answer["data"])
        while following := (answer.get("pagination") or {}).get("next"):
            query = dict(httpx.URL(following).params)
            answer = await self._http.get(path, query)
            items += answer["data"]
        return items


def _workload(cluster: str, found: dict[str, Json]) -> Workload:
    status = found.get("deploymentStatus") or {}
    name, namespace, message = found["name"], found["namespaceId"], found.get("transitioningMessage")
    return Workload(
        cluster=Outside(cluster, "rancher cluster"),
        namespace=namespace,  # both are what was asked for
        name=name,
        state=cast(State, state if (state := found.get("state")) in get_args(State) else "unknown"),
        replicas=int(found.get("scale") or 0),
        ready=int(status.get("readyReplicas") or 0),
        message=Outside(str(message), f"rancher {namespace}/{name} message") if message else None,
    )
