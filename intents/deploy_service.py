"""D16: "Deploy the user authentication service to staging using CDK and create a change request"."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.cdk import Cdk, DeployFailed, RolledBack
from integrations.command import Interrupted, TookTooLong
from integrations.jira import Jira
from integrations.newrelic import NewRelic
from integrations.servicenow import NotReady, ServiceNow
from intents.intent import intent
from intents.understanding.slots import EnvironmentName, ServiceName, TicketKey, Version
from policies.action import Content, IntegrationError, Json, Outside
from policies.outside import boxed
from policies.steps import NotYet, offer, until

PATIENCE = 120.0
"""Seconds until a deployed service has to be healthy."""


class DeploymentFailed(IntegrationError):
    """The service was not deployed, or is not well since."""

    def __init__(self, what: str, why: Outside[str] | dict[str, Json], after: str, change: str = "") -> None:
        super().__init__(what, why, after, change)
        self.what, self.why = what, boxed(why)
        self.after = after
        """How the stack is left, in a sentence."""
        self.change = change
        """What became of the change request, in a sentence; empty while that is still to come."""

    def _parts(self) -> tuple[object, ...]:
        return (f"{self.what} failed: ", self.why, f" {self.after} {self.change}".rstrip())


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
    change = await servicenow.request_change(
        short_description=f"Deploy {named(want)}",
        implementation_plan=f"Deploy the stack of {service} in {environment} with AWS CDK (cdk deploy).",
        backout_plan=f"Roll the stack of {service} in {environment} back to its last stable state (cdk rollback), "
        "or deploy the version before.",
        risk="moderate" if environment == "production" else "low",
        environment=environment,
        service=service,
    )
    try:
        deployed = await cdk.deploy(service, environment, change.number, want.version)
    except (DeployFailed, Interrupted, TookTooLong) as trouble:
        after = left(await offer(lambda: cdk.rollback(service, environment)))
        raise await give_up(want, change.number, trouble.said, after, servicenow, jira) from None
    try:
        health = await until(
            lambda: newrelic.health(service, environment),
            lambda health: health.healthy,
            what=f"the health of {service} in {environment}",
            every=5.0,
            within=PATIENCE,
        )
    except NotYet as trouble:
        after = "It stays deployed; to back out, deploy the version before."
        raise await give_up(want, change.number, trouble.said, after, servicenow, jira) from None
    outcome = f"{service} is deployed to {environment} as stack {deployed.stack}. {health.summary}."
    if want.ticket:
        await jira.comment(want.ticket, f"{outcome} Change {change.number}.")
    await servicenow.comment_change(change.number, outcome)
    closed = await close(servicenow, change.number, outcome, successful=True)
    return f"{outcome} {closed}"


async def give_up(
    want: Deploy, change: str, why: Outside[str], after: str, servicenow: ServiceNow, jira: Jira
) -> DeploymentFailed:
    """Close the change as unsuccessful, tell the issue, and give back the error that ends the request."""
    what = f"Deploying {named(want)}"
    closed = await close(servicenow, change, DeploymentFailed(what, why, after).said, successful=False)
    failed = DeploymentFailed(what, why, after, closed)
    if want.ticket:
        await jira.comment(want.ticket, failed.said)
    return failed


def named(want: Deploy) -> str:
    """What is deployed, and where, in words."""
    return (
        f"{want.service} {want.version} to {want.environment}"
        if want.version
        else f"{want.service} to {want.environment}"
    )


def left(rolled_back: RolledBack | None) -> str:
    """How a stack is left after a failed deployment, in a sentence."""
    if rolled_back is None:
        return "It was not rolled back."
    return "It was rolled back." if rolled_back.moved else "The stack had gone back to its last stable state by itself."


async def close(servicenow: ServiceNow, number: str, notes: Content, *, successful: bool) -> str:
    """Close a change and say so. Where nobody had to approve it, nobody may have, and ServiceNow keeps it open."""
    try:
        await servicenow.close_change(number, notes, successful=successful)
    except NotReady as open_still:
        return f"{number} is in {open_still.state} and was not closed."
    return f"{number} is closed." if successful else f"{number} is closed as unsuccessful."
