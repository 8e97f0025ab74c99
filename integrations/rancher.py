"""Rancher: how it sees a cluster's workloads. API v3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.action import Effect, IntegrationError, Target, action


@dataclass(frozen=True)
class Workload:
    """A workload as Rancher shows it."""

    cluster: str
    namespace: str
    name: str
    state: str
    """Rancher's word: "active", "updating", "paused", ..."""
    replicas: int
    ready: int
    message: str
    """What Rancher says about the state; empty when all is well."""


class NoSuchWorkload(IntegrationError):
    """Rancher knows no such workload there."""

    def __init__(self, cluster: str, namespace: str, name: str) -> None:
        super().__init__(cluster, namespace, name)


class NoSuchCluster(IntegrationError):
    """Rancher knows no such cluster."""

    def __init__(self, cluster: str, known: list[str]) -> None:
        super().__init__(cluster, known)


class Rancher:
    """The clusters that one Rancher server looks after."""

    def __init__(self, url: str, token: str, *, clusters: Mapping[str, str] | None = None) -> None:
        """Remember where Rancher is.

        Args:
            url: the server's address, without `/v3`.
            token: an API key ("token-abcde:...").
            clusters: environment → name of its cluster; a name that is not in it is taken as a cluster's own name.
        """

    @action(Effect.READ)
    async def workload(self, cluster_or_environment: str, namespace: str, name: str) -> Workload:
        """One deployment as Rancher sees it."""
        raise NotImplementedError
