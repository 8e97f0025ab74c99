"""Measures one speech model, in a process of its own, so that its memory can be told from everything else.

Called as `python -m daemon.hearing.measuring FOLDER DEVICE THREADS [RECORDING]`; prints one line of JSON.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.hearing.evidence import NoSpeech
from daemon.hearing.prompt import prompt_of
from daemon.hearing.recording import RATE, read
from daemon.hearing.transcription import Transcriber
from daemon.hearing.whisper import Wanted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDS = 3

NAMES = ("web-app", "checkout", "payment-service", "user-auth-service", "notification-service", "analytics-service")
"""A catalogue of the usual size: a prompt costs time as well."""


def main(folder: str, device: Wanted, threads: str, recording: str | None = None) -> None:
    """Measure, and print what was found."""
    samples = read(Path(recording)).samples if recording else hum(4.0)
    transcriber = Transcriber(Path(folder), threads=int(threads), device=device)
    began = time.perf_counter()
    transcriber.load()
    loaded = time.perf_counter() - began
    prompt = prompt_of(NAMES)
    _once(transcriber, samples, prompt)
    seconds = [_once(transcriber, samples, prompt) for _ in range(ROUNDS)]
    found = {
        "device": transcriber.device,
        "load_s": round(loaded, 3),
        "transcribe_s": round(statistics.median(seconds), 3),
        "sound_s": round(len(samples) / RATE, 2),
        "memory_mb": round(_most_memory(), 1),
    }
    print(json.dumps(found))


def speak(folder: Path) -> Path | None:
    """Have a request spoken into a file in a folder; None where this machine has no voice."""
    file = folder / "request.wav"
    words = "scale the web app deployment to ten replicas and monitor the rollout"
    for command in (
        ["espeak-ng", "-w", str(file), words],
        ["say", "--file-format=WAVE", "--data-format=LEI16@16000", "-o", str(file), words],
    ):
        if shutil.which(command[0]) and not subprocess.run(command, capture_output=True).returncode:
            return file
    return None


def hum(seconds: float) -> NDArray[np.float32]:
    """A sound with a voice's overtones, shape (n,)."""
    import numpy as np

    at = np.arange(round(seconds * RATE)) / RATE
    tones = sum(np.sin(2 * np.pi * pitch * at) for pitch in (130, 260, 390, 700, 1200))
    return np.asarray(0.1 * tones * (0.5 + 0.5 * np.sin(8 * np.pi * at)), np.float32)


def _once(transcriber: Transcriber, samples: NDArray[np.float32], prompt: str) -> float:
    """Seconds for one sentence; one that is refused took its time as well."""
    began = time.perf_counter()
    with suppress(NoSpeech):
        transcriber.write_down(samples, prompt)
    return time.perf_counter() - began


def _most_memory() -> float:
    """The most memory that this process ever had, in MB."""
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage counts what the process that started this one had at that moment
        (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts in bytes


if __name__ == "__main__":
    wanted: dict[str, Wanted] = {"cpu": "cpu", "cuda": "cuda"}
    main(sys.argv[1], wanted.get(sys.argv[2], "auto"), *sys.argv[3:])
