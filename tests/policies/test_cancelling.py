"""Cancelling a run (policies/runs.py): at once, wherever it waits, but never in the middle of a change.

That a wait was really left is heard from the wait itself; how often DBOS looks for cancelled runs: test_durable.py.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from victim import asks, one_by_one
from wiring import PATIENCE, DevOS

from policies.runs import NoSuchRun
from policies.steps import together, until


class Sleep:
    """Sleeps until it is cancelled, and says when it began and when it was."""

    def __init__(self) -> None:
        self.begun, self.left = asyncio.Event(), asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()


async def waits(devos: DevOS) -> str:
    await devos.kubernetes.restart("web-app", "staging")
    await until(lambda: devos.kubernetes.deployment("web-app"), lambda one: False, what="web-app rolls out")
    return "never"


async def cancelled(devos: DevOS, run: str, left: asyncio.Event) -> dict[str, Any]:
    """Cancel a run, hear that it left off, and return how it is shown."""
    async with asyncio.timeout(PATIENCE):
        assert await devos.runs.cancel(run, "bob", "web")
        await left.wait()
    shown = devos.runs.show(run)
    assert (shown["status"], shown["said"]) == ("cancelled", "Cancelled by bob.")
    (end,) = devos.log.entries(run=run, type="devos.run.finished")
    assert end.data == {"status": "cancelled", "by": "bob", "via": "web"}
    return shown


async def test_a_run_that_waits_for_an_answer_is_left_and_its_question_withdrawn(tmp_path: Path) -> None:
    sleep = Sleep()
    async with DevOS(tmp_path, tick=sleep) as devos:
        run = await devos.start(asks)
        question = await devos.asked(run)
        await sleep.begun.wait()
        shown = await cancelled(devos, run, sleep.left)
        assert shown["approvals"] == []
        assert devos.approvals.of_run(run)[0].status == "withdrawn"
        assert question["id"] not in [each.id for each in devos.approvals.open()]
        assert not devos.wire.journal("scale")


async def test_a_run_that_watches_is_left(devos: DevOS) -> None:
    devos.sleep = sleep = Sleep()
    run = await devos.start(waits)
    shown = await devos.when(run, lambda shown: shown["doing"] is not None)
    assert shown["doing"] == "web-app rolls out"
    await sleep.begun.wait()
    shown = await cancelled(devos, run, sleep.left)
    assert shown["doing"] is None
    assert shown["steps"][0]["status"] == "done"


async def test_a_frozen_run_is_left(devos: DevOS) -> None:
    devos.sleep = sleep = Sleep()
    devos.brake.freeze()
    run = await devos.start(one_by_one)
    shown = await devos.when(run, lambda shown: shown["status"] == "waiting")
    assert shown["waits_for"] == "`devos thaw`: every change is frozen"
    await sleep.begun.wait()
    await cancelled(devos, run, sleep.left)
    assert not devos.wire.journal()


async def test_branches_side_by_side_are_all_left(devos: DevOS) -> None:
    sleeps: list[Sleep] = []

    async def sleep(seconds: float) -> None:
        sleeps.append(Sleep())
        both.set() if len(sleeps) == 2 else None
        await sleeps[-1](seconds)

    async def watch(name: str) -> None:
        await until(lambda: devos.kubernetes.deployment(name), lambda one: False, what=name)

    async def both_wait(devos: DevOS) -> str:
        await devos.kubernetes.restart("web-app", "staging")
        await together(watch("web-app"), watch("checkout"))
        return "never"

    both, devos.sleep = asyncio.Event(), sleep
    run = await devos.start(both_wait)
    async with asyncio.timeout(PATIENCE):
        await both.wait()
        await cancelled(devos, run, sleeps[0].left)
        await sleeps[1].left.wait()


async def test_a_change_that_is_under_way_is_finished_and_recorded_first(devos: DevOS) -> None:
    begun, go_on, recorded = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await go_on.wait()

    tell = devos.door.waits.changed

    def changed(run: str) -> None:
        tell(run)
        if "action.done" in devos.types(run)[-2:]:
            recorded.set()

    devos.wire.before("scale", slow)
    run = await devos.start(one_by_one)
    await begun.wait()
    devos.door.waits.changed = changed
    cancelling = asyncio.create_task(devos.runs.cancel(run, "bob", "web"))
    async with asyncio.timeout(PATIENCE):
        await devos.when(run, lambda shown: shown["status"] == "cancelled")
        assert not devos.wire.journal() and not cancelling.done()
        go_on.set()
        await recorded.wait()
        assert await cancelling
    assert [each["name"] for each in devos.wire.journal()] == ["scale"]  # and nothing after it
    assert devos.runs.show(run)["steps"][1]["status"] == "done"
    assert devos.runs.show(run)["status"] == "cancelled"


async def test_a_cancelled_run_stays_cancelled_after_a_restart(tmp_path: Path, kill: Any) -> None:
    run = kill("asks")
    async with DevOS(tmp_path, requests=[asks, one_by_one]) as devos:
        await devos.asked(run)
        await devos.runs.cancel(run, "bob", "web")
    built = DevOS(tmp_path)
    assert built.runs.show(run)["status"] == "cancelled"
    assert built.runs._own("running") == []
    built.close()


async def test_a_run_that_has_ended_cannot_be_cancelled(devos: DevOS) -> None:
    shown = await devos.do(one_by_one)
    assert not await devos.runs.cancel(shown["run"], "bob", "web")
    assert devos.runs.show(shown["run"]) == shown
    with pytest.raises(NoSuchRun):
        await devos.runs.cancel("1", "bob", "web")
