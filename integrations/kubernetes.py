"""Kubernetes: deployments, their scale and their rollouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from policies.action import Call, Effect, Found, IntegrationError, Preview, Target, action


@dataclass(frozen=True)
class Deployment:
    """A deployment as the cluster has it now."""

    name: str
    namespace: str
    replicas: int
    """How many pods are wanted (`spec.replicas`)."""
    ready: int
    """How many pods are ready."""
    image: str
    """The first container's image."""
    generation: int
    """Counts every change of the specification."""


@dataclass(frozen=True)
class Scaled:
    """A deployment whose number of replicas was set."""

    deployment: str
    namespace: str
    before: int
    """The number it had; equal to `after` when a lost answer had to be looked up and nobody remembers it any more."""
    after: int


@dataclass(frozen=True)
class Rollout:
    """How far a deployment's rollout is."""

    wanted: int
    updated: int
    """Pods of the newest template."""
    ready: int
    """Pods that are available."""
    complete: bool
    """True exactly when `kubectl rollout status` would say that it was successfully rolled out."""
    stuck: str
    """Why it does not get on, in words; empty while it does."""


class NoSuchDeployment(IntegrationError):
    """There is no deployment of that name there."""

    def __init__(self, name: str, namespace: str, nearest: list[str]) -> None:
        super().__init__(name, namespace, nearest)
        self.name, self.namespace, self.nearest = name, namespace, nearest


class Forbidden(IntegrationError):
    """The account lacks a right in the cluster."""

    def __init__(self, right: str, where: str) -> None:
        super().__init__(right, where)
        self.right, self.where = right, where


class Kubernetes:
    """The deployments of one cluster, through the official client (`pip install 'devos[kubernetes]'`)."""

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        environments: Mapping[str, str],
        kubeconfig: Path | None = None,
        context: str | None = None,
    ) -> None:
        """Remember where the cluster is; nothing is imported or sent yet.

        Args:
            url: the API server's address; empty where `kubeconfig` says it.
            token: a bearer token; None where `kubeconfig` or nothing at all signs in.
            environments: namespace → "production", "staging" or "development"; any other namespace is "unknown".
            kubeconfig: a kubeconfig file, used instead of `url` and `token`.
            context: which of its contexts; None for its current one.
        """

    @action(Effect.READ)
    async def deployment(self, name: str, namespace: str) -> Deployment:
        """One deployment as it is now."""
        raise NotImplementedError

    @action(Effect.READ)
    async def deployments(self, namespace: str | None = None) -> list[Deployment]:
        """The deployments of one namespace, or of all."""
        raise NotImplementedError

    @action(Effect.READ)
    async def rollout(self, deployment: str, namespace: str) -> Rollout:
        """How far the deployment's rollout is."""
        raise NotImplementedError

    @action(Effect.CHANGE, bound=50)
    async def scale(self, deployment: str, namespace: str, replicas: int) -> Scaled:
        """Set the deployment's number of replicas."""
        raise NotImplementedError
