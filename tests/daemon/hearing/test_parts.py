"""The parts that are real fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from daemon.hearing.microphone import Microphone
from daemon.hearing.parts import Source, Voices, Words
from daemon.hearing.voice_activity import VoiceDetector
from daemon.hearing.wake import WakeWords

SILENCE = np.zeros(512, np.float32)


def test_a_microphone_that_was_never_opened() -> None:
    microphone: Source = Microphone(None)
    assert microphone.read(0.0) is None and not microphone.muted
    microphone.drain()
    microphone.mute(True)
    assert microphone.muted
    microphone.close()


def test_a_voice_detector_and_wake_words_hear_nothing_in_silence(tmp_path: Path) -> None:
    voices: Voices = VoiceDetector()
    words: Words = WakeWords(["hey jarvis"], sensitivity=0.5, home=tmp_path)
    for each in (voices, words):
        each.reset()
    assert voices.probability(SILENCE) < 0.1
    assert words.heard(SILENCE, 0.0) is None
