"""Durable runs: what is recorded, planned and agreed, and how they end (kill -9 is in test_execution.py)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cluster import NoSuch
from dbos import DBOS
from dbos._error import DBOSAwaitedWorkflowCancelledError
from victim import WORKFLOWS, asks, one_by_one
from wiring import START, DevOS, request

from policies.audit.log import CannotRecord, Entry
from policies.runs import CannotResume, NoSuchRun, Request
from policies.runs_table import RunsTable
from policies.store import runs_table


@pytest.fixture
async def devos(tmp_path: Path, database: str) -> AsyncIterator[DevOS]:
    async with DevOS(tmp_path, url=database) as launched:
        yield launched


async def test_what_a_run_was_started_with_is_recorded_before_it_begins(devos: DevOS) -> None:
    async def looks(devos: DevOS, deployment: str) -> str:
        return (await devos.kubernetes.deployment(deployment)).name

    shown = await devos.do(looks, deployment="web-app")
    assert shown["slots"] == {"deployment": "web-app"}
    first, *_, last = devos.log.entries(run=shown["run"])
    assert (first.type, first.data) == (
        "devos.run.started",
        {"person": "ana", "channel": "typed", "intent": "looks", "tier": "simple", "audio": None, "version": "0.1.0"}
        | {"asked_from": []},
    )
    assert first.payload == {"text": "do looks", "slots": {"deployment": "web-app"}}
    assert (last.type, last.data, last.payload) == ("devos.run.finished", {"status": "done"}, {"said": "web-app"})
    with devos.engine.connect() as connection:
        stored = connection.execute(sa.select(runs_table.c.request)).scalar_one()
    assert Request(**stored) == request("looks", deployment="web-app")


async def test_what_cannot_be_recorded_is_not_started(devos: DevOS) -> None:
    devos.log.close()
    with pytest.raises(CannotRecord):
        await devos.start(one_by_one)
    with devos.engine.connect() as connection:
        assert connection.execute(sa.select(runs_table)).first() is None


async def test_a_run_has_a_plan_which_is_recorded_by_its_digest(devos: DevOS) -> None:
    run = (await devos.do(one_by_one))["run"]
    (planned,) = devos.log.entries(run=run, type="devos.run.planned")
    plan = await devos.plan(one_by_one)
    assert planned.data["digest"] != plan.digest  # it was scaled meanwhile, and the plan says from how many
    assert (planned.data["level"], planned.data["changes"]) == ("auto", 2)
    assert [change["action"] for change in planned.payload["changes"]] == ["kubernetes.scale", "kubernetes.announce"]


async def test_a_question_is_answered_without_a_step(devos: DevOS) -> None:
    async def count(devos: DevOS) -> str:
        return f"{(await devos.kubernetes.deployment('web-app')).replicas} replicas"

    shown = await devos.do(count)
    assert (shown["status"], shown["said"]) == ("done", "4 replicas")
    assert [step["status"] for step in shown["steps"]] == ["done"]
    assert len(devos.wire.journal("read")) == 1


async def test_a_run_whose_plan_fails_changes_nothing(devos: DevOS) -> None:
    async def scales(devos: DevOS) -> str:
        await devos.kubernetes.scale("web-app", "staging", 6)
        await devos.kubernetes.scale("nothing", "staging", 6)
        return "done"

    shown = await devos.do(scales)
    assert (shown["status"], shown["said"]) == ("failed", "there is no 'nothing'")
    assert not devos.wire.journal()


async def test_a_run_whose_plan_is_refused_is_denied(devos: DevOS) -> None:
    devos.rule('@id("no") forbid (principal, action in Action::"read", resource);')
    shown = await devos.do(one_by_one)
    assert shown["status"] == "denied" and [step["status"] for step in shown["steps"]] == ["denied"]
    assert shown["said"].startswith("kubernetes.deployment is not automatic")


async def test_a_system_that_says_no_fails_the_run_with_its_words(devos: DevOS) -> None:
    devos.wire.before("announce", NoSuch("channel"))
    shown = await devos.do(one_by_one)
    assert (shown["status"], shown["said"]) == ("failed", "there is no 'channel'")
    assert [step["status"] for step in shown["steps"]] == ["done", "done", "failed"]


async def test_a_request_may_go_on_after_what_a_system_said(devos: DevOS) -> None:
    async def careful(devos: DevOS) -> str:
        try:
            await devos.kubernetes.announce("x")
        except NoSuch as error:
            return f"without {error.name}"
        return "with"

    devos.wire.before("announce", NoSuch("channel"))
    assert (await devos.do(careful))["said"] == "without channel"


async def test_a_fault_of_our_own_is_said_to_be_one(devos: DevOS) -> None:
    async def broken(devos: DevOS) -> str:
        raise ZeroDivisionError("by hand")

    shown = await devos.do(broken)
    assert shown["status"] == "failed"
    assert shown["said"] == "DevOS itself failed (ZeroDivisionError: by hand); the log has the details."


async def test_a_log_that_breaks_on_the_way_stops_the_run(devos: DevOS, caplog: pytest.LogCaptureFixture) -> None:
    def break_log() -> None:
        devos.log._connection.execute("PRAGMA query_only=ON")

    devos.wire.before("scale", break_log)
    shown = await devos.do(one_by_one)
    assert shown["status"] == "failed"
    assert shown["said"].startswith("Stopped, because the audit log cannot be written: ")
    assert len(devos.wire.journal()) == 1  # the change that was announced, and nothing after it
    assert "could not be recorded" in caplog.text


def test_there_is_no_run_that_was_never_started(house: DevOS) -> None:
    with pytest.raises(NoSuchRun, match="no run '1'"):
        house.runs.show("1")


async def test_only_a_run_that_was_put_aside_can_be_resumed(devos: DevOS) -> None:
    run = (await devos.do(one_by_one))["run"]
    with pytest.raises(CannotResume, match=f"{run} is done"):
        await devos.runs.resume(run)
    with pytest.raises(NoSuchRun):
        await devos.runs.resume("1")


async def test_a_run_that_was_written_down_but_not_begun_is_begun_at_launch(
    tmp_path: Path, build: Callable[..., DevOS], database: str
) -> None:
    killed = build(url=database, requests=WORKFLOWS)
    await killed.log.append(Entry("devos.run.started", "run-1", None, None, {"person": "ana"}))
    RunsTable(killed.engine, lambda: START).insert("run-1", request("one_by_one"))
    killed.log.close()
    async with DevOS(tmp_path, url=database, requests=WORKFLOWS) as devos:
        assert (await devos.ended("run-1"))["said"] == "4->6 M2"


async def test_a_run_killed_at_a_question_waits_on_and_its_approval_counts_once(
    tmp_path: Path, kill: Callable[..., str], database: str
) -> None:
    run = kill("asks", url=database)
    async with DevOS(tmp_path, url=database, requests=WORKFLOWS) as devos:
        question = await devos.agree(run)
        assert (await devos.ended(run))["said"] == "now 6"
        assert [each.id for each in devos.approvals.of_run(run)] == [question["id"]]
        assert devos.approvals.of_run(run)[0].status == "used"
        other = await devos.start(asks)
        assert (await devos.asked(other))["id"] != question["id"]
        await devos.runs.cancel(other, "ana", "typed")


def write(folder: Path, statement: str, **values: Any) -> None:
    """Bring the two tables of a run apart, as a kill between two writes does."""
    engine = sa.create_engine(f"sqlite:///{folder / 'runs.db'}")
    with engine.begin() as connection:
        assert connection.execute(sa.text(statement), values).rowcount == 1
    engine.dispose()


async def test_killed_between_its_end_and_dbos_knowing_of_it_a_run_stays_ended(
    tmp_path: Path, kill: Callable[..., str]
) -> None:
    run = kill("asks")
    write(
        tmp_path, "UPDATE devos_runs SET status = 'done', said = 'now 6', finished = created WHERE id = :run", run=run
    )
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        handle: Any = await DBOS.retrieve_workflow_async(run)
        assert await handle.get_result() == "now 6"
        assert devos.runs.show(run)["status"] == "done"
        assert devos.types(run).count("run.finished") == 1
        assert not devos.approvals.open()
        assert len(devos.wire.journal()) == 1


async def test_an_end_that_was_recorded_is_not_recorded_again(tmp_path: Path, kill: Callable[..., str]) -> None:
    run = kill("asks")
    killed = DevOS(tmp_path)
    await killed.log.append(Entry("devos.run.finished", run, None, None, {"status": "done"}))
    killed.close()
    write(
        tmp_path, "UPDATE devos_runs SET status = 'done', said = 'now 6', finished = created WHERE id = :run", run=run
    )
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        handle: Any = await DBOS.retrieve_workflow_async(run)
        await handle.get_result()
        assert devos.types(run).count("run.finished") == 1


async def test_killed_while_it_was_put_aside_a_run_can_be_resumed_still(
    tmp_path: Path, kill: Callable[..., str]
) -> None:
    run = kill("asks")
    said = (
        "UPDATE devos_runs SET status = 'failed', said = 'Stopped: …', aside = true, finished = created WHERE id = :run"
    )
    write(tmp_path, said, run=run)
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        handle: Any = await DBOS.retrieve_workflow_async(run)
        with pytest.raises(DBOSAwaitedWorkflowCancelledError):
            await handle.get_result()
        await devos.runs.resume(run)
        await devos.agree(run)
        assert (await devos.ended(run))["said"] == "now 6"


async def test_killed_while_it_was_resumed_a_run_goes_on(tmp_path: Path, kill: Callable[..., str]) -> None:
    run = kill("asks")
    write(tmp_path, "UPDATE workflow_status SET status = 'CANCELLED' WHERE workflow_uuid = :run", run=run)
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        await devos.agree(run)
        assert (await devos.ended(run))["said"] == "now 6"


async def test_a_run_that_dbos_gave_up_is_said_to_have_failed(tmp_path: Path, kill: Callable[..., str]) -> None:
    run = kill("asks")
    write(tmp_path, "UPDATE workflow_status SET status = 'ERROR' WHERE workflow_uuid = :run", run=run)
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        shown = devos.runs.show(run)
        assert (shown["status"], shown["approvals"]) == ("failed", [])
        assert shown["said"].startswith("DevOS itself failed at the end of this run")


async def test_a_run_keeps_its_time(devos: DevOS) -> None:
    shown = await devos.do(one_by_one)
    started = [datetime.fromisoformat(step["started"]) for step in shown["steps"]]
    assert started == sorted(started)
    assert all(moment.tzinfo is not None for moment in started)
    assert shown["run"][:6] == f"{started[0]:%y%m%d}"


async def test_many_runs_side_by_side_do_not_mix(devos: DevOS) -> None:
    async def looks(devos: DevOS, name: str) -> str:
        seen = await devos.kubernetes.deployment(name)
        return f"{seen.name} {await devos.kubernetes.announce(name, name)}"

    runs: dict[str, str] = {name: await devos.start(looks, name=name) for name in ("a", "b", "c", "d")}
    ended: list[dict[str, Any]] = await asyncio.gather(*map(devos.ended, runs.values()))
    assert [shown["said"].split()[0] for shown in ended] == list(runs)
    assert sorted(shown["said"].split()[1] for shown in ended) == ["M1", "M2", "M3", "M4"]


async def test_a_cancelled_run_takes_no_further_step_and_says_who_cancelled_it(devos: DevOS) -> None:
    run = await devos.start(asks)
    await devos.asked(run)
    assert await devos.runs.cancel(run, "bob", "web")
    shown = devos.runs.show(run)
    assert (shown["status"], shown["said"], shown["approvals"]) == ("cancelled", "Cancelled by bob.", [])
    assert shown["steps"][-1]["status"] in ("cancelled", "denied") and not devos.wire.journal("scale")
    assert not await devos.runs.cancel(run, "bob", "web")


async def test_a_cancelling_that_was_cut_off_is_recorded_at_the_next_start(
    tmp_path: Path, kill: Callable[..., str]
) -> None:
    run = kill("asks")
    said = "UPDATE devos_runs SET status = 'cancelled', said = 'Cancelled by bob.', finished = created WHERE id = :run"
    write(tmp_path, said, run=run)
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        assert not devos.approvals.open()
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:  # and once more, when there is nothing left to record
        ends = devos.log.entries(run=run, type="devos.run.finished")
        assert [entry.data for entry in ends] == [{"status": "cancelled"}]
