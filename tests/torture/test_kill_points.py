"""The daemon is killed at every durable write of D20 and D16; the run must end as if nothing had happened."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from daemon.client import Told, ask, ask_once
from integrations.sandbox import process
from integrations.sandbox.client import Sandbox
from policies.audit.reader import Reader
from policies.audit.verify import verify

VICTIM = Path(__file__).with_name("victim.py")
ROOT = Path(__file__).parents[2]
ENDED = ("done", "failed", "denied", "cancelled")
CHANGES = ("POST", "PUT", "PATCH", "DELETE", "EXEC")
D20 = "scale the web-app deployment to 10 replicas and monitor the rollout for DEV-456"
D16 = "deploy the user authentication service to production using CDK and create a change request for DEV-456"
DEADLINE = 120.0
KILLER = "import os, sys, time; time.sleep(float(sys.argv[1])); os.kill(int(sys.argv[2]), 9)"
SHORT = 15
"""The short form, for CI, takes one point in so many; which ones moves with the number of the day."""


class Nursery:
    """One process that has imported everything, and forks daemons."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(VICTIM)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "forks"

    def fork(self, home: Path, point: int, mode: str) -> int:
        assert self._process.stdin is not None
        print(home, point, mode, file=self._process.stdin, flush=True)
        return int(self._line())

    def end(self) -> None:
        self._process.communicate(timeout=30)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@dataclass
class Shop:
    """One sandbox, used again for every kill, with a fresh DEVOS_HOME each time."""

    folder: Path
    sandbox: Sandbox
    nursery: Nursery
    numbered: int = 0

    def fresh_home(self) -> Path:
        self.sandbox.reset()
        self.sandbox.settings(rollout_seconds=0.2, cdk_seconds=0.2, change_approval_seconds=0.0)
        self.numbered += 1
        home = self.folder / f"home{self.numbered}"
        home.mkdir(mode=0o700)
        (home / "sandbox").symlink_to(self.folder / "sandbox")
        return home

    def changes(self) -> Counter[tuple[str, str, str]]:
        """How often each change was made: a NerdGraph query by POST and a `cdk diff` only read."""
        made = (
            (each["system"], each["method"], each["path"].partition("?")[0])
            for each in self.sandbox.journal()
            if each["method"] in CHANGES and each["status"] in (None, 0, 200, 201, 204)
        )
        return Counter(each for each in made if each[0] != "newrelic" and not each[2].startswith("diff "))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("torture")
    process.ensure(folder / "sandbox")
    nursery = Nursery()
    yield Shop(folder, Sandbox.at(folder / "sandbox"), nursery)
    nursery.end()
    process.stop(folder / "sandbox")


