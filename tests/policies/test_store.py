"""The database of runs and approvals: who may read it, how it writes, and which it refuses."""

from __future__ import annotations

import builtins
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from wiring import DevOS

from policies import store
from policies.store import SCHEMA, BadDatabase, NewerFile, engine_of, prepare


@pytest.fixture
def opened() -> Iterator[Callable[[str], sa.Engine]]:
    engines: list[sa.Engine] = []

    def one(url: str) -> sa.Engine:
        engines.append(engine_of(url))
        return engines[-1]

    yield one
    for engine in engines:
        engine.dispose()


def tables(engine: sa.Engine) -> set[str]:
    inspector = sa.inspect(engine)
    return {f"{schema}.{name}" for schema in inspector.get_schema_names() for name in inspector.get_table_names(schema)}


def test_the_file_is_its_owners_alone_before_anything_is_written(tmp_path: Path, opened: Any) -> None:
    (tmp_path / "old.db").touch(mode=0o644)
    for path in (tmp_path / "deep" / "runs.db", tmp_path / "old.db"):
        opened(f"sqlite:///{path}")
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.stat().st_size == 0


def test_sqlite_writes_ahead_and_waits_for_the_disk(tmp_path: Path, opened: Any) -> None:
    engine = opened(f"sqlite:///{tmp_path / 'runs.db'}")
    prepare(engine)
    for _ in range(2):  # each connection anew
        with engine.connect() as connection:
            found = {
                name: connection.execute(sa.text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
            }
        assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30000, "foreign_keys": 1}
        engine.dispose()
    for file in tmp_path.glob("runs.db*"):
        assert file.stat().st_mode & 0o077 == 0, file


async def test_the_files_that_sqlite_makes_beside_it_are_the_owners_alone_too(devos: DevOS) -> None:
    files = sorted(devos.folder.glob("runs.db*"))
    assert [file.name for file in files] == ["runs.db", "runs.db-shm", "runs.db-wal"]
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("runs.db", "must be"),
        ("", "must be"),
        ("mysql://localhost/runs", "names 'mysql'"),
    ],
)
def test_another_kind_of_database_is_refused(url: str, says: str) -> None:
    with pytest.raises(BadDatabase, match=says):
        engine_of(url)


def without(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Make importing a package fail, as where it is not installed."""
    real = builtins.__import__

    def importing(name: str, *rest: Any) -> Any:
        if name == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, missing, raising=False)
    monkeypatch.setattr(builtins, "__import__", importing)


def test_without_its_driver_postgresql_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "psycopg")
    with pytest.raises(BadDatabase, match=r"pip install 'devos\[postgres\]'"):
        engine_of("postgresql://localhost/runs")


@pytest.mark.parametrize("sqlite", [(3, 40, 1), (3, 42, 0)])
def test_every_sqlite_knows_the_time_as_dbos_asks_for_it(
    tmp_path: Path, opened: Any, monkeypatch: pytest.MonkeyPatch, sqlite: tuple[int, ...]
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", sqlite)
    with closing(sqlite3.connect(":memory:")) as plain:
        (real,) = plain.execute("SELECT unixepoch('subsec')").fetchone()
    with opened(f"sqlite:///{tmp_path / 'runs.db'}").connect() as connection:
        found = connection.execute(sa.text("SELECT unixepoch('subsec')")).scalar()
    # An older SQLite, which says it is newer here, has no subseconds and answers NULL; ours always has them.
    assert (found is None) == (real is None) if sqlite >= (3, 42) else isinstance(found, float) and found > 1.7e9


def test_tables_are_made_once(database: str, opened: Any) -> None:
    engine = opened(database)
    prepare(engine)
    made = tables(engine)
    assert {name.split(".")[1] for name in made} >= {"devos_schema", "devos_runs", "devos_approvals"}
    prepare(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT version FROM devos_schema")).scalars().all() == [SCHEMA]


def test_our_tables_of_a_newer_devos_are_refused_and_left_alone(database: str, opened: Any) -> None:
    engine = opened(database)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE devos_schema (version INTEGER)"))
        connection.execute(sa.text(f"INSERT INTO devos_schema VALUES ({SCHEMA + 1})"))
    before = tables(engine)
    with pytest.raises(NewerFile, match=f"DevOS tables of version {SCHEMA + 1}, and this DevOS knows {SCHEMA}"):
        prepare(engine)
    assert tables(engine) == before


def test_dbos_tables_of_a_newer_devos_are_refused_and_left_alone(database: str, opened: Any) -> None:
    engine = opened(database)
    sqlite = engine.dialect.name == "sqlite"
    table = "dbos_migrations" if sqlite else "dbos.dbos_migrations"
    with engine.begin() as connection:
        if not sqlite:
            connection.execute(sa.text("CREATE SCHEMA dbos"))
        connection.execute(sa.text(f"CREATE TABLE {table} (version INTEGER)"))
    prepare(engine)  # nothing in it yet
    with engine.begin() as connection:
        connection.execute(sa.text(f"INSERT INTO {table} VALUES (1000)"))
        for name in ("devos_schema", "devos_runs", "devos_approvals"):
            connection.execute(sa.text(f"DROP TABLE {name}"))
    before = tables(engine)
    with pytest.raises(NewerFile, match=r"DBOS tables of version 1000.*Nothing was changed"):
        prepare(engine)
    assert tables(engine) == before


def test_a_refusal_does_not_show_the_password(opened: Any) -> None:
    engine = opened("postgresql://ana:hunter2@localhost/runs")
    with pytest.raises(NewerFile) as refused:
        store._refuse_newer(engine, "DevOS", 2, 1)
    assert "hunter2" not in str(refused.value)
    assert "ana" in str(refused.value)
