"""Kubernetes: deployments, their scale and their rollouts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from integrations.http import TIMES, NotThere, in_a_line
from integrations.kubernetes_client import Client, Forbidden
from policies.action import (
    Call,
    Effect,
    Found,
    IntegrationError,
    Outside,
    Preview,
    Target,
    action,
    idempotency_key,
    said,
)

NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
"""What a deployment and a namespace can be called in Kubernetes; whatever is called otherwise is left out."""
HOPELESS = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "CrashLoopBackOff",
)
"""Why a container waits when it will not start by itself."""


@dataclass(frozen=True)
class Deployment:
    """A deployment as the cluster has it now."""

    name: str
    namespace: str
    replicas: int
    """How many pods are wanted (`spec.replicas`)."""
    ready: int
    """How many pods are ready."""
    image: Outside[str]
    """The first container's image."""
    generation: int
    """Counts every change of the specification."""


@dataclass(frozen=True)
class Scaled:
    """A deployment whose number of replicas was set."""

    deployment: str
    namespace: str
    before: int
    """The number it had. Equal to `after` when it already had that many, and when the answer was lost in a crash:
    nobody remembers the number then, and taking the change back leaves the deployment alone instead of guessing."""
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
    stuck: Outside[str] | None
    """Why it does not get on, in the cluster's words; None while it does."""

    def __str__(self) -> str:
        return f"{self.ready} of {self.wanted} replicas ready"


class NoSuchDeployment(IntegrationError):
    """There is no deployment of that name there."""

    def __init__(self, name: str, namespace: str, nearest: list[str]) -> None:
        super().__init__(name, namespace, nearest)
        self.name, self.namespace, self.nearest = name, namespace, nearest

    def __str__(self) -> str:
        instead = (
            f"did you mean {' or '.join(self.nearest)}?" if self.nearest else "list them: kubectl get deployments -A"
        )
        return f"There is no deployment {self.name!r} in {self.namespace}; {instead}"


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
        self._client = Client(url, token, kubeconfig, context)
        self._environments = environments
        self._before: dict[str, int] = {}

    @action(Effect.READ)
    async def deployment(self, name: str, namespace: str) -> Deployment:
        """One deployment as it is now.

        Raises:
            NoSuchDeployment: there is none; the message names the nearest.
            Forbidden: the account may not read it.
        """
        return _deployment(await self._read(name, namespace), name, namespace)

    @deployment.target
    def _deployment_target(self, name: str, namespace: str) -> Target:
        return self._target(name, namespace)

    @action(Effect.READ)
    async def deployments(self, namespace: str | None = None) -> list[Deployment]:
        """The deployments of one namespace, or of all."""
        found = [(each, str(each.metadata.name), str(each.metadata.namespace)) for each in await self._list(namespace)]
        return [_deployment(*each) for each in found if NAME.fullmatch(each[1]) and NAME.fullmatch(each[2])]

    @deployments.target
    def _deployments_target(self, namespace: str | None = None) -> Target:
        return Target(namespace or "*", self._environments.get(namespace, "unknown") if namespace else "none")

    @action(Effect.READ)
    async def rollout(self, deployment: str, namespace: str) -> Rollout:
        """How far the deployment's rollout is.

        Pods that are not ready are asked why; without the right to list pods only the deployment itself is.

        Raises:
            NoSuchDeployment: there is none; the message names the nearest.
            Forbidden: the account may not read it.
        """
        found = await self._read(deployment, namespace)
        complete = _complete(found)
        stuck = None if complete else _condition_trouble(found, f"kubernetes {namespace}/{deployment} condition")
        if not complete and stuck is None:
            stuck = await self._pod_trouble(found, deployment, namespace)
        status = found.status
        return Rollout(
            wanted=_wanted(found),
            updated=status.updated_replicas or 0,
            ready=status.available_replicas or 0,
            complete=complete,
            stuck=stuck,
        )

    @rollout.target
    def _rollout_target(self, deployment: str, namespace: str) -> Target:
        return self._target(deployment, namespace)

    @action(Effect.CHANGE, bound=50)
    async def scale(self, deployment: str, namespace: str, replicas: int) -> Scaled:
        """Set the deployment's number of replicas, through its scale subresource.

        Raises:
            NoSuchDeployment: there is none; the message names the nearest.
            Forbidden: the account may not read it or set its scale.
        """
        # Kept before anything is sent, for a lookup after a lost answer: by then the cluster shows only the new number.
        before = self._before.setdefault(idempotency_key(), _wanted(await self._read(deployment, namespace)))
        await self._client.ask(
            lambda apps, core: apps.patch_namespaced_deployment_scale(
                deployment, namespace, {"spec": {"replicas": replicas}}, _request_timeout=TIMES
            ),
            "set the scale of",
            f"{deployment} in {namespace}",
        )
        return Scaled(deployment, namespace, before, replicas)

    @scale.target
    def _scale_target(self, deployment: str, namespace: str, replicas: int) -> Target:
        return self._target(deployment, namespace)

    @scale.preview
    async def _scale_preview(self, deployment: str, namespace: str, replicas: int) -> Preview:
        before = _wanted(await self._read(deployment, namespace))
        if before == replicas:
            return Preview(f"Leave {deployment} in {namespace} at {before} replicas", "", before, replicas)
        return Preview(
            f"Scale {deployment} in {namespace} from {before} to {replicas} replicas",
            f"Scale it back to {before} replicas",
            before,
            replicas,
        )

    @scale.lookup
    async def _scale_lookup(self, deployment: str, namespace: str, replicas: int) -> Found[Scaled] | None:
        """Set is set: what the deployment has now tells whether it still has to be done."""
        if _wanted(await self._read(deployment, namespace)) != replicas:
            return None
        before = self._before.get(idempotency_key(), replicas)
        return Found(Scaled(deployment, namespace, before, replicas))

    @scale.undo
    def _scale_undo(self, result: Scaled, deployment: str, namespace: str, replicas: int) -> Call[Scaled]:
        return self.scale.call(deployment, namespace, result.before)

    def _target(self, name: str, namespace: str) -> Target:
        return Target(f"{namespace}/{name}", self._environments.get(namespace, "unknown"))

    async def _read(self, name: str, namespace: str) -> Any:
        """The client's V1Deployment."""
        try:
            return await self._client.ask(
                lambda apps, core: apps.read_namespaced_deployment(name, namespace, _request_timeout=TIMES),
                "read the deployment",
                f"{name} in {namespace}",
            )
        except NotThere:
            pass
        try:
            there = (str(each.metadata.name) for each in await self._list(namespace))
            names = list(filter(NAME.fullmatch, there))
        except Forbidden:
            names = []  # then the refusal goes without a suggestion
        raise NoSuchDeployment(name, namespace, get_close_matches(name, names, 3))

    async def _list(self, namespace: str | None) -> list[Any]:
        """The client's V1Deployments, of one namespace or of all."""
        if namespace is None:
            found = await self._client.ask(
                lambda apps, core: apps.list_deployment_for_all_namespaces(_request_timeout=TIMES),
                "list deployments",
                "in the whole cluster",
            )
        else:
            found = await self._client.ask(
                lambda apps, core: apps.list_namespaced_deployment(namespace, _request_timeout=TIMES),
                "list deployments",
                f"in {namespace}",
            )
        return list(found.items)

    async def _pod_trouble(self, found: Any, deployment: str, namespace: str) -> Outside[str] | None:
        """Why the deployment's unready pods will not start, or nothing."""
        selector = _selector(found.spec.selector)
        try:
            pods = await self._client.ask(
                lambda apps, core: core.list_namespaced_pod(namespace, label_selector=selector, _request_timeout=TIMES),
                "list pods",
                f"in {namespace}",
            )
        except Forbidden:
            return None
        source = f"kubernetes {namespace}/{deployment} pod"
        return next((Outside(why, source) for pod in pods.items if (why := _trouble_of(pod))), None)


