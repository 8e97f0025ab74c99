"""What listening for a wake word costs all day: processor and memory of the whole daemon. Aims: 2 % of a core, 300 MB.

The daemon runs over its sandbox, which is a process of its own and not counted; its microphone is a real sound server
without hardware, which is not counted either. First the room is silent, then a fan runs in it, then somebody asks
something. The command line's only argument are the seconds of each room.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _daemon import end, sandboxed, start
from _machine import line, rounds
from _sound import needs, said

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from virtual_sound import CHUNK, Samples, VirtualSound

from daemon.client import ask_once

STARTED = 70.0
"""Seconds after the start that are not counted: DBOS looks more often for work in its first minute."""
SETTLES = 5.0
"""Seconds after a change of the room that are not counted."""
PATIENCE = 90.0
FAN = 0.01
"""How loud the fan is: its mean power is 40 dB below the loudest sound there is."""
TICKS = os.sysconf("SC_CLK_TCK")
SETTINGS = '[wake]\non = true\nwords = ["hey jarvis"]\n'


class FannedRoom(VirtualSound):
    """A room in which a fan can be switched on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.fan = False
        self._random = np.random.default_rng(0)
        self._last = np.zeros(CHUNK)

    def _next(self) -> Samples:
        chunk = super()._next()
        if not self.fan:
            return chunk
        white = self._random.normal(0, 1, CHUNK)
        hiss = white + 0.9 * np.concatenate([self._last[-1:], white[:-1]])  # a fan is duller than white noise
        self._last = white
        return np.clip(chunk + hiss * FAN / 1.345 * 32767, -32768, 32767).astype(np.int16)


def family(pid: int) -> list[int]:
    """A process and those that it started, theirs included."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def cpu(pid: int) -> float:
    """Seconds of processor time that a process took, with those that it started."""
    total = 0
    for each in family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        own, ended = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
        total += own + ended
    return total / TICKS


def memory(pid: int) -> float:
    """Megabytes that a process and those that it started have in memory."""
    lines = [each for one in family(pid) for each in Path(f"/proc/{one}/status").read_text().splitlines()]
    return sum(int(each.split()[1]) for each in lines if each.startswith("VmRSS")) / 1000


def until(holds: Callable[[], Any]) -> Any:
    """Wait for something of the daemon."""
    limit = time.monotonic() + PATIENCE
    while not (found := holds()):
        if time.monotonic() > limit:
            raise RuntimeError(f"the daemon never came so far: {json.dumps(ask_once(home, 'senses'))}")
        time.sleep(0.2)
    return found


def share(pid: int, seconds: float) -> float:
    """Per cent of one core over so many seconds."""
    began, before = time.monotonic(), cpu(pid)
    time.sleep(seconds)
    return 100 * (cpu(pid) - before) / (time.monotonic() - began)


def newest() -> dict[str, Any]:
    """The newest run; empty when there is none."""
    found = ask_once(home, "runs")["runs"]
    return dict(found[0]) if found else {}


needs("flite", "pulseaudio", "parec")
seconds = rounds(30)
with (
    tempfile.TemporaryDirectory() as folder,
    FannedRoom(Path(folder)) as room,
    sandboxed() as home,
):
    os.environ.update(room.environment)
    (home / "config.toml").write_text(SETTINGS)
    daemon = start(home)
    until(lambda: ask_once(home, "senses")["hearing"]["status"] == "waiting for the wake word")
    until(lambda: ask_once(home, "senses")["microphone"]["status"] == "open")
    settles = min(SETTLES, seconds)
    time.sleep(min(STARTED, 3 * seconds))
    for name, fan in (("a silent room", False), ("a room with a fan", True)):
        room.fan = fan
        time.sleep(settles)
        line(f"listening for a wake word in {name}", share(daemon.pid, seconds), "% of a core", aim=2.0, n=seconds)
    line("memory, listening, before the first sentence", memory(daemon.pid), "MB", aim=300.0)
    room.fan = False
    question = said("hey jarvis, how many replicas does checkout have in production?", "flite", "rms")
    for _ in range(3):
        room.say((question * 32767).astype(np.int16), pause=0.5)
        room.said()
        time.sleep(5)
        if newest():
            break
    until(lambda: newest().get("status") in ("done", "failed"))
    time.sleep(settles)
    line("memory, listening, after the first sentence", memory(daemon.pid), "MB", run=newest()["status"])
    line("listening for a wake word after a sentence", share(daemon.pid, seconds), "% of a core", aim=2.0, n=seconds)
    end(daemon)
