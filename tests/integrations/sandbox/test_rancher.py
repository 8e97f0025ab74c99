from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.sandbox.rancher import CLUSTER, summary
from integrations.sandbox.server import served
from integrations.sandbox.world import World

KEY = {"Authorization": "Bearer token-4xk7p:s3cr3t"}


class Rancher:
    """Rancher and the cluster behind it, by HTTP, at a time the test sets."""

    def __init__(self, world: World, http: httpx.Client, kubernetes: str) -> None:
        self.world, self.http, self.kubernetes = world, http, kubernetes

    def get(self, path: str, **query: str) -> Any:
        response = self.http.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def workload(self, name: str = "web-app", namespace: str = "production") -> Any:
        project = next(each for each in self.get("/v3/projects")["data"] if each["name"] == namespace.title())
        found = self.get(f"/v3/project/{project['id']}/workloads", name=name)["data"]
        assert len(found) == 1
        return found[0]

    def scale(self, replicas: int) -> None:
        path = f"{self.kubernetes}/apis/apps/v1/namespaces/production/deployments/web-app/scale"
        headers = {**KEY, "Content-Type": "application/merge-patch+json"}
        httpx.patch(path, headers=headers, json={"spec": {"replicas": replicas}}).raise_for_status()


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rancher(tmp_path: Path, clock: Clock) -> Iterator[Rancher]:
    with (
        served(tmp_path, clock) as (world, endpoints),
        httpx.Client(base_url=endpoints.rancher, headers=KEY) as http,
    ):
        yield Rancher(world, http, endpoints.kubernetes)


@pytest.mark.parametrize("header", ["", "Bearer nonsense", "Basic !!", "Digest token-1:2"])
def test_without_a_key_there_is_no_answer(rancher: Rancher, header: str) -> None:
    answer = rancher.http.get("/v3/clusters", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json() == {"type": "error", "status": "401", "message": "must authenticate"}


def test_a_key_may_come_in_two_halves(rancher: Rancher) -> None:
    answer = httpx.get(f"{rancher.http.base_url}/v3", auth=("token-4xk7p", "s3cr3t"))
    assert answer.json()["type"] == "apiRoot"


def test_the_root_leads_to_the_clusters_and_on_to_a_workload(rancher: Rancher) -> None:
    clusters = rancher.get(rancher.get("/v3")["links"]["clusters"])
    assert (clusters["type"], clusters["resourceType"], clusters["pagination"]["total"]) == ("collection", "cluster", 1)
    cluster = clusters["data"][0]
    assert (cluster["id"], cluster["name"], cluster["state"]) == (CLUSTER, "larkfield-main", "active")
    assert rancher.get(cluster["links"]["self"]) == cluster
    projects = rancher.get(cluster["links"]["projects"])["data"]
    assert {each["name"] for each in projects} == {"Default", "System", "Production", "Staging"}
    project = next(each for each in projects if each["name"] == "Production")
    assert project["id"].startswith(f"{CLUSTER}:p-")
    assert rancher.get(project["links"]["self"]) == project
    workloads = rancher.get(project["links"]["workloads"])["data"]
    assert len(workloads) == 6
    assert {each["namespaceId"] for each in workloads} == {"production"}
    assert rancher.get(workloads[0]["links"]["self"]) == workloads[0]


def test_a_workload(rancher: Rancher) -> None:
    workload = rancher.workload()
    assert workload["id"] == "deployment:production:web-app"
    assert (workload["type"], workload["baseType"]) == ("deployment", "workload")
    assert (workload["state"], workload["transitioning"], workload["transitioningMessage"]) == ("active", "no", "")
    assert workload["scale"] == 4
    assert workload["containers"][0]["image"] == "registry.example.com/web-app:5.12.3"
    assert workload["deploymentStatus"]["readyReplicas"] == 4
    assert workload["deploymentConfig"]["strategy"] == "RollingUpdate"
    assert datetime.fromtimestamp(workload["createdTS"] / 1000, UTC) == datetime.fromisoformat(workload["created"])


def test_a_workload_is_updating_until_its_pods_are_ready(rancher: Rancher, clock: Clock) -> None:
    rancher.scale(6)
    workload = rancher.workload()
    assert (workload["state"], workload["transitioning"]) == ("updating", "yes")
    assert workload["transitioningMessage"] == "upgrading workload"
    assert workload["deploymentStatus"]["unavailableReplicas"] == 2
    assert summary(rancher.world)["workloads"]["production/web-app"] == "updating"
    clock.at += timedelta(seconds=rancher.world.settings.rollout_seconds)
    assert rancher.workload()["state"] == "active"
    assert rancher.workload()["scale"] == 6
    assert summary(rancher.world)["workloads"]["production/web-app"] == "active"


def test_deployments_are_the_workloads(rancher: Rancher) -> None:
    workload = rancher.workload()
    path = f"/v3/project/{workload['projectId']}/deployments"
    assert workload in rancher.get(path)["data"]
    assert rancher.get(f"{path}/{workload['id']}")["uuid"] == workload["uuid"]


def test_namespaces_say_their_project(rancher: Rancher) -> None:
    namespace = rancher.get(f"/v3/cluster/{CLUSTER}/namespaces/staging")
    assert namespace["projectId"] == rancher.workload("checkout", "staging")["projectId"]
    assert len(rancher.get(f"/v3/cluster/{CLUSTER}/namespaces")["data"]) == 4


def test_filters_and_pages(rancher: Rancher) -> None:
    path = f"/v3/project/{rancher.workload()['projectId']}/workloads"
    others = rancher.get(path, name_ne="web-app")["data"]
    assert "web-app" not in {each["name"] for each in others}
    assert len(others) == 5
    page = rancher.get(path, limit="4")
    assert (len(page["data"]), page["pagination"]["total"], page["pagination"]["partial"]) == (4, 6, True)
    rest = rancher.get(page["pagination"]["next"])
    assert "next" not in rest["pagination"]
    assert len({each["id"] for each in page["data"] + rest["data"]}) == 6


@pytest.mark.parametrize(
    "path", ["/v3/clusters/c-nope", f"/v3/projects/{CLUSTER}:p-nope", "/v3/nothings", "/v3/project/x/workloads/y"]
)
def test_what_is_not_there(rancher: Rancher, path: str) -> None:
    answer = rancher.http.get(path)
    assert answer.status_code == 404
    body = answer.json()
    assert (body["type"], body["status"], body["code"]) == ("error", 404, "NotFound")


def test_nothing_can_be_written_here(rancher: Rancher) -> None:
    answer = rancher.http.post("/v3/clusters", json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "MethodNotAllowed")


def test_the_proxy_leads_to_the_cluster(rancher: Rancher) -> None:
    path = "/apis/apps/v1/namespaces/production/deployments/web-app"
    body = rancher.get(f"/k8s/clusters/{CLUSTER}{path}")
    assert body == httpx.get(rancher.kubernetes + path, headers=KEY).json()
