"""How DBOS is set up here, and the traps of DBOS 3.4 that are closed (each pinned by a test)."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import NoReturn

from dbos import DBOS, DBOSConfig, _core, _workflow_commands
from dbos._error import DBOSWorkflowCancelledError
from dbos._serialization import DBOSPortableJSONSerializer, DefaultSerializer, Serializer
from sqlalchemy.engine import Engine

from policies.action import digest

APPLICATION_VERSION = "1"
"""The version of the way runs are recorded. Set, because DBOS's own digest of the code would strand every pending run
at an upgrade; whether newer code still makes the same steps is checked step by step (policies/execution.py)."""

RECOVERIES = 1_000_000
"""How often a run may be picked up again: a laptop is closed more often in a week than DBOS's 100."""


class PickleRefused(Exception):
    """A stored value claims to be a Python pickle, which could run any code: it is not read."""


def application_name(executor: str) -> str:
    """An application of its own for each executor.

    Any executor of one application takes up the runs that another lost; only the one whose audit log has a run's
    intentions may.
    """
    return f"devos-{digest(executor)[:12]}"


def application_version(executor: str) -> str:
    """The version under which an executor's runs are found again; DBOS wants it to be of one application only."""
    return f"{APPLICATION_VERSION}-{digest(executor)[:12]}"


def serializer() -> Serializer:
    """JSON only."""
    return DBOSPortableJSONSerializer()


def configuration(engine: Engine, executor: str) -> DBOSConfig:
    """Every setting of DBOS that matters here, none left to its default."""
    return DBOSConfig(
        name=application_name(executor),
        system_database_url=engine.url.render_as_string(hide_password=False),
        system_database_engine=engine,
        application_version=application_version(executor),
        executor_id=executor,
        serializer=serializer(),
        log_level="ERROR",
        use_listen_notify=True,
    )


async def put_aside(run: str) -> NoReturn:
    """Leave the run this is called in as DBOS leaves a cancelled one, which is the only kind that it resumes."""
    # In a context of its own, since DBOS would make it one more step of the run.
    await asyncio.create_task(DBOS.cancel_workflow_async(run), context=Context())
    raise DBOSWorkflowCancelledError(f"{run} is put aside")


def close_traps() -> None:
    """Refuse pickles, which DBOS would read by a row's own word, and look twice a second for cancelled runs.

    And look every four seconds, not every one, for runs that are put off or have a deadline, of which there are none:
    that is a tenth of what DevOS costs while nothing happens. After five, PostgreSQL would take the lock away.
    """

    def refuse(self: DefaultSerializer, serialized_data: str) -> NoReturn:
        raise PickleRefused("A row of the runs' database holds a pickle, which DevOS never writes; it was not read.")

    DefaultSerializer.deserialize = refuse  # type: ignore[assignment,method-assign]  # no setting turns it off
    _core._PREEMPTIBLE_POLL_INTERVAL_SEC = 0.5
    _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC = 4.0
