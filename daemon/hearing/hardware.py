"""What this machine can carry: memory for a model, a GPU to run it on, and how fast it hears."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.hearing.weights import Candidate, NoWeights

LIBRARY = 150 << 20
"""Bytes that Whisper's libraries take, whichever the model."""

SLOWEST = 0.9
"""Seconds from the last voiced sample to the text that a person waits for without noticing it much."""

PAUSE = 0.16
"""Seconds of silence after which writing down begins (`daemon.hearing.endpoint.PAUSE`)."""

LONGEST_MEASUREMENT = 180.0
"""Seconds that measuring one model may take; one that needs longer is of no use here."""


class TooLittleMemory(NoWeights):
    """No model that is here fits into the memory that is free; the message says how much is needed."""


@dataclass(frozen=True)
class Measurement:
    """How a model did on this machine."""

    name: str
    source: str
    path: str
    device: str
    load_s: float
    """Seconds to load it."""
    transcribe_s: float
    """Seconds for a sentence of `sound_s`: the median of several."""
    sound_s: float
    memory_mb: float
    """The most that a process with nothing but this model had in memory."""
    real_speech: bool
    """Whether it was a spoken sentence, and not a hum, whose few words cost less."""

    @property
    def real_time_factor(self) -> float:
        """Seconds of work for a second of sound."""
        return self.transcribe_s / self.sound_s

    def wait(self, silence: float) -> float:
        """Seconds from the last voiced sample to the text, where `silence` seconds end a sentence."""
        return max(silence, PAUSE + self.transcribe_s)


def needed(weights: Path) -> int:
    """Bytes of memory that a folder of weights takes while it is loaded and used: twice its file, and the libraries."""
    return LIBRARY + 2 * (weights / "model.bin").stat().st_size


def available() -> int:
    """Bytes of memory that can be had without swapping; within a container, what its limit leaves."""
    import psutil

    return min(psutil.virtual_memory().available, left_of_group(Path("/sys/fs/cgroup")))


def affordable(candidates: Sequence[Candidate], free: int) -> Candidate:
    """The model to take: the chosen one where it fits into memory, otherwise the largest one that does.

    Args:
        candidates: from `weights.survey`, the chosen one among them.
        free: bytes, from `available`.

    Raises:
        TooLittleMemory: none of them fits.
    """
    sizes = [(needed(each.path), each) for each in candidates if each.found and each.path is not None]
    for size, each in sizes:
        if each.chosen and size <= free:
            return each
    if fitting := [(size, each) for size, each in sizes if size <= free]:
        return max(fitting, key=lambda pair: pair[0])[1]
    least = min((size for size, _ in sizes), default=0)
    raise TooLittleMemory(
        f"There is too little memory to listen: the smallest speech model here needs {least >> 20} MB, and "
        f"{free >> 20} MB are free. Close something, and try again."
    )


def graphics() -> int:
    """How many GPUs the speech library can see."""
    import importlib

    try:
        return int(importlib.import_module("ctranslate2").get_cuda_device_count())
    except (ImportError, RuntimeError):
        return 0


def measure(candidate: Candidate, *, device: str, threads: int, speech: Path | None) -> Measurement | None:
    """Measure one model in a process of its own; None where it cannot be loaded, or takes minutes.

    Args:
        candidate: one that was found.
        device: auto, cpu or cuda.
        threads: processor threads.
        speech: a recording to listen to; a hum where there is none.
    """
    words = [str(candidate.path), device, str(threads), *([str(speech)] if speech else [])]
    command = [sys.executable, "-m", "daemon.hearing.measuring", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_MEASUREMENT, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    found = json.loads(done.stdout)
    return Measurement(candidate.name, candidate.source, str(candidate.path), real_speech=speech is not None, **found)


def best(measured: Sequence[Measurement], silence: float, free: int) -> Measurement | None:
    """The largest model that answers in time and fits into memory twice over; the quickest one where none does.

    The larger a model, the fewer words it mishears; what it takes in memory tells its size.
    """
    fitting = [each for each in measured if 2 * each.memory_mb * 2**20 <= free] or [*measured]
    quick = [each for each in fitting if each.wait(silence) <= SLOWEST]
    if quick:
        return max(quick, key=lambda each: each.memory_mb)
    return min(fitting, key=lambda each: each.transcribe_s, default=None)


def left_of_group(folder: Path) -> int:
    """Bytes that a container's limit leaves, or a number beyond every machine where there is no limit."""
    try:
        limit, used = ((folder / name).read_text().strip() for name in ("memory.max", "memory.current"))
        cached = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return max(0, int(limit) - int(used) + int(cached.get("inactive_file", 0)))
    except (OSError, ValueError):
        return sys.maxsize
