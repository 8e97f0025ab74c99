"""The daemon as a process: when it does not start, how it ends, what it logs."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.client import ask
from daemon.process import keep_log, serve

if TYPE_CHECKING:
    from tests.daemon.conftest import House

SCALE = "scale web-app to 10 replicas"
STAGING = "set checkout to six pods in staging"


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:], root.level = before


def a_file(home: Path) -> None:
    home.rmdir()
    home.write_text("I am a file.")


def no_database(name: str) -> Callable[[Path], None]:
    def spoil(home: Path) -> None:
        (home / name).write_text("This is a letter to my aunt. " * 100)

    return spoil


def newer(name: str) -> Callable[[Path], None]:
    def spoil(home: Path) -> None:
        with closing(sqlite3.connect(home / name)) as connection:
            connection.execute("PRAGMA user_version = 999")
        (home / name).chmod(0o600)

    return spoil


def wrote(name: str, content: bytes) -> Callable[[Path], None]:
    def spoil(home: Path) -> None:
        (home / name).parent.mkdir(exist_ok=True, mode=0o700)
        (home / name).write_bytes(content)

    return spoil


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (a_file, 1, "devos"),
        (wrote("config.toml", b"[hering]\n"), 2, "Did you mean 'hearing'?"),
        (
            wrote("config.toml", b"[jira]\nurl = 'https://x.example'\nemail = 'a@x'\n"),
            2,
            "$DEVOS_JIRA_TOKEN is not set",
        ),
        (wrote("rules/mine.cedar", b"permit (principal"), 2, "mine.cedar"),
        (wrote("rules/mine.cedar", b"\xff"), 2, "mine.cedar"),
        (no_database("audit.db"), 1, "audit.db"),
        (newer("audit.db"), 1, "newer"),
        (no_database("runs.db"), 1, "runs.db"),
        (wrote("keys/audit.key", b"not a key"), 1, "audit.key"),
        (wrote("config.toml", b"[runs]\ndatabase = 'oracle://x/y'\n"), 1, "oracle"),
    ],
    ids=[
        *("a file", "unknown section", "no secret", "broken rule", "binary rule", "no audit log", "newer audit log"),
        *("no runs", "no key", "another database"),
    ],
)
def test_why_it_does_not_start(
    empty: House,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
    code: int,
    said: str,
) -> None:
    monkeypatch.delenv("DEVOS_JIRA_TOKEN", raising=False)
    spoil(empty.home)
    assert serve(empty.home, sandbox=False) == code
    shown = capsys.readouterr()
    assert "DevOS does not start: " in shown.err and said in shown.err and not shown.out
    assert "Traceback" not in shown.err


@pytest.mark.usefixtures("logging_as_before")
def test_what_a_witness_answers_is_safe_to_be_shown(own: House, tmp_path: Path) -> None:
    (own.home / "config.toml").write_text(f'[audit]\nwitnesses = ["{tmp_path}/gone\\u001b[31m/devos.checkpoint"]\n')
    own.start("--sandbox")
    assert own.stop() == 0
    said = (own.home / "stderr").read_text()
    assert "could not be asked" in said and "\x1b" not in said


def test_a_folder_whose_path_is_too_long_for_a_socket(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(tmp_path / ("x" * 120), sandbox=False) == 1
    assert "too long" in capsys.readouterr().err


@pytest.mark.usefixtures("logging_as_before")
def test_the_log_is_json_without_secrets(tmp_path: Path) -> None:
    keep_log(tmp_path / "logs")
    try:
        raise ValueError("password=hunter2 was refused")
    except ValueError:
        logging.getLogger("devos.test").exception("Authorization: Bearer abcdef0123456789abcdef")
    logging.getLogger("httpx").info("not said")
    (line,) = (tmp_path / "logs" / "devos.log").read_text().splitlines()
    written = json.loads(line)
    assert written["level"] == "error" and written["logger"] == "devos.test" and written["timestamp"].endswith("Z")
    assert "hunter2" not in line and "abcdef0123456789abcdef" not in line and "ValueError" in written["exception"]
    assert (tmp_path / "logs").stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("logging_as_before")
def test_a_second_one_is_told_that_the_first_runs(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(house.home, sandbox=True) == 1
    said = capsys.readouterr()
    assert f"DevOS does not start: DevOS already runs for {house.home} (process " in said.err and not said.out
    assert house.devos("say", "how many replicas does web-app have").code == 0, "the first goes on"


class Manager:
    """The end of a service manager that started a daemon."""

    def __init__(self, folder: str) -> None:
        self.address = f"{folder}/notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(60)

    def hears(self, said: str) -> dict[str, str]:
        """The next message that has this."""
        while True:
            text = self._socket.recv(65_536).decode()
            if said in text:
                return dict(line.split("=", 1) for line in text.splitlines())

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager() -> Iterator[Manager]:
    with tempfile.TemporaryDirectory(prefix="devos-") as folder, closing(Manager(folder)) as found:
        yield found


def test_its_service_manager_hears_how_it_is_and_may_have_names_read_again(
    own: House, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.address)
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    own.start("--sandbox")
    assert own.daemon is not None
    pid = str(own.daemon.pid)
    assert manager.hears("STATUS=Starting")
    assert manager.hears("READY=1")["MAINPID"] == pid and manager.hears("WATCHDOG=1")
    own.devos("say", SCALE)
    assert manager.hears("1 run, 1 question")
    own.daemon.send_signal(signal.SIGHUP)
    assert int(manager.hears("RELOADING=1")["MONOTONIC_USEC"]) > 0 and manager.hears("READY=1")
    own.daemon.terminate()
    assert manager.hears("STOPPING=1") and own.daemon.wait(timeout=60) == 0


def test_a_terminal_that_is_closed_ends_it(own: House) -> None:
    own.start("--sandbox")
    assert own.daemon is not None
    own.daemon.send_signal(signal.SIGHUP)
    assert own.daemon.wait(timeout=60) == 0 and not (own.home / "devos.sock").exists()


@pytest.mark.usefixtures("logging_as_before")
def test_a_service_s_log_goes_into_the_journal_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{about.st_dev}:{about.st_ino}")
    keep_log(tmp_path / "logs")
    assert [type(each).__name__ for each in logging.getLogger().handlers] == ["RotatingFileHandler", "Journal"]


def test_what_it_keeps_is_its_owners_alone(house: House) -> None:
    kept = [house.home, *(house.home / name for name in ("audit.db", "runs.db", "keys", "keys/audit.key", "logs"))]
    assert not [str(each) for each in kept if each.stat().st_mode & 0o077]
    assert (house.home / "devos.sock").stat().st_mode & 0o777 == 0o600


def test_a_killed_one_leaves_a_socket_that_the_next_replaces_and_control_c_ends_it(own: House) -> None:
    own.start("--sandbox")
    assert own.daemon is not None
    own.devos("freeze")
    run = own.devos("say", STAGING, "--json").json["run"]
    own.daemon.kill()
    own.daemon.wait(timeout=60)
    with socket.socket(socket.AF_UNIX) as stale, pytest.raises(ConnectionRefusedError):
        stale.connect(str(own.home / "devos.sock"))
    said = own.devos("runs", "--json")
    assert said.code == 1 and "is not running" in said.json["error"]
    own.start("--sandbox")
    follower = ask(own.home, "follow", run=run)
    assert next(follower)["run"]["run"] == run
    own.daemon.send_signal(signal.SIGINT)
    assert own.daemon.wait(timeout=60) == 0, "although somebody follows a run"
    follower.close()


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
def test_with_a_full_disk_nothing_is_changed_and_after_a_restart_it_goes_on(own: House) -> None:
    own.start("--sandbox")
    assert own.daemon is not None
    asking = own.devos("say", SCALE, "--json").json
    own.devos("freeze")
    frozen = own.devos("say", STAGING, "--json").json
    assert frozen["status"] == "waiting"
    resource.prlimit(own.daemon.pid, resource.RLIMIT_FSIZE, (0, 0))  # no byte more in any file
    said = own.devos("say", STAGING)
    assert said.code == 1 and "Nothing was started, because the audit log cannot be written" in said.err
    said = own.devos("approve", asking["approvals"][0]["id"], "--json")
    assert said.code == 1 and "The answer does not count, because it cannot be recorded" in said.json["error"]
    (own.home / "frozen").unlink()
    for answer in ask(own.home, "follow", run=frozen["run"]):
        if answer["run"]["status"] != "waiting":
            break
    assert own.stop() == 0 and not (own.home / "devos.sock").exists()
    assert not own.changes("kubernetes"), "no intention could be written, so nothing was done"
    own.start("--sandbox")  # with room again
    assert own.end_of(frozen["run"])["status"] == "done" and own.replicas("staging/checkout") == 6
    (question,) = own.devos("approvals", "--json").json
    assert question["id"] == asking["approvals"][0]["id"], "the question is still open, and the same"
    assert own.devos("approve", question["id"]).code == 0
    assert own.end_of(asking["run"])["status"] == "done" and own.replicas("production/web-app") == 10
    assert len(own.changes("kubernetes")) == 2 and own.devos("audit", "verify").code == 0
