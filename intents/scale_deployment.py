"""D20: "Scale the web-app deployment to 10 replicas and monitor the rollout"."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.jira import Jira
from integrations.kubernetes import Kubernetes, Rollout
from integrations.newrelic import NewRelic
from integrations.rancher import Rancher
from intents.intent import intent
from intents.understanding.slots import DeploymentName, EnvironmentName, Replicas, TicketKey
from policies.action import IntegrationError, Json, Outside, said
from policies.outside import boxed
from policies.steps import NotYet, until

PATIENCE = 300.0
"""Seconds that a rollout may take."""


class RolloutStuck(IntegrationError):
    """The rollout does not get on, and will not by itself."""

    def __init__(self, deployment: str, ready: int, wanted: int, why: Outside[str] | dict[str, Json]) -> None:
        super().__init__(deployment, ready, wanted, why)
        self.deployment, self.ready, self.wanted, self.why = deployment, ready, wanted, boxed(why)

    def _parts(self) -> tuple[object, ...]:
        return (f"{self.deployment} is stuck at {self.ready} of {self.wanted} ready replicas: ", self.why)


@dataclass(frozen=True)
class Scale:
    """What is to be scaled, and how far."""

    deployment: DeploymentName
    replicas: Replicas
    namespace: EnvironmentName = "production"
    ticket: TicketKey | None = None
    """The issue the request grew out of, said or from the branch's name."""


@intent(
    "scale [the] {deployment} [deployment] to {replicas} [replicas] [and monitor the rollout]",
    tier="medium",
    hotkey="ctrl+alt+k",
    code="D20",
)
async def scale_deployment(
    want: Scale, kubernetes: Kubernetes, rancher: Rancher, newrelic: NewRelic, jira: Jira
) -> str:
    """Scale a deployment, watch the rollout, and check that it is well afterwards."""
    name, namespace = want.deployment, want.namespace
    before = await kubernetes.deployment(name, namespace)
    if before.replicas == want.replicas:
        return f"{name} already has {want.replicas} replicas in {namespace}; {before.ready} are ready."
    scaled = await kubernetes.scale(name, namespace, want.replicas)
    try:
        rollout = await until(
            lambda: kubernetes.rollout(name, namespace),
            lambda rollout: complete(name, rollout),
            what=f"the rollout of {name}",
            within=PATIENCE,
        )
    except (RolloutStuck, NotYet) as trouble:
        if want.ticket:
            scaled_to = f"{name} in {namespace} was set to {want.replicas} replicas. "
            await jira.comment(want.ticket, said(scaled_to, trouble.said))
        raise
    workload = await rancher.workload(namespace, namespace, name)
    usage = await newrelic.usage(name, namespace)
    outcome = (
        f"{name} in {namespace} went from {before.replicas} to {scaled.after} replicas, {rollout.ready} of them ready. "
        f"Rancher says {workload.state}. {usage.summary}."
    )
    if want.ticket:
        await jira.comment(want.ticket, outcome)
    return outcome


def complete(name: str, rollout: Rollout) -> bool:
    """Whether a rollout is over.

    Raises:
        RolloutStuck: it will not get on by itself.
    """
    if rollout.stuck is not None:
        raise RolloutStuck(name, rollout.ready, rollout.wanted, rollout.stuck)
    return rollout.complete
