"""The traps of DBOS that are closed, each by what would happen if it were open."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import _core, _sys_db_postgres, _workflow_commands
from dbos._serialization import DBOSPortableJSONSerializer, DefaultSerializer
from victim import WORKFLOWS, asks
from wiring import PATIENCE, DevOS, life

from policies import durable

Kill = Callable[..., str]


class Evil:
    """A pickle that touches a file when it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


def plant(url: str, statement: str, **values: Any) -> None:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    schema = "dbos." if engine.dialect.name == "postgresql" else ""
    with engine.begin() as connection:
        done = connection.execute(sa.text(statement.format(schema=schema)), values)
        assert done.rowcount == 1
    engine.dispose()


def evil(folder: Path) -> str:
    return base64.b64encode(pickle.dumps(Evil(folder / "executed"))).decode()


async def test_a_planted_pickle_in_a_steps_output_is_not_read(tmp_path: Path, kill: Kill, database: str) -> None:
    run = kill("asks", url=database)
    plant(
        database,
        "UPDATE {schema}operation_outputs SET output = :evil, serialization = 'py_pickle'"
        " WHERE workflow_uuid = :run AND function_id = 2",
        evil=evil(tmp_path),
        run=run,
    )
    async with DevOS(tmp_path, url=database, requests=WORKFLOWS) as devos:
        shown = await devos.ended(run)
        assert shown["status"] == "failed"
        assert "PickleRefused" in shown["said"]
        assert len(devos.wire.journal()) == 1
    assert not (tmp_path / "executed").exists()


async def test_a_planted_pickle_in_a_runs_inputs_is_not_read(
    tmp_path: Path, kill: Kill, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = kill("asks", url=database)
    plant(
        database,
        "UPDATE {schema}workflow_status SET inputs = :evil, serialization = 'py_pickle' WHERE workflow_uuid = :run",
        evil=evil(tmp_path),
        run=run,
    )
    loop, refused = asyncio.get_running_loop(), asyncio.Event()

    class Refusal(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "holds a pickle" in record.getMessage():
                loop.call_soon_threadsafe(refused.set)

    monkeypatch.setattr(logging.getLogger("dbos"), "handlers", [Refusal()])
    async with DevOS(tmp_path, url=database, requests=WORKFLOWS) as devos:
        async with asyncio.timeout(PATIENCE):
            await refused.wait()
        assert await devos.runs.cancel(run, "ana", "typed")
        assert devos.runs.show(run)["status"] == "cancelled"
    assert not (tmp_path / "executed").exists()


def test_a_pickle_is_refused_whoever_reads_it(tmp_path: Path) -> None:
    durable.close_traps()
    with pytest.raises(durable.PickleRefused, match="it was not read"):
        DefaultSerializer().deserialize(evil(tmp_path))
    assert not (tmp_path / "executed").exists()


def test_cancelled_runs_are_looked_for_twice_a_second() -> None:
    durable.close_traps()
    assert _core._PREEMPTIBLE_POLL_INTERVAL_SEC == 0.5


def test_what_devos_has_none_of_is_looked_for_seldom_and_within_postgresqls_limit() -> None:
    durable.close_traps()
    seconds = _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC
    assert 1000 < seconds * 1000 < _sys_db_postgres.BACKGROUND_JOB_LOCK_IDLE_TIMEOUT_MS


def test_what_is_written_is_json() -> None:
    serializer = durable.serializer()
    assert isinstance(serializer, DBOSPortableJSONSerializer)
    assert json.loads(serializer.serialize({"é": [1, None]})) == {"é": [1, None]}
    with pytest.raises(TypeError):
        serializer.serialize(object())


async def test_every_stored_value_is_json_of_our_own_version(devos: DevOS) -> None:
    run = await devos.start(asks)
    await devos.agree(run)
    await devos.ended(run)
    with devos.engine.connect() as connection:
        (row,) = connection.execute(sa.text("SELECT * FROM workflow_status")).mappings()
        steps = connection.execute(sa.text("SELECT * FROM operation_outputs ORDER BY function_id")).mappings().all()
    assert (row["application_version"], row["executor_id"]) == (durable.application_version("here"), "here")
    assert row["application_name"] == durable.application_name("here")
    assert {each["serialization"] for each in (row, *steps)} == {"portable_json"}
    assert [each["function_name"] for each in steps] == ["devos.plan", "kubernetes.announce", "kubernetes.scale"]
    assert [json.loads(each["output"])["result"] for each in steps[1:]] == ["M1", {"replicas": 6, "was": 4}]


def test_executors_are_applications_of_their_own() -> None:
    names = [durable.application_name(each) for each in ("ana's Mac.local-1", "ana's Mac.local-2", "x")]
    assert len(set(names)) == 3
    assert durable.application_version("x") != durable.application_version("y")
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and name.startswith("devos-") for name in names
    )


async def test_a_run_that_was_lost_is_taken_up_by_its_own_executor_only(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, kill: Kill, database: str
) -> None:
    """Also while its owner asks for its recovery and another executor is there: the two share the queue."""
    folder: Path = tmp_path_factory.mktemp("elsewhere")
    run, other = kill("asks", url=database), kill("asks", folder=folder, url=database, executor="elsewhere")
    for each in (run, other):
        plant(
            database,
            "UPDATE {schema}workflow_status SET status = 'ENQUEUED', queue_name = '_dbos_internal_queue',"
            " owner_xid = NULL WHERE workflow_uuid = :run",
            run=each,
        )

    async def elsewhere() -> None:
        async with DevOS(folder, url=database, executor="elsewhere", requests=WORKFLOWS) as devos:
            await devos.agree(other)
            assert (await devos.ended(other))["said"] == "now 6"
            assert not devos.log.entries(run=run)

    await life(elsewhere())
    async with DevOS(tmp_path, url=database, requests=WORKFLOWS) as devos:
        await devos.agree(run)
        assert (await devos.ended(run))["said"] == "now 6"
        assert [each["name"] for each in devos.wire.journal()] == ["announce", "scale"]


async def test_a_run_can_be_picked_up_as_often_as_a_laptop_is_closed(tmp_path: Path, kill: Kill) -> None:
    run = kill("asks")
    plant(
        f"sqlite:///{tmp_path / 'runs.db'}",
        "UPDATE {schema}workflow_status SET recovery_attempts = 100000 WHERE workflow_uuid = :run",
        run=run,
    )
    async with DevOS(tmp_path, requests=WORKFLOWS) as devos:
        await devos.agree(run)
        assert (await devos.ended(run))["said"] == "now 6"
