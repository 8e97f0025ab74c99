"""A whole DevOS round a simulated cluster, launched or not; and processes that die by kill -9."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for cluster.py, wiring.py and victim.py, which processes of their own import as well

from impatience import impatience  # noqa: E402, F401 - only found now; a fixture for the tests beside this file
from wiring import DevOS  # noqa: E402 - only found now


@pytest.fixture
async def devos(tmp_path: Path) -> AsyncIterator[DevOS]:
    """Launched: requests are durable runs."""
    async with DevOS(tmp_path) as launched:
        yield launched


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., DevOS]]:
    """Builds without launching: for what needs the door and no runs."""
    built: list[DevOS] = []

    def make(**options: Any) -> DevOS:
        built.append(DevOS(tmp_path, **options).prepared())
        return built[-1]

    yield make
    for each in built:
        each.close()


@pytest.fixture
def house(build: Callable[..., DevOS]) -> DevOS:
    """Not launched, with the shipped rules."""
    return build()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the tests and keeps nothing."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        pytest.skip("install with: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short, for the socket's path; readable for another user
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        shutil.chown(folder, "nobody")
        user = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
    data = folder / "data"
    subprocess.run(
        [folders[-1] / "initdb", "-D", data, "-U", "devos", "-A", "trust", "--no-sync", "--encoding=UTF8"],
        check=True,
        capture_output=True,
        cwd=folder,
        **user,
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["fsync=off", "full_page_writes=off", f"unix_socket_directories={folder}", "listen_addresses=127.0.0.1"]
    server = subprocess.Popen(
        [folders[-1] / "postgres", "-D", data, "-p", str(port), *(word for each in options for word in ("-c", each))],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **user,
    )
    url = f"postgresql://devos@127.0.0.1:{port}"
    try:
        ready = [folders[-1] / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-t", "1"]
        while subprocess.run(ready, capture_output=True, check=False).returncode != 0:
            assert server.poll() is None, "PostgreSQL did not start"
        yield url
    finally:
        server.send_signal(signal.SIGQUIT)  # at once, and nothing is kept
        server.wait()
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'runs.db'}"
    return fresh(request.getfixturevalue("postgresql"))


def fresh(server: str) -> str:
    """The URL of a new database on a PostgreSQL server."""
    import psycopg

    name = f"d{secrets.token_hex(6)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server}/{name}"


@pytest.fixture(scope="session")
def _victims() -> Iterator[subprocess.Popen[str]]:
    """A process that has imported everything, and forks a victim for each line it is told."""
    with subprocess.Popen(
        [sys.executable, HERE / "victim.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def kill(_victims: subprocess.Popen[str], tmp_path: Path) -> Callable[..., str]:
    """Start a workflow in a process that kills itself at a moment; returns the run's id."""

    def act(workflow: str, *moment: str | int, folder: Path = tmp_path, url: str = "-", executor: str = "here") -> str:
        assert _victims.stdin is not None
        assert _victims.stdout is not None
        print(folder, url, executor, workflow, *moment, file=_victims.stdin, flush=True)
        said = _victims.stdout.readline().split()
        assert said[0] == "killed", said
        return (folder / "run").read_text()

    return act
