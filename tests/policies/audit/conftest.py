"""A key, a clock that ticks by itself, and logs that are closed again."""

import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log

NOBODY = 65534


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer.load_or_create(tmp_path / "keys")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.db"


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """One second later each time it is asked."""
    ticks = itertools.count()
    return lambda: datetime(2026, 3, 1, 9, 0, tzinfo=UTC) + timedelta(seconds=next(ticks))


@pytest.fixture
def open_log(path: Path, signer: Signer, clock: Callable[[], datetime]) -> Iterator[Callable[..., Log]]:
    opened: list[Log] = []

    def open_one(where: Path = path, **options: object) -> Log:
        opened.append(Log(where, signer, **{"clock": clock, **options}))
        return opened[-1]

    yield open_one
    for log in opened:
        log.close()


@pytest.fixture
def log(open_log: Callable[..., Log]) -> Log:
    return open_log()


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Every connection SQLite hands out from now on; the log's writing one comes first."""
    made: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remember(*arguments: object, **options: object) -> sqlite3.Connection:
        made.append(connect(*arguments, **options))  # type: ignore[call-overload]  # handed on as they came
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", remember)
    return made


@pytest.fixture
def entry() -> Callable[..., Entry]:
    def make(n: int = 1, **fields: object) -> Entry:
        usual = {
            "type": "devos.action.intended" if n % 2 else "devos.action.done",
            "run": f"run-{(n + 9) // 10}",
            "step": n,
            "action": "kubernetes.scale",
            "data": {"effect": "change", "person": "ana", "args": {"deployment": "web-app", "replicas": n}},
            "payload": {"said": f"result {n}"},
        }
        return Entry(**{**usual, **fields})  # type: ignore[arg-type]  # the fields' types are the caller's

    return make


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="devos-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ordinary_user() -> Callable[[], AbstractContextManager[None]]:
    """Within it file permissions bind, also where the tests run as root."""

    @contextmanager
    def become() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return become


@pytest.fixture
def spoil() -> Callable[[Path, str], None]:
    """Change what a log holds behind its back, its triggers taken away."""

    def change(path: Path, statement: str) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)

    return change
