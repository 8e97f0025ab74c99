"""What is said to a question, or happens instead, one after the other."""

from __future__ import annotations

import asyncio
from typing import Any

from voices import PATIENCE, Stage

from daemon.asking.aloud import AskedAloud, Next
from daemon.confirming.replies import Reply
from daemon.confirming.words import Challenge

QUESTION: Any = None
"""Whose answers are waited for does not matter to the waiting."""


async def test_what_is_said_comes_in_order_and_nothing_at_all_leaves_it() -> None:
    stage = Stage()
    asked = AskedAloud(QUESTION, 0.0)
    first = stage.sentence("no"), Reply.NO
    asked.replies.put_nowait(first)
    asked.replies.put_nowait(Next.OVER)
    async with asyncio.timeout(PATIENCE):
        assert await asked.next(5, stage.clock.sleep) == first
        assert await asked.next(5, stage.clock.sleep) is Next.OVER
        waits = asyncio.create_task(asked.next(5, stage.clock.sleep))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waits.done()
        stage.clock.moves(5)
        assert await waits is Next.LEFT


async def test_no_words_stand_in_how_it_is_shown() -> None:
    asked = AskedAloud(QUESTION, 0.0, challenge=Challenge("tango", "7"))
    asked.replies.put_nowait((Stage().sentence("confirm tango seven"), Reply.WORDS))
    assert "tango" not in repr(asked)
