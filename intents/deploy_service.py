"""D16: "Deploy the user authentication service to staging using CDK and create a change request"."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.cdk import Cdk, DeployFailed
from integrations.command import Interrupted, TookTooLong
from integrations.jira import Jira
from integrations.newrelic import NewRelic
from integrations.servicenow import NotReady, ServiceNow
from intents.intent import intent
from intents.understanding.slots import EnvironmentName, ServiceName, TicketKey, Version
from policies.action import IntegrationError
from policies.steps import NotYet, offer, until

PATIENCE = 120.0
"""Seconds until a deployed service has to be healthy."""


class DeploymentFailed(IntegrationError):
    """The service was not deployed, or is not well since."""

    def __init__(self, what: str, why: str, rolled_back: bool, change: str = "") -> None:
        super().__init__(what, why, rolled_back, change)
        self.what, self.why, self.rolled_back = what, why, rolled_back
        self.change = change
        """What became of the change request, in a sentence; empty while that is still to come."""

    def __str__(self) -> str:
        after = "It was rolled back." if self.rolled_back else "It was not rolled back."
        return f"{self.what} failed: {self.why} {after} {self.change}".rstrip()


@dataclass(frozen=True)
class Deploy:
    """What is to be deployed, and where."""

    service: ServiceName
    environment: EnvironmentName
    version: Version | None = None
    """The release, as the app's context value "version"; without one, the app decides."""
    ticket: TicketKey | None = None
    """The issue the request grew out of, said or from the branch's name."""


@intent(
    "deploy [the] {service} [service] to {environment} [using cdk] [and create a change request]",
    tier="complex",
    hotkey="ctrl+alt+deploy",
    code="D16",
)
async def deploy_service(want: Deploy, servicenow: ServiceNow, cdk: Cdk, jira: Jira, newrelic: NewRelic) -> str:
    """Record a change, deploy once it may be, check that the service is well, and tell the people concerned."""
    service, environment = want.service, want.environment
    what = f"{service} {want.version} to {environment}" if want.version else f"{service} to {environment}"
    change = await servicenow.request_change(
        short_description=f"Deploy {what}",
        implementation_plan=f"Deploy the stack of {service} in {environment} with AWS CDK (cdk deploy).",
        backout_plan=f"Roll the stack of {service} in {environment} back to its last stable state (cdk rollback).",
        risk="moderate" if environment == "production" else "low",
        environment=environment,
        service=service,
    )
    try:
        deployed = await cdk.deploy(service, environment, change.number, want.version)
        health = await until(
            lambda: newrelic.health(service, environment),
            lambda health: health.healthy,
            what=f"the health of {service} in {environment}",
            every=5.0,
            within=PATIENCE,
        )
    except (DeployFailed, Interrupted, TookTooLong, NotYet) as trouble:
        undone = await offer(lambda: cdk.rollback(service, environment))
        notes = str(DeploymentFailed(f"Deploying {what}", str(trouble), undone is not None))
        closed = await close(servicenow, change.number, notes, successful=False)
        failed = DeploymentFailed(f"Deploying {what}", str(trouble), undone is not None, closed)
        if want.ticket:
            await jira.comment(want.ticket, str(failed))
        raise failed from None
    outcome = f"{service} is deployed to {environment} as stack {deployed.stack}. {health.summary}."
    if want.ticket:
        await jira.comment(want.ticket, f"{outcome} Change {change.number}.")
    await servicenow.comment_change(change.number, outcome)
    closed = await close(servicenow, change.number, outcome, successful=True)
    return f"{outcome} {closed}"


async def close(servicenow: ServiceNow, number: str, notes: str, *, successful: bool) -> str:
    """Close a change and say so. Where nobody had to approve it, nobody may have, and ServiceNow keeps it open."""
    try:
        await servicenow.close_change(number, notes, successful=successful)
    except NotReady as open_still:
        return f"{number} is in {open_still.state} and was not closed."
    return f"{number} is closed." if successful else f"{number} is closed as unsuccessful."
