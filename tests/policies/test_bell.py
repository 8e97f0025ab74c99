"""Ringing for whoever listens, on whichever loop."""

from __future__ import annotations

import asyncio
import threading

from policies.bell import Bell


async def test_whoever_listens_hears_the_next_ring_and_no_earlier_one() -> None:
    bell = Bell()
    bell.ring()
    first, second = bell.listen(), bell.listen()
    await asyncio.sleep(0)
    assert not first.done()
    bell.ring()
    await asyncio.gather(first, second)
    third = bell.listen()
    await asyncio.sleep(0)
    assert not third.done()
    third.cancel()


async def test_a_ring_from_another_thread_is_heard() -> None:
    bell = Bell()
    heard = bell.listen()
    ringing = threading.Thread(target=bell.ring)
    ringing.start()
    async with asyncio.timeout(20):
        await heard
    ringing.join()


async def test_who_gave_up_is_not_woken() -> None:
    bell = Bell()
    gone, other = bell.listen(), bell.listen()
    gone.cancel()
    bell.ring()
    other.cancel()  # between the ring and its being heard
    await asyncio.sleep(0)
    assert gone.cancelled() and other.cancelled()


def test_a_loop_that_is_closed_is_no_fault() -> None:
    bell = Bell()

    async def listens() -> None:
        bell.listen()

    asyncio.run(listens())
    bell.ring()
