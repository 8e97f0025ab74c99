"""Learns to tell a word from everything else, by its embeddings.

Four small networks learn the same from other beginnings, and their mean decides: alone, each is wrong elsewhere. Four
networks of one hidden layer, averaged before the last function, are one network of one hidden layer, so only the
numbers of that are kept, and listening needs no scikit-learn.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.hearing.frames import RATE
from daemon.hearing.training.embedding import COLUMNS, HOP, NUMBERS, STEP
from daemon.hearing.training.trained import KEEPS, Trained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from daemon.hearing.training.lessons import Said

MEMBERS, HIDDEN, ROUNDS = 4, 32, 24
"""Networks, their hidden neurons, and how often each sees everything."""

AFTER = 0.3
"""Seconds after the word's end in which it is to be heard."""

BEFORE, LATER = 0.24, 1.2
"""Seconds before and after the word's end of which nothing is learnt: there it is half said, or still to be seen."""

ORDINARY, HARD = 400, 60
"""Of each lesson, how many stretches without the word are learnt from: any, and those that were taken for the word."""


@dataclass(frozen=True, eq=False)
class Heard:
    """A lesson as the classifier sees it."""

    embeddings: NDArray[np.float32]
    """One every 80 ms, shape (n, 96)."""
    said: tuple[Said, ...]

    @property
    def moments(self) -> NDArray[np.float64]:
        """Where each embedding ends, in seconds, shape (n,)."""
        import numpy as np

        return (np.arange(len(self.embeddings)) * STEP + (COLUMNS - 1) * HOP + 512) / RATE


def learn(word: str, heard: Sequence[Heard], progress: Callable[[float], None]) -> Trained:
    """Learn from lessons; the threshold is still to be chosen.

    Args:
        word: the wake word.
        heard: the lessons; all of one lesson's stretches count the same.
        progress: is told how much of the work is done, 0 to 1.
    """
    import numpy as np

    everything = np.concatenate([each.embeddings for each in heard])
    mean, scale = everything.mean(axis=0), everything.std(axis=0) + np.float32(1e-3)
    random = np.random.default_rng(len(everything))
    yes, no = [], []
    for each in heard:
        labels = _labels(each)
        others = np.flatnonzero(labels == 0)
        yes.append(_stretches(each, np.flatnonzero(labels == 1)))
        no.append(_stretches(each, random.choice(others, min(len(others), ORDINARY), replace=False)))
    first = Trained(word, 0.5, mean, scale, (*_fit(yes, no, mean, scale, members=1),))
    progress(0.2)
    no += [_stretches(each, _mistaken(first, each)) for each in heard]
    layers = _fit(yes, no, mean, scale, members=MEMBERS, progress=lambda done: progress(0.2 + 0.8 * done))
    return Trained(word, 0.5, mean, scale, tuple(layers))


def scores(model: Trained, heard: Heard) -> NDArray[np.float32]:
    """The probability at every embedding, as listening would find it, shape (n,)."""
    import numpy as np

    found = np.zeros(len(heard.embeddings), np.float32)
    if len(found) >= KEEPS:
        now = model.probability(_stretches(heard, np.arange(KEEPS - 1, len(found))))
        found[KEEPS - 1 :] = now
        found[KEEPS:] = (now[1:] + now[:-1]) / 2
    return found


def _labels(heard: Heard) -> NDArray[np.int8]:
    """1 where the word has just ended, 0 where it has not, -1 where nothing is to be learnt, shape (n,)."""
    import numpy as np

    moments = heard.moments
    labels = np.zeros(len(moments), np.int8)
    for said in heard.said:
        if said.line.word:
            since = moments - said.end / RATE
            labels[(since >= -BEFORE) & (since < LATER) & (labels == 0)] = -1
            labels[(since >= 0) & (since < AFTER)] = 1
    labels[: KEEPS - 1] = -1
    return labels


def _stretches(heard: Heard, ends: NDArray[np.intp]) -> NDArray[np.float32]:
    """The embeddings that a classifier sees at each end, shape (len(ends), KEEPS, 96)."""
    import numpy as np

    if not len(ends):
        return np.zeros((0, KEEPS, NUMBERS), np.float32)
    return np.stack([heard.embeddings[end - KEEPS + 1 : end + 1] for end in ends])


def _mistaken(model: Trained, heard: Heard) -> NDArray[np.intp]:
    """Where the word was heard and not said: the surest ones."""
    import numpy as np

    found = scores(model, heard)
    found[_labels(heard) != 0] = 0
    worst = np.argsort(found)[-HARD:]
    return worst[found[worst] > 0.05]


def _fit(
    yes: Sequence[NDArray[np.float32]],
    no: Sequence[NDArray[np.float32]],
    mean: NDArray[np.float32],
    scale: NDArray[np.float32],
    *,
    members: int,
    progress: Callable[[float], None] = lambda done: None,
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The layers of the mean of so many networks, as in `Trained`."""
    import numpy as np
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    count = sum(map(len, yes))
    values = ((np.concatenate([*yes, *no]) - mean) / scale).reshape(-1, KEEPS * NUMBERS)
    right = np.arange(len(values)) < count
    hidden, outputs = [], []
    # On matrices of this size a second thread of the algebra library costs more than it brings.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many rounds and no more, before it learns by heart
        for seed in range(members):
            network = MLPClassifier((HIDDEN,), alpha=1e-3, batch_size=256, max_iter=ROUNDS, random_state=seed)
            network.fit(values, right)
            hidden.append((network.coefs_[0], network.intercepts_[0]))
            outputs.append((network.coefs_[1] / members, network.intercepts_[1] / members))
            progress((seed + 1) / members)
    layers = [
        (np.concatenate([each for each, _ in hidden], axis=1), np.concatenate([each for _, each in hidden])),
        (np.concatenate([each for each, _ in outputs]), np.sum([each for _, each in outputs], axis=0)),
    ]
    return [(weights.astype(np.float32), added.astype(np.float32)) for weights, added in layers]
