"""Where an action may be called, and what is said where it may not."""

from __future__ import annotations

import asyncio

import pytest
from cluster import Wire
from wiring import DevOS

from policies.action import Effect, OutsideRun, Preview, action, idempotency_key
from policies.order import together
from policies.scope import Manner, current_manner, in_manner, performing


class Nested:
    """Actions that do what actions may not."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    @action(Effect.READ)
    async def plain(self) -> int:
        """Read."""
        return 1

    @action(Effect.READ)
    async def calls(self) -> int:
        """Call another action."""
        return await self.plain()

    @action(Effect.CHANGE)
    async def previewed(self) -> None:
        """Change."""

    @previewed.preview
    async def _preview(self) -> Preview:
        return Preview(str(await self.plain()))


async def test_outside_a_run_an_action_says_how_to_start_one(house: DevOS) -> None:
    with pytest.raises(OutsideRun, match=r"kubernetes.deployment was called outside a run.*devos say"):
        await house.kubernetes.deployment("web-app")


async def test_inside_another_action_it_says_what_to_share() -> None:
    nested = Nested(Wire)  # type: ignore[arg-type]  # never used
    with pytest.raises(OutsideRun, match=r"nested.plain was called inside nested.calls. Share a plain method"):
        await nested.calls.call().perform("key")
    with pytest.raises(OutsideRun, match=r"nested.plain was called inside nested.previewed"):
        await nested.previewed.call().preview()


async def test_in_a_stray_task_it_says_together(house: DevOS) -> None:
    async def strays(house: DevOS) -> str:
        async def stray() -> None:
            await house.kubernetes.deployment("web-app")

        await asyncio.create_task(stray())
        return "never"

    with pytest.raises(OutsideRun, match=r"kubernetes.deployment was called in a stray task.*together"):
        await house.take(strays)
    assert not house.log.entries(run="run-1")


async def test_a_branch_of_together_is_no_stray_task(house: DevOS) -> None:
    async def two(house: DevOS) -> str:
        found = await together(house.kubernetes.deployment("web-app"), house.kubernetes.deployment("checkout"))
        return " ".join(each.name for each in found)

    assert await house.take(two) == "web-app checkout"


async def test_a_scope_ends_where_it_was_left(house: DevOS) -> None:
    async def nothing(house: DevOS) -> str:
        return "done"

    await house.take(nothing)
    with pytest.raises(OutsideRun, match="outside a run"):
        await house.kubernetes.deployment("web-app")


def test_the_idempotency_key_belongs_to_what_is_being_performed() -> None:
    with pytest.raises(OutsideRun, match="only inside an action"):
        idempotency_key()
    with performing("kubernetes.scale", "key-1"):
        assert idempotency_key() == "key-1"
        with performing("kubernetes.scale", None), pytest.raises(OutsideRun, match="only inside an action"):
            idempotency_key()
    with pytest.raises(OutsideRun, match="only inside an action"):
        idempotency_key()


def test_a_manner_holds_for_the_calls_made_inside(house: DevOS) -> None:
    with in_manner(Manner(offered=True)):
        inside = house.kubernetes.restart.call("web-app", "staging")
    assert inside.manner.offered
    assert not house.kubernetes.restart.call("web-app", "staging").manner.offered
    assert current_manner() == Manner()
