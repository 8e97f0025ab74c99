from __future__ import annotations

import numpy as np
import pytest
from computed_rooms import Air, said, silence

from daemon.hearing.frames import RATE
from daemon.speaking.likeness import delay, explained

TEXT = "Scale web app in production from three to ten."


@pytest.mark.parametrize("late", [0, 0.1, 1.0])
def test_finds_a_sound_in_what_was_played(late: float) -> None:
    played = np.concatenate([silence(1.5), said(TEXT), silence(1.5)])
    heard = Air(1, seconds=0).carry(said(TEXT))[:RATE]
    found = delay(heard, played[round(late * RATE) :])
    assert found.offset == pytest.approx((1.5 - late) * RATE, abs=2)
    assert found.certainty > 16


def test_is_not_sure_of_a_sound_that_was_not_played() -> None:
    played = np.concatenate([silence(1.5), said(TEXT), silence(1.5)])
    assert delay(said("What are you doing over there", "en-gb")[:RATE], played).certainty < 16
    assert delay(silence(1), played).certainty < 16


def test_explains_a_voice_through_a_room_and_no_other_one() -> None:
    played = said(TEXT)
    own = Air(2, gain=0.3, seconds=0, echoes=0.2).carry(played)[: len(played)]
    assert explained(own, played) > 0.75
    other = said(TEXT, "en-gb")
    size = min(len(other), len(played))
    assert explained(other[:size], played[:size]) < 0.3


def test_explains_nothing_that_is_too_short() -> None:
    assert explained(silence(0.05), silence(0.05)) == 0
