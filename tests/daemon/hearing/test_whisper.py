"""Whisper itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import ctranslate2
import numpy as np
import pytest

from daemon.hearing.evidence import words
from daemon.hearing.frames import RATE
from daemon.hearing.recording import read
from daemon.hearing.transcription import Transcriber
from daemon.hearing.weights import NoWeights
from daemon.hearing.whisper import SHORT_SECONDS, Whisper, load


@pytest.fixture(scope="module")
def whisper(tiny: Transcriber) -> Whisper:
    return Whisper(tiny.weights)


def test_the_short_window_and_the_whole_one_hear_the_same(whisper: Whisper, demo: Path, prompt: str) -> None:
    samples = read(demo).samples
    short, whole = whisper.look(samples), whisper.look(samples, whole=True)
    assert whole.whole and not short.whole
    texts = [whisper.write(look, prompt) for look in (short, whole)]
    assert words(texts[0].text) == words(texts[1].text) and "10" in words(texts[0].text)
    for passage in texts:
        assert -0.5 < passage.average_log_probability < 0 and passage.no_speech_probability < 0.1
        assert 0.5 < passage.compression_ratio < 1.5 and 10 < passage.tokens < 40


def test_one_look_can_be_written_down_with_several_prompts(whisper: Whisper, demo: Path, prompt: str) -> None:
    look = whisper.look(read(demo).samples)
    assert "web-app" in whisper.write(look, prompt).text
    assert "web-app" not in whisper.write(look, "").text
    assert "web-app" in whisper.write(look, prompt).text


def test_long_sound_is_looked_at_whole(whisper: Whisper) -> None:
    assert whisper.look(np.zeros((SHORT_SECONDS + 1) * RATE, np.float32)).whole


def test_a_repetition_ends(whisper: Whisper, demo: Path) -> None:
    """However Whisper loops, one second of sound does not become a page."""
    look = whisper.look(read(demo).samples[:RATE])
    assert whisper.write(look, "go go go " * 30).tokens <= 16 + 7 + 1


def test_a_folder_without_a_model(tmp_path: Path, tiny: Transcriber) -> None:
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copy(tiny.weights / name, tmp_path / name)
    (tmp_path / "model.bin").write_bytes(b"not a model")
    with pytest.raises(NoWeights, match="cannot be loaded"):
        Whisper(tmp_path)


def test_a_gpu_that_does_not_work_is_passed_over_unless_it_is_asked_for(
    tiny: Transcriber, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if ctranslate2.get_cuda_device_count():
        pytest.skip("there is a GPU here that works")
    assert load(tiny.weights, device="auto").device == "cpu"
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    assert load(tiny.weights, device="auto").device == "cpu"
    assert "the GPU cannot be used" in caplog.text
    with pytest.raises(NoWeights, match="cannot be loaded"):
        load(tiny.weights, device="cuda")
