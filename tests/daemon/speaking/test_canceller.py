from __future__ import annotations

import numpy as np
from computed_rooms import Air, said
from numpy.typing import NDArray

from daemon.speaking.canceller import BLOCK, Canceller


def cancelled(played: NDArray[np.float32], heard: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[float]]:
    canceller, left, shares = Canceller(), [], []
    for at in range(0, min(len(played), len(heard)) - BLOCK, BLOCK):
        block, share = canceller.block(played[at : at + BLOCK], heard[at : at + BLOCK])
        left.append(block)
        shares.append(share)
    return np.concatenate(left), shares


def decibels(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(one**2) / np.mean(other**2)))


PLAYED = "The payment service is showing high error rates, and I have told the team."


def test_takes_a_known_sound_out() -> None:
    played = said(PLAYED)
    heard = Air(1, seconds=0.02).carry(played)
    left, shares = cancelled(played, heard)
    second = slice(16_000, len(left))
    assert decibels(left[second], heard[second]) < -25
    assert np.mean(shares[62:]) < 0.05


def test_leaves_another_sound_in() -> None:
    played, person = said(PLAYED), said("stop that right now, please", "en-gb")
    heard = Air(1, seconds=0.02).carry(played)
    heard[32_000 : 32_000 + len(person)] += person
    left, shares = cancelled(played, heard)
    stretch = slice(32_000, 32_000 + len(person))
    assert abs(decibels(left[stretch], person)) < 3
    assert np.mean(shares[stretch.start // BLOCK : stretch.stop // BLOCK]) > 0.3


def test_leaves_everything_as_it_is_while_nothing_is_played() -> None:
    heard = said(PLAYED)
    left, _ = cancelled(np.zeros_like(heard), heard)
    assert np.allclose(left[BLOCK:], heard[: len(left) - BLOCK], atol=1e-3), "a block later"
