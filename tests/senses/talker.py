"""Somebody in the room who listens for the words of a question, and answers by the talk key."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from listener import words_in
from room import PATIENCE, Room
from virtual_screen import VirtualScreen
from virtual_sound import Samples, said_by_flite

from daemon.client import ask
from integrations.sandbox import process
from integrations.sandbox.client import Sandbox

if TYPE_CHECKING:
    from virtual_sound import VirtualSound

PACE = 220
"""Words a minute: brisk, for the tests' time."""
SETTINGS = f'[wake]\non = true\nwords = ["hey jarvis"]\n[speech]\nrate = {PACE}\n'
TALK = ("ctrl", "alt", "space")
"""The talk key."""
QUIET = 20.0
"""Seconds after which nothing more is said."""
SOON = 20.0
"""Seconds after which what was said was not understood."""
AT_ALL = 0.35
"""Seconds that a key is held at least; shorter, it counts as tapped."""


class Talker(Room):
    """A room in which somebody has patience: what a slow machine takes longer for is waited for, not missed."""

    def until(self, holds: Any, seconds: float = PATIENCE) -> Any:
        """Wait until something holds of the daemon, whether or not there is any sound."""
        until, waits = time.monotonic() + seconds, threading.Event()
        while not (found := holds()):
            assert time.monotonic() < until, f"that never was so; {json.dumps(self.senses())} {self.newest()}"
            waits.wait(0.05)
        return found

    def wants(self, text: str) -> str:
        """Ask for something by the socket in such a way that DevOS takes it for spoken; the run."""
        following = ask(self.home, "say", text=text, channel="voice", cwd="/")
        run = str(next(following)["run"]["run"])
        following.close()
        return run

    def orders(self, text: str) -> str:
        """Ask for something aloud, again where it was not understood; the run."""
        before = self.newest().get("run")
        for _ in range(3):
            self.sound.heard()
            self.tells(text)
            with suppress(AssertionError):
                self.until(lambda: self.newest().get("run") != before, SOON)
                return str(self.newest()["run"])
        raise AssertionError(f"{text!r} was never understood")

    def run(self, run: str) -> dict[str, Any]:
        """A run as it is now."""
        return dict(next(iter(ask(self.home, "run", run=run)))["run"])

    def ends(self, run: str) -> dict[str, Any]:
        """A run once it has ended."""
        self.until(lambda: self.run(run)["status"] in ("done", "failed", "denied", "cancelled"))
        return self.run(run)

    def cancels(self, run: str) -> None:
        """Give a run up, so that nothing is asked any more, and wait until it is quiet."""
        next(iter(ask(self.home, "cancel", run=run)))
        self.rests()

    def takes_back(self, run: str) -> None:
        """Have what a run changed undone, and wait until it is."""
        assert self.ends(run)["status"] == "done"
        following = ask(self.home, "undo", run=run)
        undoing = str(next(following)["run"]["run"])
        following.close()
        assert self.ends(undoing)["status"] == "done"

    def rests(self) -> None:
        """Wait until DevOS neither speaks nor listens to anybody; what was said until then is forgotten."""
        self.until(self._rests)
        self.sound.heard()

    def _rests(self) -> bool:
        now = self.senses()
        busy = now["hearing"]["status"] in ("listening", "transcribing") or now["speaker"]["status"] == "speaking"
        return not busy

    def words(self) -> str:
        """The words that DevOS asks for, once it has asked to the end; what is unclear is asked for again."""
        for _ in range(4):
            if found := words_in(self.sound.reply(quiet=0.9, patience=QUIET).astype(np.float32) / 32768, PACE):
                return found
            self.tells("repeat that.")
        raise AssertionError("no words are asked for")

    def confirms(self, run: str, words: str, answer: str = "confirm {}.") -> Samples:
        """Confirm a question, as often as it takes until that was heard, and see its run done; the answer's sound."""
        for _ in range(3):
            samples = self.tells(answer.format(words))
            self.until(lambda: self.run(run)["status"] != "asking" or self.senses()["speaker"]["status"] == "speaking")
            if self.run(run)["status"] != "asking":
                break
            words = self.words()
        assert self.ends(run)["status"] == "done"
        self.sound.heard()
        return samples

    def has_confirmed(self, text: str) -> Samples:
        """Ask for something, and confirm it; all of it again where the two do not understand each other. The answer."""
        for _ in range(3):
            run = self.wants(text)
            with suppress(AssertionError):
                return self.confirms(run, self.words())
            self.cancels(run)
        raise AssertionError(f"{text!r} could not be confirmed")

    @contextmanager
    def talking(self) -> Iterator[None]:
        """Hold the talk key while something is said."""
        self.screen.keys(*(part for key in TALK for part in ("keydown", key)))
        try:
            self.until(lambda: self.senses()["hearing"]["status"] == "listening")
            yield
            self.sound.pause(AT_ALL)
        finally:
            self.screen.keys(*(part for key in reversed(TALK) for part in ("keyup", key)))

    def plays(self, samples: Samples) -> None:
        """Play a recording to it while the talk key is held, to the end."""
        with self.talking():
            self.sound.say(samples, pause=0.1)
            self.sound.said()

    def tells(self, text: str) -> Samples:
        """Say something with the talk key held; the sound, as whoever records it has it."""
        samples = said_by_flite(text, "rms")
        self.plays(samples)
        return samples


@contextmanager
def visited(sound: VirtualSound) -> Iterator[Talker]:
    """A home with a company that takes no time, sound, a screen, and nothing started yet; for a module of tests."""
    for program in ("Xvfb", "xdotool", "flite"):
        if not shutil.which(program):
            pytest.skip(f"install with: make system (it wants {program})")
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="devos-") as folder:
        for name, value in sound.environment.items():
            patch.setenv(name, value)
        home = Path(folder) / "devos"
        home.mkdir(mode=0o700)
        process.ensure(home / "sandbox")
        Sandbox.at(home / "sandbox").settings(rollout_seconds=0, cdk_seconds=0)
        with VirtualScreen() as screen:
            talker = Talker(home, sound, screen)
            try:
                yield talker
            finally:
                talker.stop()
