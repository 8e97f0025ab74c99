from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from integrations.sandbox import process
from integrations.sandbox.process import running

COMMAND = [sys.executable, "-m", "integrations.sandbox", "--home"]
ROOT = Path(process.__file__).parents[2]


def wait_for(home: Path, served: subprocess.Popen[bytes]) -> int:
    while (found := running(home)) is None:
        assert served.poll() is None
    return found.pid


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with subprocess.Popen([*COMMAND, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as served:
        assert wait_for(tmp_path, served) == served.pid
        served.send_signal(signal.SIGTERM)
        assert served.communicate(timeout=20) == (b"", b"")
        assert served.returncode == 0
    assert running(tmp_path) is None


def test_a_second_one_is_refused(tmp_path: Path) -> None:
    with subprocess.Popen([*COMMAND, tmp_path], cwd=ROOT) as served:
        pid = wait_for(tmp_path, served)
        second = subprocess.run([*COMMAND, tmp_path], cwd=ROOT, capture_output=True, text=True)
        assert second.returncode == 1
        assert second.stderr == f"a sandbox already serves {tmp_path} (process {pid})\n"
        third = subprocess.run([*COMMAND, tmp_path, "--detach"], cwd=ROOT, capture_output=True, text=True)
        assert third.returncode == 1
        served.send_signal(signal.SIGINT)
        assert served.wait(timeout=20) == 0


def test_it_wants_a_folder() -> None:
    asked = subprocess.run(COMMAND[:-1], cwd=ROOT, capture_output=True, text=True)
    assert asked.returncode == 2
    assert "--home" in asked.stderr
