from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.sandbox.kubernetes_objects import (
    deployment,
    event,
    key_of,
    namespace,
    remove,
    replica_set,
    shown,
    stamp,
    store,
    template_hash,
)
from integrations.sandbox.world import World

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WANTED = {"name": "web-app", "namespace": "production", "replicas": 4, "image": "web:1", "cpu": "250m", "memory": "1Gi"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, lambda: AT)
    yield world
    world.close()


def test_stored_objects_carry_the_revision_of_their_event(world: World) -> None:
    body = namespace(world, "production", AT)
    store(world, body)
    store(world, body)
    kept = world.get("kubernetes/namespace", "production")
    assert kept is not None
    assert kept["metadata"]["resourceVersion"] == str(world.revision)
    versions = [each.body["metadata"]["resourceVersion"] for each in world.since("kubernetes/namespace", 0)]
    assert versions == [str(each.revision) for each in world.since("kubernetes/namespace", 0)]


def test_removed_objects_are_gone(world: World) -> None:
    body = deployment(world, WANTED, AT)
    store(world, body)
    remove(world, body)
    assert world.get("kubernetes/deployment", key_of(body)) is None


def test_a_deployment_is_what_was_wanted(world: World) -> None:
    body = deployment(world, WANTED, AT)
    container = body["spec"]["template"]["spec"]["containers"][0]
    assert key_of(body) == "production/web-app"
    assert (body["spec"]["replicas"], container["image"]) == (4, "web:1")
    assert container["resources"]["limits"] == {"cpu": "250m", "memory": "1Gi"}
    assert body["metadata"]["creationTimestamp"] == stamp(AT) == "2026-03-02T09:00:00Z"


def test_what_is_not_said_has_a_default(world: World) -> None:
    body = deployment(world, {"name": "x", "namespace": "y"}, AT)
    assert body["spec"]["replicas"] == 1
    assert body["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example.com/x:1.0.0"


def test_the_same_template_has_the_same_name(world: World) -> None:
    one, other = deployment(world, WANTED, AT), deployment(world, {**WANTED, "replicas": 9}, AT)
    assert template_hash(one) == template_hash(other)
    assert template_hash(one) != template_hash(deployment(world, {**WANTED, "image": "web:2"}, AT))
    assert one["metadata"]["uid"] != other["metadata"]["uid"]


def test_a_replica_set_is_owned_and_labelled(world: World) -> None:
    owner = deployment(world, WANTED, AT)
    made = replica_set(world, owner, 3, AT)
    code = template_hash(owner)
    assert made["metadata"]["name"] == f"web-app-{code}"
    assert made["metadata"]["annotations"] == {"deployment.kubernetes.io/revision": "3"}
    assert made["spec"]["template"]["metadata"]["labels"] == {"app": "web-app", "pod-template-hash": code}
    assert made["metadata"]["ownerReferences"][0]["uid"] == owner["metadata"]["uid"]
    assert owner["spec"]["template"]["metadata"]["labels"] == {"app": "web-app"}


def test_events_at_one_moment_have_different_names(world: World) -> None:
    about = deployment(world, WANTED, AT)
    first, second = (event(world, about, "Why", "What", AT, "who", "Normal") for _ in range(2))
    assert first["metadata"]["name"] != second["metadata"]["name"]
    assert first["involvedObject"]["uid"] == about["metadata"]["uid"]
    assert (first["reason"], first["message"], first["count"]) == ("Why", "What", 1)


def test_what_the_simulation_remembers_is_not_shown() -> None:
    assert shown({"kind": "Pod", "sandbox": {"number": 1}}) == {"kind": "Pod"}
