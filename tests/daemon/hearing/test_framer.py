"""Frames of whatever a device gives."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.hearing.framer import Framer
from daemon.hearing.frames import FRAME, RATE, Frame


def tone(rate: float, seconds: float, hertz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def framed(framer: Framer, sound: np.ndarray, rate: float) -> list[Frame]:
    """What becomes of a sound that begins at 100 s and comes in blocks of 32 ms, shape (n, channels)."""
    frames, block = [], round(rate * FRAME / RATE)
    for begin in range(0, len(sound) - block + 1, block):
        framer.add(sound[begin : begin + block], 100 + (begin + block) / rate)
        while (frame := framer.next()) is not None:
            frames.append(frame)
    return frames


def test_blocks_of_the_right_rate_pass_as_they_are() -> None:
    sound = tone(RATE, 1)[:, None]
    frames = framed(Framer(RATE), sound, RATE)
    assert len(frames) == RATE // FRAME
    assert (np.concatenate([each.samples for each in frames]) == sound[: len(frames) * FRAME, 0]).all()
    assert [each.at for each in frames[:2]] == pytest.approx([100.032, 100.064]) and not frames[0].missed


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
def test_every_rate_becomes_16_khz_with_its_tone_and_its_moment(rate: int) -> None:
    frames = framed(Framer(rate), tone(rate, 3)[:, None], rate)
    assert 2.85 < len(frames) * FRAME / RATE <= 3
    assert all(each.samples.shape == (FRAME,) and each.samples.dtype == np.float32 for each in frames)
    heard = np.concatenate([each.samples for each in frames])
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) * RATE / len(heard) == pytest.approx(440, abs=1)
    # Where the sound is, and where its moment says that it is, differ by less than a frame.
    moments = np.array([each.at for each in frames]) - 100
    assert moments == pytest.approx(FRAME / RATE * (1 + np.arange(len(frames))), abs=0.002)
    middle = len(heard) // 2
    assert heard[middle : middle + 200] == pytest.approx(tone(RATE, 3)[middle : middle + 200], abs=0.01)


def test_of_several_channels_the_mean_is_taken() -> None:
    left = tone(RATE, 0.1)
    frames = framed(Framer(RATE), np.stack([left, np.zeros_like(left)], axis=1), RATE)
    assert frames[0].samples == pytest.approx(left[:FRAME] / 2) and frames[0].samples.dtype == np.float32


@pytest.mark.parametrize("rate", [RATE, 48_000])
def test_what_was_lost_is_counted_and_never_joined(rate: int) -> None:
    framer, block = Framer(rate), round(rate * FRAME / RATE)
    framer.add(np.full((block // 2, 1), 0.9, np.float32), 1.0)
    framer.add(np.zeros((4 * block, 1), np.float32), 9.0, missed=7)
    first, second = framer.next(), framer.next()
    assert first is not None and second is not None and (first.missed, second.missed) == (7, 0)
    assert not first.samples.any()
