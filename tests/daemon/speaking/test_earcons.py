from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from daemon.speaking.earcons import EARCONS, Earcon, earcon


@pytest.mark.parametrize("name", EARCONS)
def test_is_short_and_begins_and_ends_softly(name: Earcon) -> None:
    clip = earcon(name)
    assert 0.05 <= clip.seconds <= 0.25
    assert 0.1 < np.abs(clip.samples).max() < 0.4
    edge = clip.rate // 1000
    assert np.abs(clip.samples[:edge]).max() < 0.01
    assert np.abs(clip.samples[-edge:]).max() < 0.01
    assert np.abs(np.diff(clip.samples)).max() < 0.1, "a jump is a click"


def test_there_are_five_that_nobody_takes_for_each_other() -> None:
    assert set(EARCONS) == {"listening", "understood", "waiting", "done", "failed"}
    for one, other in combinations(EARCONS, 2):
        first, second = earcon(one).samples, earcon(other).samples
        size = max(len(first), len(second))
        padded = [np.pad(each, (0, size - len(each))) for each in (first, second)]
        alike = np.dot(*padded) / (np.linalg.norm(padded[0]) * np.linalg.norm(padded[1]))
        assert abs(alike) < 0.8, (one, other)
