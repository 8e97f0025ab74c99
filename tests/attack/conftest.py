"""One simulated company for all attacks, and daemons that are processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integrations.sandbox import process
from integrations.sandbox.client import Sandbox

sys.path.insert(0, str(Path(__file__).parent))  # for payloads.py, inlets.py, hostile.py, house.py and judge.py
for beside in ("senses", "daemon/asking", "daemon/speaking"):  # room.py and talker.py; voices.py; computed_rooms.py
    sys.path.insert(1, str(Path(__file__).parents[1] / beside))

DEVOS = str(Path(sys.executable).with_name("devos"))
SECONDS = 60
"""What takes longer than this hangs."""


@pytest.fixture(scope="session")
def sandbox_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a sandbox that runs."""
    folder = tmp_path_factory.mktemp("company") / "sandbox"
    process.ensure(folder)
    yield folder
    process.stop(folder)


@dataclass
class Daemon:
    """A process of its own, for one home."""

    home: Path
    process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"DEVOS_HOME": str(self.home)}

    def start(self) -> str:
        """Start it: empty when it is ready, otherwise why it does not start."""
        errors = self.home.parent / "stderr"
        with errors.open("w") as stderr:
            self.process = subprocess.Popen(
                [DEVOS, "run", "--sandbox"],
                cwd=self.home.parent,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        with self.process.stdout as out:
            if out.readline() == "ready\n":
                return ""
        assert self.process.wait(SECONDS) != 0
        return errors.read_text()

    def say(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Give a command, nobody being at the terminal."""
        command = [DEVOS, *words, "--json"]
        return subprocess.run(
            command,
            env=self.environment,
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
        )

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Begin to give a command, and wait for nothing."""
        return subprocess.Popen(
            [DEVOS, *words, "--json"],
            env=self.environment,
            cwd=self.home.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(SECONDS)


@pytest.fixture
def daemon(sandbox_folder: Path) -> Iterator[Daemon]:
    """A home in a folder that every user can look into, where nothing runs yet."""
    folder = Path(tempfile.mkdtemp(prefix="devos-"))
    folder.chmod(0o755)
    home = folder / "devos"
    home.mkdir(mode=0o700)
    (home / "sandbox").symlink_to(sandbox_folder)
    Sandbox.at(sandbox_folder).reset()
    daemon = Daemon(home)
    yield daemon
    daemon.stop()
    shutil.rmtree(folder)
