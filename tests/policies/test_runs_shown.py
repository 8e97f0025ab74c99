"""How a run is shown: whole, live, newest first, and ended only once its end is recorded."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from threading import local

import pytest
import sqlalchemy as sa
from victim import asks, one_by_one
from wiring import DevOS

from policies.runs import NoSuchRun
from policies.store import runs_table


@pytest.fixture
async def devos(tmp_path: Path, database: str) -> AsyncIterator[DevOS]:
    async with DevOS(tmp_path, url=database) as launched:
        yield launched


async def test_a_run_is_shown_as_the_contract_says(devos: DevOS) -> None:
    run = await devos.start(asks)
    question = await devos.asked(run)
    shown = json.loads(json.dumps(devos.runs.show(run)))
    first, second = shown.pop("steps")
    assert isinstance(shown.pop("ms"), int)
    assert datetime.fromisoformat(shown.pop("started")) <= datetime.fromisoformat(first["started"])
    assert shown == {
        "run": run,
        "utterance": {"text": "do asks", "channel": "typed", "confidence": 1.0},
        "intent": "asks",
        "slots": {},
        "tier": "simple",
        "status": "asking",
        "said": None,
        "cost_usd": 0.0,
        "approvals": [question],
        "waits_for": None,
        "doing": None,
    }
    assert list(first) == [
        *("n", "action", "args", "decision", "rule", "approved_by", "via", "status", "started", "ms", "result")
    ]
    assert (first["n"], first["action"], first["status"], first["result"]) == (1, "kubernetes.announce", "done", "M1")
    assert (second["n"], second["status"], second["decision"], second["rule"]) == (
        2,
        "asking",
        "confirm",
        "changes-in-production",
    )
    await devos.agree(run)
    ended = await devos.ended(run)
    assert (ended["status"], ended["said"], ended["approvals"]) == ("done", "now 6", [])
    assert ended["steps"][1]["approved_by"] == "ana"
    assert devos.runs.show(run) == ended  # its milliseconds stand still
    assert ended == devos.runs.newest()[0]


async def test_runs_are_followed_from_now_on_until_they_end(devos: DevOS) -> None:
    run = await devos.start(asks)
    seen = []
    async for shown in devos.runs.follow(run):
        seen.append(shown["status"])
        if shown["status"] == "asking" and seen.count("asking") == 1:
            await devos.agree(run, False, because="not today")
    assert seen[-1] == "denied"
    assert seen.index("asking") < seen.index("denied")
    assert [each["said"] async for each in devos.runs.follow(run)] == ["ana said no: not today"]


async def test_the_newest_run_comes_first(devos: DevOS) -> None:
    runs = [await devos.start(one_by_one) for _ in range(3)]
    assert [shown["run"] for shown in devos.runs.newest(2)] == runs[:0:-1]
    for run in runs:
        await devos.ended(run)


async def test_an_end_that_is_shown_stands_in_the_log(devos: DevOS) -> None:
    async def looks(devos: DevOS) -> str:
        return (await devos.kubernetes.deployment("web-app")).name

    here, seen = local(), list[tuple[bool, bool]]()

    def look(*_: object) -> None:
        """Whenever the database was used: whether the run has ended by itself, and whether one is told so."""
        if getattr(here, "looks", False):  # looking uses it as well
            return
        here.looks = True
        with contextlib.suppress(NoSuchRun, StopIteration):
            with devos.engine.connect() as connection:
                ended = connection.execute(sa.select(runs_table.c.status)).scalar() == "done"
            shown = next(iter(devos.runs.newest()))
            finished = bool(devos.log.entries(run=shown["run"], type="devos.run.finished"))
            seen.append((ended, shown["status"] == "done"))
            assert finished or shown["status"] != "done"
        here.looks = False

    sa.event.listen(devos.engine, "checkin", look)
    await devos.do(looks)
    sa.event.remove(devos.engine, "checkin", look)
    assert (True, False) in seen  # looked in between
