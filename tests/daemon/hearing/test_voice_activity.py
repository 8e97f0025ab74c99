"""Speech is told from everything else."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing import voice_activity
from daemon.hearing.frames import FRAME, RATE
from daemon.hearing.recording import read
from daemon.hearing.voice_activity import NoVoiceDetector, VoiceDetector


def probabilities(detector: VoiceDetector, samples: NDArray[np.float32]) -> list[float]:
    return [detector.probability(samples[at : at + FRAME]) for at in range(0, len(samples) - FRAME + 1, FRAME)]


def test_speech_is_found_and_silence_noise_and_hum_are_not(demo: Path) -> None:
    detector, random = VoiceDetector(), np.random.default_rng(1)
    spoken = probabilities(detector, read(demo).samples)
    assert max(spoken) > 0.9 and np.mean([each > 0.5 for each in spoken]) > 0.4
    hum = (0.3 * np.sin(2 * np.pi * 100 * np.arange(2 * RATE) / RATE)).astype(np.float32)
    for other in (np.zeros(2 * RATE, np.float32), 0.05 * random.standard_normal(2 * RATE).astype(np.float32), hum):
        detector.reset()
        assert max(probabilities(detector, other)) < 0.3


def test_it_says_what_the_network_says_of_a_whole_recording(demo: Path) -> None:
    from faster_whisper.vad import get_vad_model

    samples = read(demo).samples
    samples = samples[: len(samples) // FRAME * FRAME]
    assert probabilities(VoiceDetector(), samples) == pytest.approx(
        get_vad_model()(samples.copy()).reshape(-1), abs=1e-4
    )


def test_after_a_reset_it_remembers_nothing(demo: Path) -> None:
    detector, samples = VoiceDetector(), read(demo).samples[: 2 * RATE]
    first = probabilities(detector, samples)
    assert probabilities(detector, samples) != first
    detector.reset()
    assert probabilities(detector, samples) == first


def test_faster_whisper_stays_unloaded() -> None:
    code = "import sys; from daemon.hearing.voice_activity import VoiceDetector as D; D(); print([*sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'onnxruntime'" in loaded and "'faster_whisper" not in loaded and "'ctranslate2'" not in loaded


@pytest.mark.parametrize("found", [None, ModuleSpec("faster_whisper", None, is_package=True)])
def test_without_the_network_it_says_what_to_install(found: ModuleSpec | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_activity, "find_spec", lambda name: found)
    with pytest.raises(NoVoiceDetector, match=r"faster-whisper 1\.2, which is not installed"):
        VoiceDetector()
