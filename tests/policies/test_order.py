"""Steps side by side: numbers by the order of calls, whoever is faster, also across kill -9."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cluster import NoSuch
from victim import WORKFLOWS
from wiring import DevOS

from policies.action import Call, OutsideRun, entered
from policies.order import BLOCK, Order, TooManySteps, together


class Numbers:
    """A scope that answers every call with the number it got."""

    def __init__(self) -> None:
        self.order = Order(count(1).__next__)

    def enter(self, call: Call[Any]) -> Any:
        return self.answer(self.order.next())

    async def answer(self, number: int) -> int:
        return number


@pytest.mark.parametrize(("slow", "fast"), [("web-app", "checkout"), ("checkout", "web-app")])
async def test_branches_killed_in_the_middle_keep_their_own_results(
    tmp_path: Path, kill: Callable[..., str], slow: str, fast: str
) -> None:
    (tmp_path / "slow").write_text(slow)
    run = kill("side_by_side", "before", "read", 4)
    (tmp_path / "slow").write_text(fast)
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        said = (await devos.ended(run))["said"]
        first, second = devos.wire.journal()  # each announced once, the fast one first
    assert (first["about"], second["about"]) == (fast, slow)
    number = {fast: "M1", slow: "M2"}
    assert said == "; ".join(f"{name}: {name} {number[name]} {name}" for name in ("web-app", "checkout"))


async def test_numbers_are_drawn_by_the_order_of_calls_and_not_of_awaits(house: DevOS) -> None:
    with entered(Numbers()):
        first, second = house.kubernetes.deployment("a"), house.kubernetes.deployment("b")
        assert (await second, await first) == (2, 1)


async def test_every_branch_has_a_block_of_its_own(house: DevOS) -> None:
    async def branch(name: str, waits: asyncio.Event | None, sets: asyncio.Event | None) -> list[int]:
        if waits:
            await waits.wait()
        numbers = [await house.kubernetes.deployment(name), await house.kubernetes.deployment(name)]
        if sets:
            sets.set()
        return numbers

    done = asyncio.Event()
    with entered(Numbers()):
        assert await house.kubernetes.deployment("before") == 1
        first, second = await together(branch("a", done, None), branch("b", None, done))
        assert (first, second) == ([2, 3], [2 + BLOCK, 3 + BLOCK])
        assert await house.kubernetes.deployment("after") == 2 + 2 * BLOCK


async def test_a_call_made_before_together_keeps_the_number_it_drew(house: DevOS) -> None:
    with entered(Numbers()):
        assert await together(house.kubernetes.deployment("a"), house.kubernetes.deployment("b")) == (1, 2)


async def test_waits_for_all_and_then_raises_the_first_error_in_the_order_of_branches() -> None:
    last, ended = asyncio.Event(), []

    async def late() -> None:
        await last.wait()
        ended.append("late")
        raise NoSuch("late")

    async def early() -> None:
        ended.append("early")
        raise NoSuch("early")

    async def well() -> None:
        last.set()
        ended.append("well")

    with entered(Numbers()), pytest.raises(NoSuch, match="late"):
        await together(late(), early(), well())
    assert ended == ["early", "well", "late"]


async def test_the_errors_that_are_not_raised_are_not_complained_about(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise NoSuch("thing")

    with entered(Numbers()), pytest.raises(NoSuch):
        await together(fails(), fails())
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_cancelling_reaches_every_branch() -> None:
    begun, stopped = [asyncio.Event(), asyncio.Event()], []

    async def branch(number: int) -> None:
        begun[number].set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(number)

    async def both() -> None:
        with entered(Numbers()):
            await together(branch(0), branch(1))

    task = asyncio.create_task(both())
    for each in begun:
        await each.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(stopped) == [0, 1]


async def test_branches_of_branches_are_refused_and_leave_nothing_running() -> None:
    async def nothing() -> None: ...

    async def nested() -> None:
        await together(nothing(), nothing())

    with entered(Numbers()), pytest.raises(TooManySteps, match="make all branches in one call"):
        await together(nested(), nothing())


async def test_a_branch_has_no_more_steps_than_its_block(house: DevOS) -> None:
    async def branch(steps: int) -> None:
        for _ in range(steps):
            await house.kubernetes.deployment("a")

    with entered(Numbers()):
        await together(branch(BLOCK), branch(1))
        with pytest.raises(TooManySteps, match=f"more than {BLOCK} steps"):
            await together(branch(BLOCK + 1), branch(1))


async def test_no_branches_have_no_results() -> None:
    with entered(Numbers()):
        assert await together(*[]) == ()


async def test_outside_a_run_the_branches_are_not_begun() -> None:
    begun = []

    async def branch() -> None:
        begun.append(True)

    branches = [branch(), branch()]
    with pytest.raises(OutsideRun, match="together was called outside a run"):
        await together(*branches)
    assert not begun
