from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.kubernetes_objects import Body, deployment, store
from integrations.sandbox.kubernetes_pods import is_crashing, is_ready
from integrations.sandbox.kubernetes_rollout import advance, reconcile
from integrations.sandbox.world import World

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Cluster:
    """One deployment and its controller, at a time the test sets."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.world = World(folder, lambda: self.now)
        body = deployment(
            self.world, {"name": "web", "namespace": "production", "replicas": 4, "image": "web:1"}, START
        )
        store(self.world, body)
        advance(self.world, body, START)
        self.later(60)

    @property
    def body(self) -> Body:
        body = self.world.get("kubernetes/deployment", "production/web")
        assert body is not None
        return body

    @property
    def pods(self) -> list[Body]:
        return list(self.world.all("kubernetes/pod").values())

    @property
    def ready(self) -> int:
        return sum(is_ready(each) for each in self.pods)

    def change(self, **spec: Any) -> None:
        body = self.body
        image = spec.pop("image", None)
        if image is not None:
            body["spec"]["template"]["spec"]["containers"][0]["image"] = image
        body["spec"] |= spec
        body["metadata"]["generation"] += 1
        store(self.world, body)
        reconcile(self.world)

    def later(self, seconds: float) -> datetime | None:
        self.now += timedelta(seconds=seconds)
        return reconcile(self.world)

    def events(self, reason: str) -> list[str]:
        events = self.world.all("kubernetes/event").values()
        return [each["message"] for each in events if each["reason"] == reason]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.world.close()


def test_pods_become_ready_one_by_one_over_the_rollouts_time(cluster: Cluster) -> None:
    cluster.change(replicas=10)
    assert (len(cluster.pods), cluster.ready) == (10, 4)
    counts = []
    for _ in range(6):
        cluster.later(0.5)
        counts.append(cluster.ready)
    assert counts == [5, 6, 7, 8, 9, 10]
    assert cluster.later(0) is None


def test_the_next_moment_is_known(cluster: Cluster) -> None:
    cluster.change(replicas=5)
    assert cluster.later(0) == cluster.now + timedelta(seconds=3)


def test_what_happened_unseen_has_its_own_times(cluster: Cluster) -> None:
    cluster.change(replicas=6)
    begun = cluster.now
    cluster.later(3600)
    times = {
        each["lastTransitionTime"]
        for pod in cluster.pods
        for each in pod["status"]["conditions"]
        if each["type"] == "Ready"
    }
    assert (begun + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%SZ") in times
    assert cluster.now.strftime("%Y-%m-%dT%H:%M:%SZ") not in times


def test_every_step_is_an_event_of_the_world(cluster: Cluster) -> None:
    before = cluster.world.revision
    cluster.change(replicas=6)
    cluster.later(60)
    steps = [each.body["status"].get("readyReplicas") for each in cluster.world.since("kubernetes/deployment", before)]
    assert steps == [4, 4, 5, 6]


def test_looking_again_costs_no_more_than_a_glance(cluster: Cluster) -> None:
    asked: list[str] = []
    cluster.later(1)
    cluster.world.database.set_trace_callback(asked.append)
    cluster.later(1)
    assert len(asked) == 1


def test_nothing_is_written_when_nothing_happens(cluster: Cluster) -> None:
    before = cluster.world.revision
    cluster.later(3600)
    assert cluster.world.revision == before


def test_a_rollout_may_take_no_time(cluster: Cluster) -> None:
    cluster.world.change_settings(rollout_seconds=0)
    cluster.change(replicas=9)
    assert cluster.ready == 9


def test_scaling_down_takes_the_youngest_and_the_unready_first(cluster: Cluster) -> None:
    old = {each["metadata"]["name"] for each in cluster.pods}
    cluster.change(replicas=7)
    cluster.later(1)
    cluster.change(replicas=4)
    assert {each["metadata"]["name"] for each in cluster.pods} == old


def test_pods_that_are_never_ready_crash_and_say_why(cluster: Cluster) -> None:
    cluster.world.change_settings(pods_never_ready=["production/web"])
    cluster.change(replicas=6)
    assert cluster.events("BackOff") == []
    cluster.later(3600)
    crashing = [each for each in cluster.pods if is_crashing(each)]
    assert (len(crashing), cluster.ready) == (2, 4)
    assert {each["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] for each in crashing} == {
        "CrashLoopBackOff"
    }
    assert len(cluster.events("BackOff")) == 2
    name = crashing[0]["metadata"]["name"]
    assert any(
        f"restarting failed container web in pod {name}_production" in each for each in cluster.events("BackOff")
    )


def test_they_recover_when_the_cause_is_gone(cluster: Cluster) -> None:
    cluster.world.change_settings(pods_never_ready=["production/web"])
    cluster.change(replicas=6)
    cluster.later(60)
    cluster.world.change_settings(pods_never_ready=[])
    cluster.later(0)
    assert cluster.ready == 6


def test_a_new_image_never_has_too_many_or_too_few_pods(cluster: Cluster) -> None:
    cluster.change(image="web:2")
    while cluster.later(0) is not None:
        assert len(cluster.pods) <= 5
        assert cluster.ready >= 3
        cluster.later(0.25)
    assert {each["spec"]["containers"][0]["image"] for each in cluster.pods} == {"web:2"}
    assert cluster.ready == 4
    sets = cluster.world.all("kubernetes/replicaset").values()
    revisions = {each["metadata"]["annotations"]["deployment.kubernetes.io/revision"]: each for each in sets}
    assert (revisions["1"]["spec"]["replicas"], revisions["2"]["spec"]["replicas"]) == (0, 4)


def test_going_back_to_an_old_image_takes_its_replica_set_up_again(cluster: Cluster) -> None:
    cluster.change(image="web:2")
    cluster.later(60)
    cluster.change(image="web:1")
    cluster.later(60)
    sets = list(cluster.world.all("kubernetes/replicaset").values())
    assert len(sets) == 2
    assert cluster.body["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert {each["spec"]["containers"][0]["image"] for each in cluster.pods} == {"web:1"}


def test_recreating_removes_all_before_it_makes_any(cluster: Cluster) -> None:
    cluster.change(image="web:2", strategy={"type": "Recreate"})
    assert cluster.ready == 0
    assert {each["spec"]["containers"][0]["image"] for each in cluster.pods} == {"web:2"}


def test_a_paused_deployment_keeps_its_template_but_scales(cluster: Cluster) -> None:
    cluster.change(image="web:2", paused=True, replicas=5)
    cluster.later(60)
    assert cluster.ready == 5
    assert {each["spec"]["containers"][0]["image"] for each in cluster.pods} == {"web:1"}


def test_events_tell_who_was_scaled(cluster: Cluster) -> None:
    cluster.change(replicas=2)
    name = next(iter(cluster.world.all("kubernetes/replicaset").values()))["metadata"]["name"]
    assert f"Scaled down replica set {name} from 4 to 2" in cluster.events("ScalingReplicaSet")
    assert len(cluster.events("SuccessfulDelete")) == 2


def test_deployments_with_similar_names_are_apart(cluster: Cluster) -> None:
    other = deployment(cluster.world, {"name": "web-shop", "namespace": "production", "replicas": 2}, START)
    store(cluster.world, other)
    cluster.later(0)
    cluster.later(60)
    assert cluster.body["status"]["replicas"] == 4
    assert cluster.ready == 6
