"""Hours of talking: every command is answered, and nothing grows: no open files, no threads, no memory.

Five minutes by default, as in CI; DEVOS_SOAK_MINUTES=120 is the long form, with one command a minute.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from virtual_sound import VirtualSound

from daemon.client import ask_once

sys.path.insert(0, str(Path(__file__).parents[1] / "senses"))  # for room.py and talker.py

from talker import SETTINGS, SOON, visited

if TYPE_CHECKING:
    from tests.senses.talker import Talker

MINUTES = float(os.environ.get("DEVOS_SOAK_MINUTES", "5"))
EVERY = 60.0 if MINUTES >= 60 else 10.0
"""Seconds from one command to the next."""
SETTLES = min(10.0, MINUTES / 3)
"""Minutes after which growth counts: models are loaded, and every way was used a few times."""
AT_ONCE = 16
"""Requests that are made at the same moment in the beginning: pools of threads grow to what they are needed for."""
GROWTH = 1.05
TRIES = 5
"""How often a command is said until it is heard, as a person would."""
COUNT = "how many replicas does web app have in production?"
LEAP = "scale checkout to fifteen replicas in staging."
"""More than three times as many as there are, so that it is asked for; outside of production a yes is enough."""

pytestmark = pytest.mark.torture


@dataclass(frozen=True)
class Use:
    """What the daemon and the processes that it has started take."""

    at: float
    files: int
    threads: int
    memory: int
    """Bytes that are resident in the daemon itself."""


@dataclass
class Soak:
    """Somebody who gives one command after the other."""

    talker: Talker
    used: list[Use] = field(default_factory=list)
    said: dict[str, int] = field(default_factory=dict)
    repeated: int = 0

    def give(self, name: str, command: Callable[[], bool]) -> None:
        """Give a command, again where it was not understood, until it is answered."""
        for _ in range(TRIES):
            if command():
                self.said[name] = self.said.get(name, 0) + 1
                return
            self.repeated += 1
        raise AssertionError(f"{name} is not answered: {self.talker.newest()} {self.talker.senses()}")

    def fills(self) -> None:
        """Ask much at once, once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            asked = [pool.submit(ask_once, self.talker.home, "say", text=COUNT, cwd="/") for _ in range(AT_ONCE)]
        for each in asked:
            assert self.talker.ends(each.result()["run"]["run"])["status"] == "done"

    def by_key(self) -> bool:
        """Ask something with the talk key held."""
        return self._answers(lambda: self.talker.tells(COUNT))

    def by_wake_word(self) -> bool:
        """Ask something after the wake word."""
        return self._answers(lambda: self.talker.says(f"hey jarvis, {COUNT}"))

    def changes(self) -> bool:
        """Have something changed, say yes to the question, and take it back."""
        talker = self.talker
        run = talker.orders(LEAP)
        talker.until(lambda: talker.run(run)["status"] in ("asking", "done"))
        if talker.run(run)["status"] == "done":  # it was said twice, and there is nothing left to change
            talker.rests()
            talker.sandbox.reset()
            talker.sandbox.settings(rollout_seconds=0)
            return False
        try:
            talker.confirms(run, talker.words(), "yes, go ahead.")
        except AssertionError:
            if talker.run(run)["status"] == "asking":
                talker.cancels(run)
            return False
        talker.takes_back(run)
        return True

    def measure(self) -> None:
        process = psutil.Process(self.talker.pid)
        with process.oneshot():
            now = Use(time.monotonic(), process.num_fds(), process.num_threads(), process.memory_info().rss)
        self.used.append(now)

    def _answers(self, ask: Callable[[], object]) -> bool:
        talker = self.talker
        before = talker.newest().get("run")
        talker.sound.heard()
        ask()
        try:
            talker.until(lambda: talker.newest().get("run") != before, SOON)
        except AssertionError:
            return False
        done = talker.ends(talker.newest()["run"])["status"] == "done"
        talker.rests()
        return done


@pytest.fixture
def soak(_sound: VirtualSound) -> Iterator[Soak]:
    with visited(_sound) as talker:
        talker.start(SETTINGS)
        yield Soak(talker)


def test_nothing_grows_however_long_it_is_talked_with(soak: Soak) -> None:
    commands = itertools.cycle(
        [("wake word", soak.by_wake_word), ("key", soak.by_key), ("change", soak.changes), ("key", soak.by_key)]
    )
    soak.fills()
    began = time.monotonic()
    while (passed := time.monotonic() - began) < 60 * MINUTES:
        name, command = next(commands)
        soak.give(name, command)
        soak.talker.rests()
        soak.measure()
        soak.talker.sound.pause(max(0.0, EVERY - (time.monotonic() - began - passed)))
    print(json.dumps(_told(soak)), file=sys.stderr)
    settled = [each for each in soak.used if each.at - began >= 60 * SETTLES]
    early, late = settled[: len(settled) // 4], settled[-len(settled) // 4 :]
    # A connection more or less at one moment is no growth; that there are never as few any more would be.
    assert min(each.files for each in late) <= max(each.files for each in early)
    assert min(each.threads for each in late) <= max(each.threads for each in early)
    assert max(each.memory for each in late) <= GROWTH * max(each.memory for each in early)


def _told(soak: Soak) -> dict[str, object]:
    """The figures, one in ten of them."""
    some = soak.used[:: max(1, len(soak.used) // 10)]
    return {
        "commands": soak.said,
        "repeated": soak.repeated,
        "files": [each.files for each in some],
        "threads": [each.threads for each in some],
        "megabytes": [each.memory // 2**20 for each in some],
    }
