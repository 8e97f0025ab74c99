"""Tells speech from everything else, 32 ms at a time: Silero's network, as it comes with faster-whisper."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.hearing import inference
from daemon.hearing.frames import FRAME

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONTEXT = 64
"""How many samples of the frame before the network wants to see again."""

STATE = (1, 1, 128)


class NoVoiceDetector(RuntimeError):
    """The network is not on this machine; the message says what to install."""


class VoiceDetector:
    """How likely it is that somebody speaks, frame by frame; it remembers what it heard before."""

    def __init__(self) -> None:
        """Load the network.

        It takes 70 ms, and 28 MB with onnxruntime; faster-whisper itself, which takes much more of both, is not loaded.

        Raises:
            NoVoiceDetector: faster-whisper is not installed, or lacks the network.
        """
        self._session = inference.load(_network())
        self._input: NDArray[np.float32]
        self._h: NDArray[np.float32]
        self._c: NDArray[np.float32]
        self.reset()

    def probability(self, samples: NDArray[np.float32]) -> float:
        """That the frame holds speech, 0 to 1.

        Args:
            samples: the next frame, values from -1 to 1, shape (512,).
        """
        self._input[0, :CONTEXT] = self._input[0, FRAME:]
        self._input[0, CONTEXT:] = samples
        output, self._h, self._c = self._session.run(None, {"input": self._input, "h": self._h, "c": self._c})
        return float(output[0])

    def reset(self) -> None:
        """Forget what was heard: the next frame comes from another sound."""
        import numpy as np

        self._input = np.zeros((1, CONTEXT + FRAME), np.float32)
        self._h, self._c = np.zeros(STATE, np.float32), np.zeros(STATE, np.float32)


def _network() -> Path:
    """Where faster-whisper keeps it, found without importing it."""
    package = find_spec("faster_whisper")
    for folder in (package and package.submodule_search_locations) or []:
        if (found := Path(folder) / "assets" / "silero_vad_v6.onnx").is_file():
            return found
    raise NoVoiceDetector("The voice detector comes with the package faster-whisper 1.2, which is not installed here.")