def _wanted(deployment: Any) -> int:
    replicas = deployment.spec.replicas
    return 1 if replicas is None else int(replicas)


def _deployment(found: Any, name: str, namespace: str) -> Deployment:
    containers = found.spec.template.spec.containers
    return Deployment(
        name=name,
        namespace=namespace,
        replicas=_wanted(found),
        ready=(found.status.ready_replicas or 0) if found.status else 0,
        image=Outside(containers[0].image or "" if containers else "", f"kubernetes {namespace}/{name} image"),
        generation=found.metadata.generation or 0,
    )


def _complete(deployment: Any) -> bool:
    """The test of `kubectl rollout status`, condition by condition."""
    status = deployment.status
    if deployment.metadata.generation > (status.observed_generation or 0):
        return False
    if any(
        each.type == "Progressing" and each.reason == "ProgressDeadlineExceeded" for each in status.conditions or ()
    ):
        return False
    updated = status.updated_replicas or 0
    return (
        updated >= _wanted(deployment)
        and (status.replicas or 0) <= updated
        and (status.available_replicas or 0) >= updated
    )


def _condition_trouble(deployment: Any, source: str) -> Outside[str] | None:
    """What the deployment itself says against its progress, or nothing."""
    if deployment.spec.paused:
        return said(
            "it is paused; go on with: kubectl rollout resume deployment/", Outside(deployment.metadata.name, source)
        )
    for each in deployment.status.conditions or ():
        if (each.type, each.status) in {("Progressing", "False"), ("ReplicaFailure", "True")}:
            return Outside(f"{each.reason}: {in_a_line(each.message or 'no more is said')}", source)
    return None


def _trouble_of(pod: Any) -> str:
    """Why a pod will not become ready by itself, or nothing; a pod that is going away has no trouble."""
    if pod.metadata.deletion_timestamp is not None or pod.status is None:
        return ""
    for each in pod.status.conditions or ():
        if each.type == "PodScheduled" and each.status == "False" and each.reason == "Unschedulable":
            return f"{pod.metadata.name} finds no node: {in_a_line(each.message or 'no reason given')}"
    for each in (pod.status.init_container_statuses or []) + (pod.status.container_statuses or []):
        waiting = each.state.waiting if each.state else None
        if waiting is not None and waiting.reason in HOPELESS:
            return f"{pod.metadata.name}: {waiting.reason}: {in_a_line(waiting.message or each.image or '')}"
    return ""


def _selector(selector: Any) -> str:
    """A label selector in the one-line form that a list takes."""
    parts = [f"{name}={value}" for name, value in (selector.match_labels or {}).items()]
    for each in selector.match_expressions or ():
        values = ",".join(each.values or ())
        forms = {"In": f"{each.key} in ({values})", "NotIn": f"{each.key} notin ({values})", "Exists": each.key}
        parts.append(forms.get(each.operator, f"!{each.key}"))
    return ",".join(parts)
