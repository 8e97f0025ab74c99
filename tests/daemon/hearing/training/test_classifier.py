"""A word is told from everything else by its embeddings."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.hearing.frames import RATE
from daemon.hearing.training.classifier import Heard, learn, scores
from daemon.hearing.training.embedding import NUMBERS, STEP
from daemon.hearing.training.lessons import Line, Said

WORD = np.full(NUMBERS, 2, np.float32)


def heard(seed: int) -> Heard:
    """Thirty seconds of noise, in which the word is said three times, and leaves a trace for three embeddings."""
    random = np.random.default_rng(seed)
    embeddings = random.standard_normal((375, NUMBERS)).astype(np.float32)
    said = []
    for at in (100, 200, 300):
        embeddings[at : at + 3] += WORD
        end = int(moments(375)[at] * RATE)
        said.append(Said(Line("hey you", True), end - RATE // 2, end))
    return Heard(embeddings, tuple(said))


def moments(count: int) -> np.ndarray:
    return Heard(np.zeros((count, NUMBERS), np.float32), ()).moments


def test_an_embedding_is_of_the_time_before_it() -> None:
    assert moments(3) == pytest.approx([0.782, 0.862, 0.942])


def test_it_learns_where_the_word_ends_and_nowhere_else() -> None:
    done: list[float] = []
    model = learn("hey you", [heard(seed) for seed in range(6)], done.append)
    assert done == sorted(done) and done[-1] == pytest.approx(1)
    unseen = heard(99)
    found = scores(model, unseen)
    assert found.shape == (375,) and all(found[at + 1 : at + 4].max() > 0.8 for at in (100, 200, 300))
    elsewhere = np.ones(375, bool)
    for at in (100, 200, 300):
        elsewhere[at - 4 : at + 1 + int(1.2 * RATE / STEP)] = False
    assert found[elsewhere].max() < 0.5
    assert scores(model, Heard(unseen.embeddings[:5], ())).tolist() == [0] * 5


def test_four_networks_became_one() -> None:
    model = learn("hey you", [heard(seed) for seed in range(2)], lambda done: None)
    assert [weights.shape[1] for weights, _ in model.layers] == [4 * 32, 1]
    assert {weights.dtype for layer in model.layers for weights in layer} == {np.dtype(np.float32)}
