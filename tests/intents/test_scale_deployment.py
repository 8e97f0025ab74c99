"""D20: what is said follows what happened, whatever it is."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from integrations.kubernetes import Deployment, Rollout, Scaled
from integrations.newrelic import Usage
from integrations.rancher import Workload
from intents.scale_deployment import RolloutStuck, Scale, complete, scale_deployment
from policies.action import Content, Outside, Unreachable
from policies.output import Refused
from policies.outside import words
from policies.scope import Polling, current_manner
from policies.steps import NotYet

if TYPE_CHECKING:
    from tests.intents.conftest import Company


class Systems:
    """Doubles of everything that scaling touches, and what was done to them."""

    def __init__(self, *rollouts: Rollout, replicas: int = 4) -> None:
        self.done: list[tuple[Any, ...]] = []
        self._rollouts, self._replicas = rollouts, replicas

    async def deployment(self, name: str, namespace: str) -> Deployment:
        return Deployment(name, namespace, self._replicas, self._replicas, Outside("image:1", "test"), 1)

    async def scale(self, name: str, namespace: str, replicas: int) -> Scaled:
        self.done.append(("scale", name, namespace, replicas))
        return Scaled(name, namespace, self._replicas, replicas)

    def rollout(self, name: str, namespace: str) -> Coroutine[Any, Any, Rollout]:
        """Polls as the door does, through the rollouts that the test gave."""
        polling = current_manner().polling
        assert polling is not None and polling.within == 300
        return self._poll(polling)

    async def _poll(self, polling: Polling) -> Rollout:
        for each in self._rollouts:
            if polling.done(each):
                return each
        raise NotYet(polling.what, 300, str(self._rollouts[-1]))

    async def workload(self, cluster: str, namespace: str, name: str) -> Workload:
        return Workload(Outside(cluster, "test"), namespace, name, "active", 10, 10, None)

    async def usage(self, deployment: str, namespace: str) -> Usage:
        return Usage(deployment, namespace, 31.0, 2.0**28, 10, 5, "Each pod uses 31 %")

    async def comment(self, key: str, body: Content) -> None:
        self.done.append(("comment", key, words(body)))
        self.sources = () if isinstance(body, str) else body.sources


def rollout(ready: int, stuck: str | None = None) -> Rollout:
    why = None if stuck is None else Outside(stuck, "kubernetes pod")
    return Rollout(wanted=10, updated=ready, ready=ready, complete=ready == 10, stuck=why)


async def test_the_rollout_is_watched_until_it_is_done() -> None:
    systems = Systems(rollout(4), rollout(7), rollout(10))
    said = await scale_deployment(Scale("web-app", 10), systems, systems, systems, systems)
    assert said == (
        "web-app in production went from 4 to 10 replicas, 10 of them ready. Rancher says active. Each pod uses 31 %."
    )
    assert systems.done == [("scale", "web-app", "production", 10)]


async def test_the_issue_it_grew_out_of_is_told() -> None:
    systems = Systems(rollout(10))
    said = await scale_deployment(Scale("web-app", 10, ticket="DEV-456"), systems, systems, systems, systems)
    assert systems.done[1:] == [("comment", "DEV-456", said)]


async def test_nothing_is_done_when_it_is_so_already() -> None:
    systems = Systems(replicas=10)
    said = await scale_deployment(Scale("web-app", 10, ticket="DEV-456"), systems, systems, systems, systems)
    assert said == "web-app already has 10 replicas in production; 10 are ready." and not systems.done


@pytest.mark.parametrize("ticket", [None, "DEV-456"])
@pytest.mark.parametrize(
    ("last", "kind", "said"),
    [
        (rollout(7, "ImagePullBackOff"), RolloutStuck, "web-app is stuck at 7 of 10 ready replicas: ImagePullBackOff"),
        (rollout(7), NotYet, "Waited 300 s in vain for the rollout of web-app"),
    ],
)
async def test_a_rollout_that_does_not_end(ticket: str | None, last: Rollout, kind: type, said: str) -> None:
    systems = Systems(rollout(4), last)
    with pytest.raises(kind, match=said):
        await scale_deployment(Scale("web-app", 10, ticket=ticket), systems, systems, systems, systems)
    told = [done[2] for done in systems.done if done[0] == "comment"]
    assert len(told) == (1 if ticket else 0)
    assert all(each.startswith("web-app in production was set to 10 replicas. ") and said in each for each in told)
    if ticket:
        assert systems.sources == (("kubernetes pod",) if kind is RolloutStuck else ())


def test_when_a_rollout_is_over() -> None:
    assert complete("web-app", rollout(10)) and not complete("web-app", rollout(9))
    with pytest.raises(RolloutStuck, match="stuck at 9 of 10"):
        complete("web-app", rollout(9, "CrashLoopBackOff"))


class TestOverTheSystems:
    async def test_production(self, company: Company) -> None:
        said = await company.do(scale_deployment, deployment="web-app", replicas=10, ticket="DEV-456")
        assert said.startswith(
            "web-app in production went from 4 to 10 replicas, 10 of them ready. Rancher says active."
        )
        assert [each["action"] for each in company.asked] == ["kubernetes.scale"]
        assert company.state("kubernetes")["deployments"]["production/web-app"]["replicas"] == 10
        assert company.comments("DEV-456")[-1] == said
        assert len(company.changes("kubernetes")) == 1

    async def test_another_number_elsewhere(self, company: Company) -> None:
        said = await company.do(scale_deployment, deployment="analytics-service", replicas=2, namespace="staging")
        assert said.startswith("analytics-service in staging went from 1 to 2 replicas, 2 of them ready.")
        assert not company.asked, "outside production nobody has to agree"

    async def test_a_leap_is_asked_about_wherever_it_is(self, company: Company) -> None:
        await company.do(scale_deployment, deployment="checkout", replicas=20, namespace="staging")
        assert [each["rule"] for each in company.asked] == ["leaps"]

    async def test_so_already(self, company: Company) -> None:
        said = await company.do(scale_deployment, deployment="web-app", replicas=4)
        assert said == "web-app already has 4 replicas in production; 4 are ready."
        assert not company.asked and not company.changes("kubernetes")

    async def test_pods_that_never_become_ready(self, company: Company) -> None:
        company.sandbox.settings(pods_never_ready=["production/web-app"])
        with pytest.raises(RolloutStuck, match="web-app is stuck at 4 of 6 ready replicas: ") as stuck:
            await company.do(scale_deployment, deployment="web-app", replicas=6, ticket="DEV-456")
        assert stuck.value.why.sources == ("kubernetes production/web-app pod",)
        assert company.comments("DEV-456")[-1] == f"web-app in production was set to 6 replicas. {stuck.value}"

    async def test_a_rollout_that_takes_too_long(self, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("intents.scale_deployment.PATIENCE", 20.0)
        company.sandbox.settings(rollout_seconds=10_000)
        with pytest.raises(
            NotYet, match=r"Waited 20 s in vain for the rollout of web-app\. At the end: \d+ of \d+ replicas ready"
        ):
            await company.do(scale_deployment, deployment="web-app", replicas=6)

    async def test_a_person_who_says_no(self, company: Company) -> None:
        company.says = lambda action: False
        with pytest.raises(Refused, match="ada said no: so"):
            await company.do(scale_deployment, deployment="web-app", replicas=10)
        assert not company.changes("kubernetes")
        assert company.state("kubernetes")["deployments"]["production/web-app"]["replicas"] == 4

    @pytest.mark.parametrize("system", ["kubernetes", "rancher", "newrelic", "jira"])
    async def test_a_system_that_is_away_for_a_moment(self, company: Company, system: str) -> None:
        company.sandbox.fault(system=system, kind="status", status=503, times=2)
        said = await company.do(scale_deployment, deployment="web-app", replicas=10, ticket="DEV-456")
        assert "went from 4 to 10 replicas" in said and company.comments("DEV-456")[-1] == said
        assert len(company.changes("kubernetes")) == 1

    async def test_a_reply_that_is_lost_is_not_asked_for_again(self, company: Company) -> None:
        company.sandbox.fault(system="kubernetes", kind="lost-reply", method="PATCH")
        company.sandbox.fault(system="jira", kind="lost-reply", method="POST")
        said = await company.do(scale_deployment, deployment="web-app", replicas=10, ticket="DEV-456")
        assert said.startswith("web-app in production went from 4 to 10 replicas")
        assert len(company.changes("kubernetes")) == 1 and company.comments("DEV-456").count(said) == 1

    @pytest.mark.parametrize(("system", "name"), [("newrelic", "New Relic"), ("rancher", "Rancher")])
    async def test_a_system_that_is_away_for_good_is_named(self, company: Company, system: str, name: str) -> None:
        company.sandbox.fault(system=system, kind="status", status=503, times=None)
        with pytest.raises(Unreachable, match=name):
            await company.do(scale_deployment, deployment="web-app", replicas=10)
