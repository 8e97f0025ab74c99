"""The process itself: really started, really killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from integrations.sandbox import process
from integrations.sandbox.process import NotStarted, ensure, log_file, running, stop

ROOT = Path(process.__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "a folder with spaces"
    yield folder
    stop(folder)


def test_it_is_started_once_and_found_again(home: Path) -> None:
    assert running(home) is None
    first = ensure(home)
    assert httpx.get(f"{first.admin}/health").json() == {"status": "ok", "pid": first.pid, "home": str(home)}
    assert ensure(home) == first == running(home)
    assert os.getsid(first.pid) == first.pid != os.getsid(0)


def test_it_outlives_the_process_that_started_it(home: Path) -> None:
    code = f"from pathlib import Path; from integrations.sandbox.process import ensure; ensure(Path({str(home)!r}))"
    starter = subprocess.Popen([sys.executable, "-c", f"{code}; input()"], cwd=ROOT, stdin=subprocess.PIPE)
    assert starter.stdin is not None
    while running(home) is None:
        assert starter.poll() is None
    os.killpg(os.getpgid(starter.pid), 0)
    starter.kill()
    starter.wait()
    starter.stdin.close()
    assert running(home) is not None


def test_two_at_once_end_up_with_one(home: Path) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(ensure(home).pid)) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 3
    assert len(set(found)) == 1


def test_it_stops_and_starts_with_what_it_held(home: Path) -> None:
    first = ensure(home)
    httpx.post(f"{first.admin}/settings", json={"cdk_seconds": 42}).raise_for_status()
    assert stop(home) is True
    assert running(home) is None
    assert stop(home) is False
    second = ensure(home)
    assert second.pid != first.pid
    assert (second.admin, second.jira) == (first.admin, first.jira)
    assert httpx.get(f"{second.admin}/state").json()["settings"]["cdk_seconds"] == 42


def test_one_that_was_killed_is_replaced(home: Path) -> None:
    first = ensure(home)
    os.kill(first.pid, signal.SIGKILL)
    second = ensure(home)
    assert second.pid != first.pid


def test_it_ends_when_its_folder_is_gone(home: Path) -> None:
    admin = ensure(home).admin
    shutil.rmtree(home)
    with pytest.raises(httpx.TransportError):
        while True:
            httpx.get(f"{admin}/health")


def test_a_port_that_belongs_to_another_sandbox_now_is_not_taken_for_it(home: Path, tmp_path: Path) -> None:
    first = ensure(home)
    other = tmp_path / "other"
    other.mkdir()
    text = (home / "endpoints.json").read_text().replace(f'"pid": {first.pid}', '"pid": 1')
    (other / "endpoints.json").write_text(text)
    assert running(other) is None


def test_why_it_did_not_start_is_said(tmp_path: Path) -> None:
    (tmp_path / "world.db").mkdir()
    with pytest.raises(NotStarted, match=r"did not start within 15 s\n(.|\n)*unable to open database file"):
        ensure(tmp_path)
    assert "unable to open database file" in log_file(tmp_path).read_text()
