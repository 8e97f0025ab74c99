"""One real daemon with its sandbox, the `devos` command to it, and a socket that answers what a test says."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from daemon.client import Told, ask_once
from integrations.sandbox import process
from integrations.sandbox.client import Sandbox

DEVOS = str(Path(sys.executable).with_name("devos"))
SECONDS = 120
"""What takes longer than this hangs."""
ENDED = ("done", "failed", "denied", "cancelled")
SCALE = "scale the web-app deployment to 10 replicas and monitor the rollout"
DEPLOY = "deploy the user authentication service to production using CDK and create a change request"
CHANGES = ("POST", "PUT", "PATCH", "DELETE", "EXEC")


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output; anything else there is an error."""
        return json.loads(self.out)


@dataclass
class House:
    """A DEVOS_HOME and the commands that are given to it."""

    home: Path
    daemon: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"DEVOS_HOME": str(self.home)}

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox.at(self.home / "sandbox")

    def devos(self, *words: str) -> Said:
        """Give the command in this process, nobody being at the terminal."""
        with contextlib.chdir(self.home.parent):  # outside every repository: no branch names a ticket
            result = CliRunner().invoke(app, words, env={"DEVOS_HOME": str(self.home)}, catch_exceptions=False)
        return Said(result.exit_code, result.stdout, result.stderr)

    def process(self, *words: str, stdout: int = subprocess.PIPE, **environment: str) -> Said:
        """Give the command as a person does, in a process of its own."""
        done = subprocess.run(
            [DEVOS, *words],
            cwd=self.home.parent,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def ask(self, do: str, **question: Any) -> dict[str, Any]:
        return ask_once(self.home, do, **question)

    def changes(self, system: str) -> list[dict[str, Any]]:
        """The requests that changed a simulated system, oldest first."""
        return [each for each in self.sandbox.journal(system) if each["method"] in CHANGES]

    def replicas(self, name: str) -> int:
        """How many replicas "production/web-app" has in the simulated cluster."""
        return int(self.sandbox.state()["kubernetes"]["deployments"][name]["replicas"])

    def end_of(self, run: str) -> dict[str, Any]:
        """A run once it has ended, or asks something."""
        return dict(self.devos("runs", "show", run, "--follow", "--json").json)

    def start(self, *options: str) -> House:
        """Start the daemon and wait until it is ready."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        errors = self.home / "stderr"
        with errors.open("a") as stderr:
            self.daemon = subprocess.Popen(
                [DEVOS, "run", *options],
                cwd=self.home.parent,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.daemon.stdout is not None
        with self.daemon.stdout as stdout:
            if stdout.readline() != "ready\n":
                self.stop()
                pytest.fail(errors.read_text())
        return self

    def stop(self) -> int:
        """End the daemon as a service manager does; its exit code."""
        assert self.daemon is not None
        self.daemon.terminate()
        return self.daemon.wait(timeout=SECONDS)

    def clean(self) -> None:
        """Give up what a test left unfinished."""
        for run in self.ask("runs", limit=1000)["runs"]:
            if run["status"] not in ENDED:
                with contextlib.suppress(Told):  # it ended meanwhile
                    self.ask("cancel", run=run["run"])
        self.ask("brake", on=False)


def quick(sandbox: Sandbox) -> None:
    """The company as it was at first, and in no need of time."""
    sandbox.reset()
    sandbox.settings(rollout_seconds=0, cdk_seconds=0)


@pytest.fixture(scope="session")
def sandbox_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a sandbox that runs; a home may link to it."""
    folder = tmp_path_factory.mktemp("company") / "sandbox"
    process.ensure(folder)
    yield folder
    process.stop(folder)


@pytest.fixture(scope="session")
def _house(sandbox_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("shared") / "devos")
    house.home.mkdir(mode=0o700)
    (house.home / "sandbox").symlink_to(sandbox_folder)
    house.start("--sandbox")
    yield house
    assert house.stop() == 0


@pytest.fixture
def house(_house: House) -> Iterator[House]:
    """The home of the one daemon that runs for all tests, with a fresh company."""
    quick(_house.sandbox)
    yield _house
    _house.clean()


@pytest.fixture
def empty(tmp_path: Path) -> House:
    """A home where nothing runs and nothing is."""
    home = tmp_path / "devos"
    home.mkdir(mode=0o700)
    return House(home)


@pytest.fixture
def own(sandbox_folder: Path, tmp_path: Path) -> Iterator[House]:
    """A home whose daemon a test starts and stops itself, in the same company."""
    house = House(tmp_path / "devos")
    house.home.mkdir(mode=0o700)
    (house.home / "sandbox").symlink_to(sandbox_folder)
    quick(house.sandbox)
    yield house
    if house.daemon is not None and house.daemon.poll() is None:
        house.stop()


Answers = Callable[..., Path]


@pytest.fixture
def answers() -> Iterator[Answers]:
    """Puts a socket where a daemon's would be, which answers the next question with the given bytes and hangs up."""
    with contextlib.ExitStack() as stack:

        def answer(*lines: object, cut: bytes = b"", end: bool = True) -> Path:
            # A socket's path may be no longer than 107 bytes, and pytest's folders are.
            home = Path(stack.enter_context(contextlib.closing(_Folder())).path)
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(str(home / "devos.sock"))
            server.listen()
            values = [*lines, {"end": True}] if end else lines
            sent = b"".join(json.dumps(each).encode() + b"\n" for each in values) + cut

            def serve() -> None:
                with contextlib.suppress(OSError):
                    connection, _ = server.accept()
                    with connection, connection.makefile("rb") as asked:
                        asked.readline()
                        connection.sendall(sent)

            thread = threading.Thread(target=serve)
            thread.start()
            stack.callback(thread.join, SECONDS)
            return home

        yield answer


class _Folder:
    def __init__(self) -> None:
        import tempfile

        self.path = tempfile.mkdtemp(prefix="devos-")

    def close(self) -> None:
        shutil.rmtree(self.path)


class Terminal:
    """A command at a terminal, with somebody who reads and types."""

    def __init__(self, house: House, *words: str) -> None:
        self._here, there = pty.openpty()
        environment = house.environment | {"TERM": "xterm", "COLUMNS": "200", "LINES": "50"}
        self._process = subprocess.Popen(
            [DEVOS, *words],
            cwd=house.home.parent,
            env=environment,
            stdin=there,
            stdout=there,
            stderr=there,
            start_new_session=True,
        )
        os.close(there)
        self.seen = ""
        """Everything that was shown, without colours and cursor movements."""

    def reads(self, text: str) -> None:
        """Wait until `text` is shown, after what was waited for before."""
        while text not in self.seen:
            assert self._more(), f"{text!r} was never shown, but:\n{self.seen}"
        self.seen = self.seen.partition(text)[2]

    def types(self, text: str) -> None:
        os.write(self._here, text.encode())

    def interrupts(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._more():
            pass
        return self._process.wait(timeout=SECONDS)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=SECONDS)
        os.close(self._here)

    def _more(self) -> bool:
        assert select.select([self._here], [], [], SECONDS)[0], f"nothing more is shown after:\n{self.seen}"
        try:
            shown = os.read(self._here, 65_536)
        except OSError:  # how Linux says that the other end is closed
            return False
        self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode(errors="replace"))
        return bool(shown)


@pytest.fixture
def terminal(house: House) -> Iterator[Callable[..., Terminal]]:
    """Gives a command at a terminal, to the daemon of `house`."""
    with contextlib.ExitStack() as stack:

        def give(*words: str) -> Terminal:
            return stack.enter_context(contextlib.closing(Terminal(house, *words)))

        yield give
