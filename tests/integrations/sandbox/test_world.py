from __future__ import annotations

import asyncio
import stat
import threading
from pathlib import Path

import pytest

from integrations.sandbox.world import Event, World, utc_now


def test_what_is_put_can_be_read_and_makes_events(world: World) -> None:
    first = world.put("jira/issue", "DEV-1", {"summary": "Größe"})
    second = world.put("jira/issue", "DEV-1", {"summary": "Size"})
    third = world.delete("jira/issue", "DEV-1")
    assert first < second < third == world.revision
    assert world.get("jira/issue", "DEV-1") is None
    assert world.since("jira/issue", first) == [
        Event(second, "jira/issue", "DEV-1", "MODIFIED", {"summary": "Size"}),
        Event(third, "jira/issue", "DEV-1", "DELETED", {"summary": "Size"}),
    ]
    assert [event.type for event in world.since("jira/issue", 0)] == ["ADDED", "MODIFIED", "DELETED"]
    assert world.since("jira/comment", 0) == []


def test_a_dictionary_that_was_read_is_a_copy(world: World) -> None:
    body = {"labels": ["a"]}
    world.put("k", "1", body)
    body["labels"].append("b")
    found = world.get("k", "1")
    assert found == {"labels": ["a"]}
    found["labels"].append("c")
    assert world.get("k", "1") == {"labels": ["a"]}


def test_all_is_ordered_and_can_be_narrowed_to_a_prefix(world: World) -> None:
    for key in ("b/2", "a/1", "b/1", "b%2"):
        world.put("k", key, {"key": key})
    world.put("other", "b/3", {})
    assert list(world.all("k")) == ["a/1", "b%2", "b/1", "b/2"]
    assert world.all("k", "b/") == {"b/1": {"key": "b/1"}, "b/2": {"key": "b/2"}}


def test_deleting_what_is_not_there_is_no_event(world: World) -> None:
    before = world.put("k", "1", {})
    assert world.delete("k", "2") == before
    assert world.revision == before


def test_a_transaction_is_kept_whole_or_not_at_all(world: World) -> None:
    before = world.put("k", "1", {"n": 1})
    with pytest.raises(RuntimeError), world.transaction():
        world.put("k", "1", {"n": 2})
        with world.transaction():
            world.put("k", "2", {})
            world.next_number("CHG", 1)
        raise RuntimeError
    assert world.revision == before
    assert world.all("k") == {"1": {"n": 1}}
    assert world.next_number("CHG", 1) == 1
    assert world.put("k", "2", {}) == before + 1


def test_numbers_go_on_where_they_were(world: World, tmp_path: Path) -> None:
    assert [world.next_number("CHG", 30001) for _ in range(2)] == [30001, 30002]
    assert world.next_number("INC", 10001) == 10001
    again = World(tmp_path / "world")
    assert again.next_number("CHG", 30001) == 30003
    again.close()


def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    first = World(tmp_path)
    first.put("k", "1", {"n": 1})
    revision = first.put("k", "1", {"n": 2})
    first.change_settings(rollout_seconds=9)
    first.close()
    second = World(tmp_path)
    assert second.get("k", "1") == {"n": 2}
    assert [event.revision for event in second.since("k", 0)] == [revision - 1, revision]
    assert second.settings.rollout_seconds == 9
    assert second.revision == revision + 1
    second.close()


def test_clearing_looks_like_deletions_and_starts_the_counters_again(world: World) -> None:
    world.put("k", "1", {"n": 1})
    world.next_number("CHG", 5)
    world.change_settings(cdk_fails=True)
    before = world.revision
    world.clear()
    assert world.all("k") == {}
    assert [(event.type, event.key) for event in world.since("k", before)] == [("DELETED", "1")]
    assert world.next_number("CHG", 5) == 5
    assert world.settings.cdk_fails is False
    assert world.revision > before


def test_the_file_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    world = World(tmp_path / "new")
    world.put("k", "1", {})
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "new").iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    world.close()


async def test_a_change_wakes_who_waits_for_it(world: World) -> None:
    before = world.revision
    waiting = asyncio.create_task(world.changed(before, 60))
    await asyncio.sleep(0)
    thread = threading.Thread(target=world.put, args=("k", "1", {}))
    thread.start()
    assert await waiting is True
    thread.join()
    assert await world.changed(before, 60) is True


async def test_waiting_ends_when_nothing_happens(world: World) -> None:
    assert await world.changed(world.revision, 0.001) is False


async def test_what_is_rolled_back_wakes_nobody(world: World) -> None:
    waiting = asyncio.create_task(world.changed(world.revision, 0.05))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError), world.transaction():
        world.put("k", "1", {})
        raise RuntimeError
    assert await waiting is False


def test_settings_are_kept_and_checked(world: World) -> None:
    assert world.change_settings(cdk_seconds=1, pods_never_ready=["production/web-app"]).cdk_seconds == 1
    with pytest.raises(ValueError, match="there is no setting 'speed'"):
        world.change_settings(speed=1)
    assert world.settings.pods_never_ready == ("production/web-app",)


def test_the_clock_is_utc_unless_another_is_given(world: World, tmp_path: Path) -> None:
    assert world.now().isoformat() == "2026-03-02T09:00:00+00:00"
    assert utc_now().utcoffset().total_seconds() == 0  # type: ignore[union-attr]  # None would fail here too
