from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.sandbox.kubernetes_objects import Body, deployment, replica_set
from integrations.sandbox.kubernetes_pods import due, is_crashing, is_ready, make_crash, make_ready, pod
from integrations.sandbox.world import World

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SOON = AT + timedelta(seconds=2)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, lambda: AT)
    yield world
    world.close()


@pytest.fixture
def made(world: World) -> Body:
    owner = replica_set(world, deployment(world, {"name": "web", "namespace": "production"}, AT), 1, AT)
    return pod(world, owner, AT, SOON)


def conditions(body: Body) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["lastTransitionTime"]) for each in body["status"]["conditions"]}


def test_a_new_pod_waits_for_its_containers(made: Body) -> None:
    assert (made["status"]["phase"], is_ready(made), is_crashing(made), due(made)) == ("Pending", False, False, SOON)
    state = made["status"]["containerStatuses"][0]
    assert (state["state"], state["ready"]) == ({"waiting": {"reason": "ContainerCreating"}}, False)
    assert "podIP" not in made["status"]


def test_a_ready_pod_runs_since_then(made: Body) -> None:
    make_ready(made, SOON)
    assert (made["status"]["phase"], is_ready(made), due(made)) == ("Running", True, None)
    assert conditions(made)["Ready"] == ("True", "2026-03-02T09:00:02Z")
    assert conditions(made)["PodScheduled"] == ("True", "2026-03-02T09:00:00Z")
    state = made["status"]["containerStatuses"][0]
    assert state["state"] == {"running": {"startedAt": "2026-03-02T09:00:02Z"}}
    assert state["ready"]
    assert state["imageID"].startswith(f"{state['image']}@sha256:")


def test_a_crashing_pod_says_so_and_may_recover(made: Body) -> None:
    make_crash(made)
    state = made["status"]["containerStatuses"][0]
    assert (is_ready(made), is_crashing(made), due(made)) == (False, True, None)
    assert (state["state"]["waiting"]["reason"], state["restartCount"]) == ("CrashLoopBackOff", 1)
    assert state["lastState"]["terminated"]["exitCode"] == 1
    make_ready(made, SOON)
    assert (is_ready(made), is_crashing(made)) == (True, False)


def test_pods_are_spread_over_nodes_and_addresses(world: World) -> None:
    owner = replica_set(world, deployment(world, {"name": "web", "namespace": "production"}, AT), 1, AT)
    pods = [pod(world, owner, AT, SOON) for _ in range(6)]
    for each in pods:
        make_ready(each, AT)
    assert len({each["spec"]["nodeName"] for each in pods}) == 3
    assert len({each["status"]["podIP"] for each in pods}) == 6
    assert len({each["metadata"]["name"] for each in pods}) == 6