class Victim:
    """A daemon that may kill itself."""

    def __init__(self, nursery: Nursery, home: Path, point: int, mode: str) -> None:
        self.home = home
        if not (home / "stdout").exists():
            os.mkfifo(home / "stdout")
        self.pid = nursery.fork(home, point, mode)
        with (home / "stdout").open() as lines:
            assert lines.readline().strip() == "ready", (home / "stderr").read_text()

    @property
    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def end(self) -> None:
        self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        if self.alive:
            os.kill(self.pid, number)
        with (self.home / "devos.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # held by the daemon as long as it lives


def begin(home: Path, sentence: str) -> None:
    """Ask for something and leave; a daemon that dies before it answers is what this is about."""
    try:
        for _ in ask(home, "say", text=sentence, cwd="/"):
            return
    except (Told, ValueError, OSError):
        return


def drive(victim: Victim, happened: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    """Answer like a person until the newest run has ended; None when the daemon died or knows no run."""
    end = time.monotonic() + DEADLINE
    while victim.alive:
        assert time.monotonic() < end, "the run does not end"
        try:
            runs = ask_once(victim.home, "runs", limit=1)["runs"]
            if not runs:
                return None
            if runs[0]["status"] in ENDED:
                return dict(runs[0])
            for question in runs[0]["approvals"]:
                yes = happened(question) if question["level"] == "outcome" else True
                ask_once(victim.home, "answer", id=question["id"], yes=yes)
            if not runs[0]["approvals"]:
                for answer in ask(victim.home, "follow", run=runs[0]["run"]):
                    if answer["run"]["status"] in (*ENDED, "asking"):
                        break
        except (Told, ValueError, OSError):
            continue
    return None


def once(shop: Shop, sentence: str, point: int, mode: str) -> tuple[Path, dict[str, Any]]:
    """Make the request with a daemon that is killed at one write, then with one that is not, to the end."""
    home = shop.fresh_home()

    def happened(question: dict[str, Any]) -> bool:
        raise AssertionError(f"a person was asked what the systems can tell: {question}")

    victim = Victim(shop.nursery, home, point, mode)
    (home / "armed").touch()
    begin(home, sentence)
    run = drive(victim, happened)
    if run is None:
        (home / "armed").unlink(missing_ok=True)
        victim.kill()
        victim = Victim(shop.nursery, home, 0, "off")
        if not ask_once(home, "runs", limit=1)["runs"]:
            begin(home, sentence)  # it was never started, and the person was told so
        run = drive(victim, happened)
    victim.end()
    assert run is not None
    return home, run


def check(shop: Shop, home: Path, run: dict[str, Any], expected: Counter[tuple[str, str, str]]) -> None:
    assert run["status"] == "done", (run["said"], [(step["action"], step["status"]) for step in run["steps"]])
    assert {step["status"] for step in run["steps"]} == {"done"}
    assert shop.changes() == expected
    report = verify(home / "audit.db", (home / "keys" / "audit.pub").read_text())
    assert report.ok, report
    reader = Reader(home / "audit.db")
    kept = {entry.seq: entry.type for entry in reader.entries()}
    reader.close()
    for line in (home / "acknowledged").read_text().splitlines():
        seq, _, kind = line.partition(" ")
        assert kept[int(seq)] == kind, f"acknowledged entry {seq} is lost"


def counted(shop: Shop, sentence: str) -> tuple[int, Counter[tuple[str, str, str]]]:
    """How many durable writes the request makes when nobody is killed, and which changes."""
    home, run = once(shop, sentence, 0, "never")
    expected = shop.changes()
    check(shop, home, run, expected)
    assert expected, "the request changed nothing"
    return int((home / "writes").read_text()), expected


@pytest.mark.parametrize("sentence", [D20, D16], ids=["D20", "D16"])
def test_one_in_several_kill_points(shop: Shop, sentence: str) -> None:
    writes, expected = counted(shop, sentence)
    shift = int(time.time() // 86_400) % SHORT
    points = [(point, mode) for point in range(1, writes + 1) for mode in ("before", "after")]
    for point, mode in points[shift::SHORT]:
        home, run = once(shop, sentence, point, mode)
        check(shop, home, run, expected)


@pytest.mark.torture
@pytest.mark.parametrize("sentence", [D20, D16], ids=["D20", "D16"])
def test_every_kill_point(shop: Shop, sentence: str) -> None:
    writes, expected = counted(shop, sentence)
    for point in range(1, writes + 1):
        for mode in ("before", "after"):
            home, run = once(shop, sentence, point, mode)
            check(shop, home, run, expected)
    print(json.dumps({"sentence": sentence, "writes": writes, "kills": writes * 2}))


@pytest.mark.torture
def test_random_moments(shop: Shop) -> None:
    """Killed by the clock, so also between writes and while a system works; the seed is printed for repeating."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    for sentence in (D20, D16):
        _, expected = counted(shop, sentence)
        for _ in range(100):
            home = shop.fresh_home()
            victim = Victim(shop.nursery, home, 0, "off")
            killer = subprocess.Popen(
                [sys.executable, "-c", KILLER, f"{dice.uniform(0, 3):.3f}", str(victim.pid)],
            )
            begin(home, sentence)
            drive(victim, lambda question: pytest.fail(f"asked {question}"))
            killer.wait()
            victim.kill()
            victim = Victim(shop.nursery, home, 0, "off")
            if not ask_once(home, "runs", limit=1)["runs"]:
                begin(home, sentence)
            run = drive(victim, lambda question: pytest.fail(f"asked {question}"))
            victim.end()
            assert run is not None
            check(shop, home, run, expected)
