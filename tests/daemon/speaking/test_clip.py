from __future__ import annotations

import numpy as np

from daemon.hearing.frames import RATE
from daemon.speaking.clip import Clip


def test_lasts_as_long_as_its_samples() -> None:
    assert Clip(np.zeros(11_025, np.float32), 22_050).seconds == 0.5


def test_is_heard_at_the_rate_of_the_microphone() -> None:
    at = np.arange(22_050) / 22_050
    heard = Clip(np.sin(2 * np.pi * 440 * at).astype(np.float32), 22_050).heard
    assert heard.dtype == np.float32
    assert len(heard) == RATE
    strengths = np.abs(np.fft.rfft(heard))
    assert int(strengths.argmax()) == 440


def test_is_heard_as_it_is_at_that_rate() -> None:
    samples = np.ones(10, np.float32)
    assert Clip(samples, RATE).heard is samples
