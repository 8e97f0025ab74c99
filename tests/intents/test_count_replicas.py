"""How many replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integrations.kubernetes import Deployment, NoSuchDeployment
from intents.count_replicas import Count, count_replicas
from policies.action import Unreachable

if TYPE_CHECKING:
    from tests.intents.conftest import Company


class Cluster:
    """A double of Kubernetes with one deployment."""

    def __init__(self, replicas: int, ready: int) -> None:
        self._replicas, self._ready = replicas, ready

    async def deployment(self, name: str, namespace: str) -> Deployment:
        return Deployment(name, namespace, self._replicas, self._ready, "image:1", 1)


@pytest.mark.parametrize(
    ("replicas", "ready", "said"),
    [
        (4, 4, "web-app has 4 replicas in production, all ready."),
        (1, 1, "web-app has 1 replica in production, all ready."),
        (10, 3, "web-app has 10 replicas in production, 3 of them ready."),
        (0, 0, "web-app has 0 replicas in production, all ready."),
    ],
)
async def test_what_is_said_follows_the_numbers(replicas: int, ready: int, said: str) -> None:
    assert await count_replicas(Count("web-app"), Cluster(replicas, ready)) == said


async def test_over_the_systems(company: Company) -> None:
    assert await company.do(count_replicas, deployment="web-app") == (
        "web-app has 4 replicas in production, all ready."
    )
    assert await company.do(count_replicas, deployment="checkout", namespace="staging") == (
        "checkout has 2 replicas in staging, all ready."
    )
    assert not company.asked and not company.changes("kubernetes")


async def test_a_deployment_that_does_not_exist(company: Company) -> None:
    with pytest.raises(NoSuchDeployment, match="no deployment 'web-ap' in production; did you mean web-app"):
        await company.do(count_replicas, deployment="web-ap")


async def test_a_cluster_that_is_away_for_a_moment_and_for_good(company: Company) -> None:
    company.sandbox.fault(system="kubernetes", kind="drop", times=2)
    assert "web-app has 4 replicas" in await company.do(count_replicas, deployment="web-app")
    company.sandbox.fault(system="kubernetes", kind="status", status=503, times=None)
    with pytest.raises(Unreachable, match="Kubernetes"):
        await company.do(count_replicas, deployment="web-app")
