"""A loudspeaker and an engine that are scripts: what they are given is known to the sample, and takes no time."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.portaudio import NoSound
from daemon.speaking.voice import Voice

sys.path.insert(0, str(Path(__file__).parent))  # for computed_rooms.py

BLOCK = 220
SECONDS = 20
"""What takes longer than this hangs."""
ENGINE = """
import json, sys, time, pathlib
folder = pathlib.Path(sys.argv[-1])
out = sys.stdout.buffer
for line in sys.stdin:
    asked = json.loads(line)
    text = asked["text"]
    log = pathlib.Path(sys.argv[1])
    with log.open("a") as file:
        file.write(text + chr(10))
    if "hang once" in text and log.read_text().count("hang once") == 1 or "hang for ever" in text:
        time.sleep(600)
    if "end" == text:
        sys.exit(1)
    if "nonsense" in text:
        out.write(b"hello" + chr(10).encode())
        out.flush()
        continue
    if "broken" in text:
        answer, samples = {"problem": "It is \\x1b[31mbroken."}, b""
    else:
        number = int("".join(filter(str.isdigit, text)) or 1)
        samples = (1000 + 100 * number).to_bytes(2, "little") * 4410
        answer = {"rate": 22050, "samples": len(samples) // 2}
    out.write(json.dumps(answer).encode() + b"\\n" + samples)
    out.flush()
"""
"""Says a tenth of a second of one value, which follows from the number in the text."""


class Loudspeaker:
    """Takes what is played as fast as it can be given, as sounddevice's thread would."""

    def __init__(self) -> None:
        self.played: list[NDArray[np.float32]] = []
        self.opened: list[dict[str, Any]] = []
        self.streams: list[SimpleNamespace] = []
        self.problems: list[NoSound] = []
        """Raised by the next openings, one each."""
        self.rate: float | None = None
        """Its own, where it cannot do another one."""
        self.dies_after: int | None = None
        self.pauses_after: int | None = None
        self.pause = threading.Event()
        """Set while it takes nothing."""
        self.began = threading.Event()
        self._threads: list[threading.Thread] = []

    def open(self, name: str | None, fill: Callable[..., None], **how: Any) -> Any:
        self.opened.append({"name": name} | how)
        if self.problems:
            raise self.problems.pop(0)
        assert not [each for each in self.streams if not each.closed], "two streams at a time"
        stream = SimpleNamespace(rate=self.rate or float(how["rate"]), dead=False, closed=False)
        stream.close = lambda: setattr(stream, "closed", True)
        self.streams.append(stream)
        thread = threading.Thread(target=self._pump, args=[stream, fill, how["ended"]], daemon=True)
        self._threads.append(thread)
        thread.start()
        return stream

    def _pump(self, stream: SimpleNamespace, fill: Callable[..., None], ended: Callable[[], None]) -> None:
        times = SimpleNamespace(currentTime=0.0, outputBufferDacTime=0.0)
        while not stream.closed:
            if self.pause.is_set():
                time.sleep(0.001)
                continue
            out = np.full((BLOCK, 1), np.nan, np.float32)
            fill(out, BLOCK, times, None)
            self.played.append(out[:, 0])
            if np.any(out):
                self.began.set()
                self.dies_after = None if self.dies_after is None else self.dies_after - 1
                self.pauses_after = None if self.pauses_after is None else self.pauses_after - 1
                if self.pauses_after == 0:
                    self.pause.set()
            else:
                time.sleep(0.0005)
            if self.dies_after == 0:
                self.dies_after = None
                stream.dead = True
                ended()
                return

    def die(self) -> None:
        """Be unplugged while nothing is played."""
        self.streams[-1].dead = True

    def end(self) -> None:
        for stream in self.streams:
            stream.closed = True
        for thread in self._threads:
            thread.join(SECONDS)

    def heard(self) -> NDArray[np.float32]:
        """Everything that was played, silence left out."""
        whole = np.concatenate(self.played) if self.played else np.zeros(0, np.float32)
        return whole[whole != 0]

    def numbers(self) -> list[int]:
        """Which texts of the scripted engine were heard, one number for each unbroken stretch."""
        heard = np.rint((self.heard() * 32768 - 1000) / 100).astype(int)
        if not len(heard):
            return []
        starts = np.flatnonzero(np.diff(heard, prepend=heard[0] - 1))
        return [int(each) for each in heard[starts]]


@pytest.fixture
def loudspeaker() -> Iterator[Loudspeaker]:
    found = Loudspeaker()
    yield found
    found.end()


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Where the scripted engine notes what it was asked for."""
    return tmp_path / "asked"


@pytest.fixture
def voice_of(asked: Path) -> Iterator[Callable[..., Voice]]:
    """Makes voices whose engine is a script."""
    voices: list[Voice] = []

    def make(**how: Any) -> Voice:
        voices.append(Voice(program=[sys.executable, "-c", ENGINE, str(asked)], **how))
        return voices[-1]

    yield make
    for each in voices:
        each.close()
