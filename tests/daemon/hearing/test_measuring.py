"""One model, measured in a process of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from daemon.hearing.hardware import measure
from daemon.hearing.measuring import hum
from daemon.hearing.transcription import Transcriber
from daemon.hearing.weights import Candidate


def test_the_model_that_comes_with_devos(tiny: Transcriber, demo: Path) -> None:
    found = measure(
        Candidate("tiny.en", "embedded", tiny.weights, True, True, ""), device="cpu", threads=2, speech=demo
    )
    assert found is not None and found.name == "tiny.en" and found.device == "cpu" and found.real_speech
    assert 3 < found.sound_s < 5 and found.transcribe_s > 0 and found.load_s > 0
    assert 100 < found.memory_mb < 600


def test_a_hum_where_nobody_can_speak() -> None:
    sound = hum(2.0)
    assert sound.shape == (32_000,) and 0.1 < np.abs(sound).max() <= 1
