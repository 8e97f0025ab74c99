"""Wake words that were trained on this machine: where they are kept, and listening for them.

A word is a folder with two files, both readable without running anything: the classifier's numbers (model.npz), and
what was measured when it was trained (figures.json).
"""

from __future__ import annotations

import json
import math
import re
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from daemon.hearing.training.embedding import Embedding, Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

KEEPS = 12
"""Embeddings that a classifier sees: 12 of them look back 1.64 s."""


class Damaged(ValueError):
    """A trained word cannot be read; the message says which, and that it has to be trained anew."""


@dataclass(frozen=True, eq=False)
class Trained:
    """One word's classifier: a few layers of sums, each but the last cut off below zero."""

    word: str
    threshold: float
    """The probability above which it was said, chosen from what was measured."""
    mean: NDArray[np.float32]
    """Of every number of an embedding, shape (96,); taken away before the first layer."""
    scale: NDArray[np.float32]
    """What every number of an embedding is divided by then, shape (96,)."""
    layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
    """Weights, shape (inputs, outputs), and what is added to the sums, shape (outputs,)."""

    def probability(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """How likely it is that the word ends each stretch.

        Args:
            embeddings: shape (n, KEEPS, 96).
        """
        import numpy as np

        values: NDArray[np.float32] = ((embeddings - self.mean) / self.scale).reshape(len(embeddings), -1)
        for weights, added in self.layers[:-1]:
            values = np.maximum(values @ weights + added, np.float32(0))
        weights, added = self.layers[-1]
        found: NDArray[np.float32] = 1 / (1 + np.exp(-np.clip(values @ weights + added, -60, 60)))
        return found[:, 0]


class Listener:
    """Listens for several trained words at once; what they share is computed once."""

    def __init__(self, words: Sequence[Trained]) -> None:
        """Load the networks that turn sound into embeddings.

        Raises:
            NoEmbedding: they are not on this machine.
        """
        self._words = tuple(words)
        self._stream = Stream(Embedding(), KEEPS)
        self._before = [0.0] * len(self._words)

    def probabilities(self, samples: NDArray[np.float32]) -> Sequence[float]:
        """How likely it is that each word was just said; all zero where there is nothing new to say."""
        embeddings = self._stream.add(samples)
        if embeddings is None:
            return [0.0] * len(self._words)
        now = [float(each.probability(embeddings[None])[0]) for each in self._words]
        # A word is near its end for longer than one step, and what only sounds like it is not: the mean of two.
        found = [(one + other) / 2 for one, other in zip(self._before, now, strict=True)]
        self._before = now
        return found

    def reset(self) -> None:
        """Forget what was heard."""
        self._stream.reset()
        self._before = [0.0] * len(self._words)


def shifted(probability: float, logits: float) -> float:
    """A probability moved up or down on the scale of logits, where it cannot leave 0 to 1."""
    return 1 / (1 + (1 / probability - 1) * math.exp(-logits))


def spelled(word: str) -> str:
    """A wake word as it is compared and shown: lower case, single spaces, no punctuation."""
    plain = unicodedata.normalize("NFKC", word).lower()
    return " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", plain))


def folder(home: Path, word: str) -> Path:
    """Where a word is kept, whether it is there or not."""
    return home / "wakewords" / re.sub(r"[\W_]+", "-", spelled(word))


def words(home: Path) -> list[str]:
    """The words that were trained and accepted."""
    return [each["word"] for each in figures(home) if each["accepted"]]


def figures(home: Path) -> list[dict[str, Any]]:
    """What was measured of every trained word, in the order of their names."""
    return [_figures(each.parent) for each in sorted((home / "wakewords").glob("*/figures.json"))]


def exists(home: Path, word: str) -> bool:
    """Whether a word was trained and accepted."""
    return spelled(word) in words(home)


def load(home: Path, word: str) -> Trained:
    """A trained word's classifier.

    Raises:
        Damaged: its files are not what training writes.
    """
    import numpy as np

    at = folder(home, word)
    try:
        # Numbers only: an archive that holds anything else, which would have to be run to be read, is refused.
        with np.load(at / "model.npz", allow_pickle=False) as numbers:
            count = sum(1 for name in numbers if name.startswith("weights_"))
            layers = tuple((numbers[f"weights_{each}"], numbers[f"added_{each}"]) for each in range(count))
            return Trained(spelled(word), float(numbers["threshold"]), numbers["mean"], numbers["scale"], layers)
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as problem:
        raise Damaged(_damaged(at, spelled(word))) from problem


def save(home: Path, model: Trained, measured: dict[str, Any]) -> Path:
    """Keep a word; what was kept under its name before is replaced. The folder it is kept in."""
    import numpy as np

    at = folder(home, model.word)
    shutil.rmtree(at, ignore_errors=True)
    at.mkdir(parents=True, mode=0o700)
    numbers: dict[str, Any] = {"threshold": np.float32(model.threshold), "mean": model.mean, "scale": model.scale}
    for index, (weights, added) in enumerate(model.layers):
        numbers |= {f"weights_{index}": weights, f"added_{index}": added}
    np.savez(at / "model.npz", **numbers)
    accept(home, measured)
    return at


def accept(home: Path, measured: dict[str, Any]) -> None:
    """Write a word's figures; "accepted" among them says whether it may be listened for."""
    text = json.dumps(measured, indent=2, ensure_ascii=False)
    (folder(home, measured["word"]) / "figures.json").write_text(text + "\n")


def remove(home: Path, word: str) -> bool:
    """Forget a word; whether there was one."""
    at = folder(home, word)
    if not (at / "figures.json").is_file():
        return False
    shutil.rmtree(at)
    return True


def _figures(at: Path) -> dict[str, Any]:
    try:
        found = json.loads((at / "figures.json").read_text())
        if isinstance(found["word"], str) and isinstance(found["accepted"], bool):
            return dict(found)
        raise ValueError(found)
    except (OSError, ValueError, KeyError, TypeError):
        return {"word": at.name, "accepted": False, "damaged": _damaged(at, at.name)}


def _damaged(at: Path, word: str) -> str:
    return f'The wake word in {at} cannot be read. Train it again: devos wakeword train "{word}"'
