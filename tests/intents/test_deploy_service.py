"""D16: what is said follows what happened, and a failure offers the way back."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from integrations.cdk import DeployFailed, Deployment, RolledBack
from integrations.newrelic import Health
from integrations.servicenow import Change, NotReady
from intents.deploy_service import Deploy, DeploymentFailed, deploy_service
from policies.action import Content, Outside, Unreachable
from policies.output import Refused
from policies.outside import words
from policies.scope import Polling, current_manner
from policies.steps import NotYet

if TYPE_CHECKING:
    from tests.intents.conftest import Company


class Systems:
    """Doubles of everything that deploying touches, and what was done to them."""

    def __init__(
        self,
        *,
        cdk_fails: bool = False,
        healthy: bool = True,
        backs_out: bool = True,
        moves: bool = True,
        approved: bool = True,
    ) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.sources: list[tuple[str, ...]] = []
        """Of the notes and comments, where their words came from."""
        self._cdk_fails, self._healthy, self._approved = cdk_fails, healthy, approved
        self._backs_out, self._moves = backs_out, moves

    async def request_change(self, **asked: str) -> Change:
        self.done.append(("change", asked["short_description"], asked["risk"]))
        what = Outside(asked["short_description"], "servicenow CHG7 short description")
        return Change("CHG7", "id", "Assess", "requested", None, what, "https://x")

    async def deploy(self, service: str, environment: str, change: str, version: str | None) -> Deployment:
        self.done.append(("deploy", service, environment, change, version))
        if self._cdk_fails:
            raise DeployFailed("UserAuthStack", 1, ["no room"])
        return Deployment("UserAuthStack", {}, True)

    def health(self, service: str, environment: str) -> Coroutine[Any, Any, Health]:
        polling = current_manner().polling
        assert polling is not None and polling.within == 120
        return self._poll(polling, Health(service, environment, self._healthy, 0.5, 10.0, f"{service} is seen"))

    async def _poll(self, polling: Polling, health: Health) -> Health:
        if polling.done(health):
            return health
        raise NotYet(polling.what, 120, "ill")

    def rollback(self, service: str, environment: str) -> Coroutine[Any, Any, RolledBack]:
        assert current_manner().offered
        return self._back_out(service, environment)

    async def _back_out(self, service: str, environment: str) -> RolledBack:
        if not self._backs_out:
            raise Refused("ada said no.")
        self.done.append(("rollback", service, environment))
        return RolledBack("UserAuthStack", self._moves)

    async def comment(self, key: str, body: Content) -> None:
        self.done.append(("comment", key, words(body)))
        self.sources.append(() if isinstance(body, str) else body.sources)

    async def comment_change(self, number: str, body: Content) -> None:
        self.done.append(("comment", number, words(body)))

    async def close_change(self, number: str, notes: Content, successful: bool) -> None:
        if not self._approved:
            raise NotReady(number, "Assess", "closed")
        self.done.append(("close", number, words(notes), successful))
        self.sources.append(() if isinstance(notes, str) else notes.sources)


async def deploy(systems: Systems, **slots: str) -> str:
    want = Deploy("user-auth-service", "staging", **slots)
    return words(await deploy_service(want, systems, systems, systems, systems))


async def test_from_the_change_to_the_people() -> None:
    systems = Systems()
    outcome = "user-auth-service is deployed to staging as stack UserAuthStack. user-auth-service is seen."
    assert await deploy(systems) == f"{outcome} CHG7 is closed."
    assert systems.done == [
        ("change", "Deploy user-auth-service to staging", "low"),
        ("deploy", "user-auth-service", "staging", "CHG7", None),
        ("comment", "CHG7", outcome),
        ("close", "CHG7", outcome, True),
    ]


async def test_the_version_and_the_issue_are_told() -> None:
    systems = Systems()
    await deploy(systems, version="v2.1.0", ticket="DEV-456")
    assert systems.done[0] == ("change", "Deploy user-auth-service v2.1.0 to staging", "low")
    assert systems.done[1][-1] == "v2.1.0"
    assert systems.done[2][:2] == ("comment", "DEV-456") and systems.done[2][2].endswith(" Change CHG7.")


async def test_production_is_a_greater_risk() -> None:
    systems = Systems()
    await deploy_service(Deploy("checkout", "production"), systems, systems, systems, systems)
    assert systems.done[0] == ("change", "Deploy checkout to production", "moderate")


@pytest.mark.parametrize("ticket", [None, "DEV-456"])
@pytest.mark.parametrize(
    ("trouble", "why", "after"),
    [
        ({"cdk_fails": True}, "no room", "It was rolled back."),
        ({"cdk_fails": True, "moves": False}, "no room", "The stack had gone back to its last stable state by itself."),
        ({"cdk_fails": True, "backs_out": False}, "no room", "It was not rolled back."),
        (
            {"healthy": False},
            "Waited 120 s in vain for the health of user-auth-service in staging",
            "It stays deployed; to back out, deploy the version before.",
        ),
    ],
    ids=["rolled back", "went back by itself", "declined", "not healthy"],
)
async def test_a_failure_says_how_the_stack_is_left(
    trouble: dict[str, bool], why: str, after: str, ticket: str | None
) -> None:
    systems = Systems(**trouble)
    with pytest.raises(DeploymentFailed) as failed:
        await deploy(systems, **({"ticket": ticket} if ticket else {}))
    said = str(failed.value)
    assert said.startswith("Deploying user-auth-service to staging failed: ") and why in said
    assert said.endswith(f"{after} CHG7 is closed as unsuccessful.")
    offered = trouble.get("cdk_fails", False) and trouble.get("backs_out", True)
    assert (("rollback", "user-auth-service", "staging") in systems.done) is offered
    assert set(systems.sources) == {("cdk UserAuthStack output",) if "cdk_fails" in trouble else ()}
    (closed,) = (done for done in systems.done if done[0] == "close")
    assert closed[3] is False and why in closed[2] and closed[2].endswith(after)
    assert [done for done in systems.done if done[:2] == ("comment", "DEV-456")] == (
        [("comment", "DEV-456", said)] if ticket else []
    )


async def test_a_change_that_nobody_had_to_approve_stays_open() -> None:
    assert (await deploy(Systems(approved=False))).endswith(" CHG7 is in Assess and was not closed.")
    with pytest.raises(DeploymentFailed, match=r"no room.*CHG7 is in Assess and was not closed\.") as failed:
        await deploy(Systems(approved=False, cdk_fails=True))
    assert str(DeploymentFailed(*failed.value.args)) == str(failed.value), "it can be read again after a restart"


def deployed(company: Company) -> list[str]:
    """What was deployed."""
    return [each for each in company.changes("cdk") if each.startswith("deploy ")]


class TestOverTheSystems:
    async def test_production(self, company: Company) -> None:
        said = await company.do(deploy_service, service="user-auth-service", environment="production", ticket="DEV-456")
        assert said.startswith("user-auth-service is deployed to production as stack UserAuthProductionStack. ")
        (number, change), *_ = reversed(company.state("servicenow")["changes"].items())
        assert said.endswith(f"{number} is closed.") and change["state"] == "Closed"
        assert change["approval"] == "approved" and change["risk"] == "Moderate"
        assert company.comments("DEV-456")[-1].endswith(f"Change {number}.")
        assert [each["action"] for each in company.asked] == ["cdk.deploy"]

    async def test_staging_waits_for_nobodys_approval_of_the_change(self, company: Company) -> None:
        company.sandbox.settings(change_approval_seconds=None)
        said = await company.do(deploy_service, service="checkout", environment="staging")
        assert said.startswith("checkout is deployed to staging as stack CheckoutStagingStack. ")
        (number, change), *_ = reversed(company.state("servicenow")["changes"].items())
        assert said.endswith(f" {number} is closed.") and (change["type"], change["state"]) == ("Standard", "Closed")

    async def test_a_refused_change_stops_it(self, company: Company) -> None:
        company.sandbox.settings(refuse_changes=True)
        with pytest.raises(Refused, match=r"CHG\d+ was not approved: CHG\d+ was rejected by "):
            await company.do(deploy_service, service="checkout", environment="production")
        assert not deployed(company)

    async def test_a_person_who_says_no(self, company: Company) -> None:
        company.says = lambda action: False
        with pytest.raises(Refused, match="ada said no"):
            await company.do(deploy_service, service="checkout", environment="production")
        assert not deployed(company)

    @pytest.mark.parametrize("yes", [True, False])
    async def test_a_deployment_that_fails(self, company: Company, yes: bool) -> None:
        company.sandbox.settings(cdk_fails=True)
        company.says = lambda action: yes or action != "cdk.rollback"
        with pytest.raises(DeploymentFailed) as failed:
            await company.do(deploy_service, service="checkout", environment="production", ticket="DEV-456")
        after = "The stack had gone back to its last stable state by itself." if yes else "It was not rolled back."
        assert failed.value.after == after and "cdk failed with CheckoutProductionStack" in words(failed.value.why)
        assert [each["action"] for each in company.asked] == ["cdk.deploy", "cdk.rollback"]
        assert company.comments("DEV-456")[-1].split() == str(failed.value).split()
        (_, change), *_ = reversed(company.state("servicenow")["changes"].items())
        assert change["state"] == "Closed"

    async def test_a_service_that_is_ill_afterwards(self, company: Company) -> None:
        company.sandbox.settings(unhealthy=["production/checkout"])
        with pytest.raises(
            DeploymentFailed, match="Waited 120 s in vain for the health of checkout in production"
        ) as failed:
            await company.do(deploy_service, service="checkout", environment="production")
        assert "At the end: checkout in production is not healthy: " in words(failed.value.why)
        assert "It stays deployed" in failed.value.after
        assert [each["action"] for each in company.asked] == ["cdk.deploy"]

    @pytest.mark.parametrize("system", ["servicenow", "newrelic", "jira"])
    async def test_a_system_that_is_away_for_a_moment(self, company: Company, system: str) -> None:
        company.sandbox.fault(system=system, kind="drop", times=2)
        said = await company.do(deploy_service, service="checkout", environment="production", ticket="DEV-456")
        assert said.endswith(" is closed.")
        assert len(deployed(company)) == 1

    async def test_a_system_that_is_away_for_good_is_named(self, company: Company) -> None:
        company.sandbox.fault(system="servicenow", kind="status", status=503, times=None)
        company.says = lambda action: False  # asked whether the change was recorded, since nothing can tell
        with pytest.raises(Unreachable, match="ServiceNow"):
            await company.do(deploy_service, service="checkout", environment="production")
        assert not deployed(company)
