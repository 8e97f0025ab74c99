"""Eight writers append to the audit log and the process is killed, again and again, on the same log.

Whatever was acknowledged must be there, as it was given, and the log must open and verify without a false alarm.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log
from policies.audit.schema import open_for_reading
from policies.audit.verify import verify

VICTIM = Path(__file__).with_name("audit_victim.py")
ROOT = Path(__file__).parents[2]
WRITERS = 8
STEPS = 60
"""The last durable step at which a process is killed; opening a log takes about ten, a group of entries seven."""
LIVES = 100
"""How many processes use the same log one after the other."""
SHORT = 45
"""How many kills the short form makes, for every run of the tests."""
LONG = 2_200


@dataclass
class Desk:
    """One log and those who write to it, one process after the other."""

    home: Path
    nursery: subprocess.Popen[str]
    acknowledged: int = 0
    lives: int = 0
    kept: dict[int, dict[str, Any]] = field(default_factory=dict)

    def kill(self, ends: str, at: float) -> None:
        """Let a process write until it is killed, then see that nothing acknowledged is lost."""
        self.lives += 1
        asked = {"home": str(self.home), "life": self.lives, "ends": ends, "at": at}
        assert self.nursery.stdin is not None and self.nursery.stdout is not None
        print(json.dumps(asked), file=self.nursery.stdin, flush=True)
        ended = int(self.nursery.stdout.readline())
        assert ended == (signal.SIGALRM if ends == "moment" else signal.SIGKILL), (asked, ended)
        self.check(asked)

    def check(self, asked: object) -> None:
        """Compare what was acknowledged since the last time with what is in the log."""
        file = self.home / "acknowledged"
        lines = file.read_text().splitlines() if file.exists() else []
        for line in lines[self.acknowledged :]:
            told = json.loads(line)
            assert told["seq"] not in self.kept, f"{asked}: entry {told['seq']} was acknowledged twice"
            self.kept[told.pop("seq")] = told
        new = list(self.kept.items())[self.acknowledged :]
        self.acknowledged = len(lines)
        if not (self.home / "audit.db").exists():
            assert not new
            return
        with closing(open_for_reading(self.home / "audit.db")) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone():
                assert not new
                return
            for seq, told in new:
                row = connection.execute("SELECT event FROM entries WHERE seq = ?", (seq,)).fetchone()
                assert row is not None, f"{asked}: acknowledged entry {seq} is lost"
                assert json.loads(row[0])["data"]["unmapped"] == told, f"{asked}: entry {seq} is another"
            (held,) = connection.execute("SELECT count(*) FROM entries").fetchone()
        # Who is killed may have written, for each writer, one entry that nobody was told of yet.
        assert 0 <= held - self.acknowledged <= WRITERS * self.lives, asked

    def end(self) -> int:
        """See that the whole log verifies and goes on; how many entries were acknowledged."""
        key = (self.home / "keys" / "audit.pub").read_text()
        report = verify(self.home / "audit.db", key)
        assert report.ok, report.problem
        log = Log(self.home / "audit.db", Signer.load_or_create(self.home / "keys"))
        assert log.append_now(Entry("devos.action.done", None, None, None, {})) == report.entries + 1
        log.close()
        return self.acknowledged


@pytest.fixture
def nursery() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(VICTIM)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.communicate(timeout=30)


def kills(nursery: subprocess.Popen[str], folder: Path, count: int, dice: random.Random) -> int:
    """Kill so many processes; how many entries were acknowledged by them."""
    acknowledged = 0
    for first in range(0, count, LIVES):
        desk = Desk(folder / f"home{first}", nursery)
        desk.home.mkdir(mode=0o700)
        for n in range(first, min(first + LIVES, count)):
            ends = ("before", "after", "moment")[n % 3]
            desk.kill(ends, dice.uniform(0.005, 0.2) if ends == "moment" else dice.randint(1, STEPS))
        acknowledged += desk.end()
    return acknowledged


def test_some_kills_under_load_lose_nothing(nursery: subprocess.Popen[str], tmp_path: Path) -> None:
    assert kills(nursery, tmp_path, SHORT, random.Random(20260301)) > SHORT


@pytest.mark.torture
def test_two_thousand_kills_under_load_lose_nothing(nursery: subprocess.Popen[str], tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    acknowledged = kills(nursery, tmp_path, LONG, random.Random(seed))
    print(json.dumps({"kills": LONG, "writers": WRITERS, "acknowledged": acknowledged, "lost": 0}))
    assert acknowledged > LONG
