"""The database of runs and approvals, beside DBOS's own tables: SQLite by default, PostgreSQL when a team shares it."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine, make_url

SCHEMA = 2
"""The version of our own tables; raised with every change of them, together with a migration."""

metadata = sa.MetaData()

schema_table = sa.Table("devos_schema", metadata, sa.Column("version", sa.Integer, primary_key=True))

runs_table = sa.Table(
    "devos_runs",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("created", sa.String, nullable=False, index=True),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("said", sa.String),
    sa.Column("finished", sa.String),
    sa.Column("aside", sa.Boolean, nullable=False, default=False),
)
"""`aside`: stopped half way because newer code has other steps, and can be resumed."""

approvals_table = sa.Table(
    "devos_approvals",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("run", sa.String, nullable=False, index=True),
    sa.Column("subject", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("level", sa.String, nullable=False),
    sa.Column("plan", sa.JSON, nullable=False),
    sa.Column("because", sa.String, nullable=False),
    sa.Column("created", sa.String, nullable=False),
    sa.Column("expires", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False, index=True),
    sa.Column("answered_by", sa.String),
    sa.Column("via", sa.String),
    sa.Column("reason", sa.String),
    sa.Column("result", sa.JSON),
    sa.Column("asker", sa.String),
    sa.Column("asked_from", sa.JSON),
    sa.Column("group", sa.String),
    sa.Column("votes", sa.Integer, nullable=False, server_default="1"),
    sa.Column("must_say_why", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("opened", sa.JSON),
    sa.Column("touched", sa.String),
    sa.Column("until", sa.String, nullable=False, server_default=""),
    sa.Column("life", sa.String, nullable=False, server_default="idle"),
)
"""The columns are the fields of policies/approval.py's `Approval`."""

votes_table = sa.Table(
    "devos_votes",
    metadata,
    sa.Column("approval", sa.String, primary_key=True),
    sa.Column("by", sa.String, primary_key=True),
    sa.Column("via", sa.String, nullable=False),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("reason", sa.String),
    sa.Column("yes", sa.Boolean, nullable=False),
)
"""Every answer that counted; nobody answers a question twice."""

clock_table = sa.Table(
    "devos_clock",
    metadata,
    sa.Column("machine", sa.String, primary_key=True),
    sa.Column("seen", sa.String, nullable=False),
)
"""The newest time that each machine saw, which tells when its clock was set back."""


class NewerFile(Exception):
    """The database was written by a newer DevOS than this one."""


class BadDatabase(Exception):
    """The database cannot be used as it is configured; the message says why and what to do."""


def engine_of(url: str) -> Engine:
    """An engine for the runs' database.

    Args:
        url: "sqlite:///PATH" or "postgresql://…". A SQLite file is made with mode 0600 before anything is written.

    Raises:
        BadDatabase: the URL is of neither kind, or the driver is not installed.
    """
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise BadDatabase('runs.database must be "sqlite:///PATH" or "postgresql://USER@HOST/NAME".') from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        try:
            return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        except ImportError:
            raise BadDatabase("PostgreSQL needs its driver: pip install 'devos[postgres]'.") from None
    raise BadDatabase(f"runs.database names {parsed.get_backend_name()!r}; use sqlite:///PATH or postgresql://… .")


def _sqlite(url: URL) -> Engine:
    path = Path(url.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    engine = sa.create_engine(url)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if sqlite3.sqlite_version_info < (3, 42):
            # Under Python 3.12 and later DBOS dates rows by unixepoch('subsec'), to which older SQLite answers NULL.
            connection.create_function("unixepoch", 1, lambda _: round(time.time(), 3))

    return engine


def prepare(engine: Engine) -> None:
    """Create the tables, or check that they are ours to use and bring them up to date.

    Raises:
        NewerFile: our tables or DBOS's are of a later version than this code knows.
    """
    from dbos._migration import get_dbos_migrations, sqlite_migrations

    from policies.migrations import migrate

    if engine.dialect.name == "sqlite":
        known, table = len(sqlite_migrations), "dbos_migrations"
    else:
        known, table = len(get_dbos_migrations("dbos", True)), "dbos.dbos_migrations"
    with engine.connect() as connection:
        schema = None if engine.dialect.name == "sqlite" else "dbos"
        if sa.inspect(engine).has_table("dbos_migrations", schema=schema):
            found = connection.execute(sa.text(f"SELECT max(version) FROM {table}")).scalar()
            _refuse_newer(engine, "DBOS", found or 0, known)
    with engine.begin() as connection:
        if sa.inspect(connection).has_table("devos_schema"):
            found = connection.execute(sa.select(schema_table.c.version)).scalar_one()
            _refuse_newer(engine, "DevOS", found, SCHEMA)
            migrate(connection, SCHEMA)
        else:
            metadata.create_all(connection)
            connection.execute(schema_table.insert().values(version=SCHEMA))


def _refuse_newer(engine: Engine, whose: str, found: int, known: int) -> None:
    if found > known:
        where = engine.url.render_as_string(hide_password=True)
        raise NewerFile(
            f"{where} has {whose} tables of version {found}, and this DevOS knows {known}. "
            "Nothing was changed. Install the newer DevOS again, or set another runs.database."
        )
