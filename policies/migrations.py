"""Bringing the tables of an older DevOS up to date, in one transaction: all of it happens, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateColumn

from policies.store import approvals_table, clock_table, metadata, runs_table, schema_table, votes_table


def migrate(connection: Connection, to: int) -> None:
    """Take every step from the version that the database has to `to`; of several processes, one does it.

    Args:
        connection: in a transaction, which the caller commits.
        to: the version to come to.
    """
    # Writing first takes the lock for which the others wait; they see the version that it leaves.
    connection.execute(schema_table.update().values(version=schema_table.c.version))
    found: int = connection.execute(sa.select(schema_table.c.version)).scalar_one()
    for version in range(found + 1, to + 1):
        STEPS[version](connection)
    if found < to:
        connection.execute(schema_table.update().values(version=to))


def _votes_and_lives(connection: Connection) -> None:
    """Questions know who asked, whose yes they need, and how long an answer lives; each vote is kept."""
    table = approvals_table
    _add(
        connection, table, "asker", "asked_from", "group", "votes", "must_say_why", "opened", "touched", "until", "life"
    )
    metadata.create_all(connection, tables=[votes_table, clock_table])
    standing = table.c.status.in_(("open", "approved", "used"))
    connection.execute(table.update().where(standing).values(until=table.c.expires))
    connection.execute(table.update().where(standing, table.c.status != "open").values(touched=table.c.created))
    asked = sa.select(table.c.id, runs_table.c.request).join(runs_table, runs_table.c.id == table.c.run)
    for row in connection.execute(asked).mappings().all():
        values = {"asker": row["request"]["person"]}
        connection.execute(table.update().where(table.c.id == row["id"]).values(**values))
    answered = sa.select(table).where(
        table.c.status.in_(("approved", "used", "denied")), table.c.answered_by.is_not(None)
    )
    for row in connection.execute(answered).mappings().all():
        vote = {"by": row["answered_by"], "via": row["via"] or "terminal", "at": row["created"]}
        vote |= {"reason": row["reason"], "yes": row["status"] != "denied"}
        connection.execute(votes_table.insert().values(approval=row["id"], **vote))


def _add(connection: Connection, table: sa.Table, *names: str) -> None:
    for name in names:
        column = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
        connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {column}"))


STEPS: Mapping[int, Callable[[Connection], None]] = {2: _votes_and_lives}
"""What makes a database of the version before into one of this version."""
