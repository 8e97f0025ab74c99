from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.kubernetes_objects import Body, namespace, remove, store
from integrations.sandbox.kubernetes_resources import NAMESPACES
from integrations.sandbox.kubernetes_selection import selection
from integrations.sandbox.kubernetes_watch import Watch
from integrations.sandbox.world import World

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, lambda: AT + timedelta(0))
    store(world, namespace(world, "production", AT))
    yield world
    world.close()


def watch(world: World, start: int | None, mark: bool = False, **query: str) -> AsyncIterator[bytes]:
    wanted = selection(NAMESPACES, "", "", query)
    return Watch(world, NAMESPACES, wanted, lambda body, first: {**body, "first": first}).lines(start, 30, mark)


async def following(lines: AsyncIterator[bytes]) -> tuple[str, dict[str, Any]]:
    line = await anext(lines)
    assert line.endswith(b"\n")
    event = json.loads(line)
    return event["type"], event["object"]


def labelled(world: World, name: str, **labels: str) -> Body:
    body = world.get("kubernetes/namespace", name) or namespace(world, name, AT)
    body["metadata"]["labels"] = labels
    store(world, body)
    return body


async def test_everything_there_is_then_what_changes(world: World) -> None:
    lines = watch(world, None)
    type_, body = await following(lines)
    assert (type_, body["metadata"]["name"], body["first"]) == ("ADDED", "production", True)
    store(world, namespace(world, "staging", AT))
    type_, body = await following(lines)
    assert (type_, body["metadata"]["name"], body["first"]) == ("ADDED", "staging", False)
    remove(world, body)
    deleted = world.revision
    type_, body = await following(lines)
    assert (type_, body["metadata"]["name"]) == ("DELETED", "staging")
    assert body["metadata"]["resourceVersion"] == str(deleted)


async def test_a_bookmark_says_that_everything_was_told(world: World) -> None:
    lines = watch(world, None, mark=True)
    await following(lines)
    type_, body = await following(lines)
    assert type_ == "BOOKMARK"
    assert body["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert body["metadata"]["resourceVersion"] == str(world.revision)


async def test_only_what_came_after_a_version(world: World) -> None:
    before = world.revision
    labelled(world, "production", team="web")
    lines = watch(world, before)
    assert (await following(lines))[0] == "MODIFIED"


async def test_objects_come_into_a_selection_and_leave_it(world: World) -> None:
    lines = watch(world, None, labelSelector="team=web")
    labelled(world, "staging", team="web")
    assert (await following(lines))[0] == "ADDED"
    labelled(world, "production", team="web")
    type_, body = await following(lines)
    assert (type_, body["metadata"]["name"]) == ("ADDED", "production")
    labelled(world, "staging", team="shop")
    type_, body = await following(lines)
    assert (type_, body["metadata"]["name"]) == ("DELETED", "staging")
    labelled(world, "staging", team="none")
    labelled(world, "production", team="web")
    type_, body = await following(lines)
    assert (type_, body["metadata"]["name"]) == ("MODIFIED", "production")


async def test_a_watch_ends(world: World) -> None:
    wanted = selection(NAMESPACES, "", "", {})
    lines = Watch(world, NAMESPACES, wanted, lambda body, first: body).lines(None, 0, False)
    assert len([line async for line in lines]) == 1
