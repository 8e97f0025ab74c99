"""Recordings to listen to, and the model that listens."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing.prompt import prompt_of
from daemon.hearing.transcription import Transcriber
from daemon.hearing.weights import Places, find

CATALOGUE = ["web-app", "checkout", "payment-service", "user-auth-service", "notification-service", "analytics-service"]


class Write(Protocol):
    def __call__(self, path: Path, samples: NDArray[np.float32], rate: int = 16_000, channels: int = 1) -> Path: ...


@pytest.fixture(scope="session")
def write() -> Write:
    """Writes 16 kHz samples into a file of the kind that its name says, at any rate, the same on every channel."""
    codecs = {".wav": "pcm_s16le", ".flac": "flac", ".ogg": "vorbis", ".opus": "libopus", ".mp3": "libmp3lame"}

    def _write(path: Path, samples: NDArray[np.float32], rate: int = 16_000, channels: int = 1) -> Path:
        kind = "ogg" if path.suffix == ".opus" else path.suffix[1:]
        with av.open(str(path), "w", format=kind, options={"strict": "experimental"}) as target:
            layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
            stream = target.add_stream(
                codecs[path.suffix], rate=rate, layout=layout, options={"strict": "experimental"}
            )
            stream.codec_context.open()
            resampler = av.AudioResampler(
                format=stream.format.name, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size or None
            )
            for start in range(0, len(samples), 16_000):
                frame = av.AudioFrame.from_ndarray(samples[None, start : start + 16_000], format="flt", layout="mono")
                frame.sample_rate = 16_000
                for resampled in resampler.resample(frame):
                    target.mux(stream.encode(resampled))
            for resampled in resampler.resample(None):
                target.mux(stream.encode(resampled))
            target.mux(stream.encode(None))
        return path

    return _write


@pytest.fixture
def espeak(tmp_path: Path) -> Callable[..., Path]:
    """Speaks a sentence into a file, the way a person would at a shell."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("install with: apt-get install espeak-ng")

    def speak(sentence: str, *options: str) -> Path:
        path = tmp_path / "spoken.wav"
        subprocess.run(["espeak-ng", *options, "-w", str(path), sentence], check=True)
        return path

    return speak


@pytest.fixture(scope="session")
def tiny() -> Transcriber:
    """The model that is installed with DevOS."""
    places = Places.of(Path("no-such-home"), {**os.environ, "HF_HUB_CACHE": "no-such-cache"})
    weights = find(None, places)
    return Transcriber(weights.path, name=weights.name)


@pytest.fixture(scope="session")
def prompt() -> str:
    return prompt_of(CATALOGUE)


@pytest.fixture(scope="session")
def demo() -> Path:
    return Path(__file__).parents[3] / "demo" / "scale-web-app.flac"
