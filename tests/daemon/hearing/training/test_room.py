"""What rooms and microphones make of speech."""

from __future__ import annotations

import numpy as np

from daemon.hearing.frames import RATE
from daemon.hearing.training.room import LOUDEST, QUIETEST, noise, recorded


def test_speech_stays_as_long_and_becomes_another_each_time() -> None:
    clean = np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE).astype(np.float32)
    clean[: RATE // 2] = 0
    found = [recorded(clean, np.random.default_rng(seed)) for seed in range(20)]
    for each in found:
        assert each.shape == clean.shape and each.dtype == np.float32
        peak = 20 * np.log10(np.abs(each).max())
        assert QUIETEST - 0.1 <= peak <= LOUDEST + 0.1
        # The tone is still there, over noise that was not there before.
        assert np.abs(each[RATE // 2 :]).mean() > 1.5 * np.abs(each[: RATE // 2]).mean() > 0
    assert not np.allclose(found[0], found[1])
    assert np.array_equal(found[3], recorded(clean, np.random.default_rng(3)))


def test_silence_becomes_noise() -> None:
    found = recorded(np.zeros(RATE, np.float32), np.random.default_rng(1))
    assert np.isfinite(found).all() and np.abs(found).max() > 0


def test_noise_has_the_power_that_it_says() -> None:
    for seed in range(8):
        power = float(np.mean(noise(2 * RATE, np.random.default_rng(seed)) ** 2))
        assert 0.95 < power < 2.3, "hum comes on top"
