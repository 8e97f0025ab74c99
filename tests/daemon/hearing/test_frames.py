from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from daemon.hearing.frames import FRAME, RATE, Frame


def test_a_frame_is_what_the_voice_detector_takes_at_once() -> None:
    assert FRAME / RATE == 0.032


def test_a_frame_stays_what_it_was_when_it_was_taken() -> None:
    frame = Frame(np.zeros(FRAME, np.float32), 12.5)
    assert frame.missed == 0
    with pytest.raises(FrozenInstanceError):
        frame.at = 13.0  # type: ignore[misc]  # that it cannot be set is what is tested
    assert frame != Frame(frame.samples, 12.5), "sound is not compared by accident"
