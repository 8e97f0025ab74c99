"""A question: "How many replicas does web-app have in production?"."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.kubernetes import Kubernetes
from intents.intent import intent
from intents.understanding.slots import DeploymentName, EnvironmentName


@dataclass(frozen=True)
class Count:
    """Which deployment is asked about."""

    deployment: DeploymentName
    namespace: EnvironmentName = "production"


@intent("how many (replicas|pods|instances) does {deployment} have [in {namespace}]", tier="simple")
async def count_replicas(want: Count, kubernetes: Kubernetes) -> str:
    """Say how many replicas a deployment has, and how many of them are ready."""
    now = await kubernetes.deployment(want.deployment, want.namespace)
    count = f"{now.replicas} replica{'' if now.replicas == 1 else 's'}"
    ready = "all ready" if now.ready == now.replicas else f"{now.ready} of them ready"
    return f"{now.name} has {count} in {now.namespace}, {ready}."
