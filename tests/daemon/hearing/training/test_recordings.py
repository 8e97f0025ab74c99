"""A person's own recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from daemon.hearing.frames import RATE
from daemon.hearing.recording import NotARecording, read
from daemon.hearing.training.recordings import recordings
from daemon.hearing.training.voices import Manner, Voice, speak

if TYPE_CHECKING:
    from tests.daemon.hearing.conftest import Write


@pytest.mark.usefixtures("espeak_ng")
def test_each_is_cut_to_its_word(tmp_path: Path, write: Write) -> None:
    word = speak("hey devoss", Voice("espeak-ng", "f3"), Manner("en-us", 1.0, 50, 1.0))
    silence = np.zeros(RATE, np.float32)
    write(tmp_path / "1.wav", np.concatenate([silence, word, silence]) * np.float32(0.3))
    write(tmp_path / "2.flac", np.concatenate([word, silence, silence]), 44_100)
    (tmp_path / "notes.txt").write_text("not a recording")
    found = recordings(tmp_path)
    assert len(found) == 2
    for each in found:
        assert len(word) - RATE // 8 < len(each) < len(word) + RATE // 4 and np.abs(each).max() == pytest.approx(1)


def test_a_folder_without_recordings(tmp_path: Path) -> None:
    with pytest.raises(NotARecording, match=r"no recordings in .*WAV, FLAC, Ogg or MP3"):
        recordings(tmp_path)
    with pytest.raises(NotARecording, match="no recordings in"):
        recordings(tmp_path / "nowhere")


def test_silence_is_no_recording_of_a_word(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "silence.wav", np.zeros(RATE, np.float32))
    with pytest.raises(NotARecording, match=r"silence\.wav holds no speech"):
        recordings(tmp_path)


def test_a_speech_is_no_recording_of_a_word(tmp_path: Path, write: Write, demo: Path) -> None:
    samples = read(demo).samples
    write(tmp_path / "speech.wav", np.concatenate([samples, samples]))
    with pytest.raises(NotARecording, match=r"speech\.wav holds .* seconds of speech"):
        recordings(tmp_path)
