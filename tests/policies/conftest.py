"""A whole DevOS round a simulated cluster, launched or not; and processes that die by kill -9."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for cluster.py and victim.py, which processes of their own import as well

from cluster import DevOS  # noqa: E402 - only found now


@pytest.fixture
async def devos(tmp_path: Path) -> AsyncIterator[DevOS]:
    """Launched: requests are durable runs."""
    async with DevOS(tmp_path) as launched:
        yield launched


@pytest.fixture
def house(tmp_path: Path) -> Iterator[DevOS]:
    """Not launched: for what needs the door and no runs."""
    built = DevOS(tmp_path).prepared()
    yield built
    built.close()


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

    def act(workflow: str, *moment: str | int, folder: Path = tmp_path, url: str = "-") -> str:
        assert _victims.stdin is not None
        assert _victims.stdout is not None
        print(folder, url, workflow, *moment, file=_victims.stdin, flush=True)
        said = _victims.stdout.readline().split()
        assert said[0] == "killed", said
        return (folder / "run").read_text()

    return act
