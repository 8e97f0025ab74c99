"""Whisper itself: sound in, text with its figures out.

faster-whisper always looks at 30 seconds, and nearly all of its time goes into that look. A request lasts a few
seconds: looking at 15 costs less than half, and hears about as well (docs/hearing.md has the figures); at 10 it begins
to say things twice. Whatever was looked at can be written down again with another prompt for the price of the words.
"""

from __future__ import annotations

import logging
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from daemon.hearing.evidence import Passage
from daemon.hearing.frames import RATE
from daemon.hearing.hardware import graphics
from daemon.hearing.weights import NoWeights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger("devos.hearing")

Device: TypeAlias = Literal["cpu", "cuda"]
Wanted: TypeAlias = Literal["auto", "cpu", "cuda"]

WHOLE = 3_000
"""Frames of 10 ms that Whisper was trained to look at."""

SHORT = 1_500
"""Frames that are enough for a short sentence."""

SHORT_SECONDS = 12
"""The longest sound that is looked at through the short window: the silence after it tells Whisper to end."""

WORDS_A_SECOND = 7
"""Tokens that a second of speech may become: twice what a fast speaker says, so that a repetition ends."""


@dataclass(frozen=True)
class Look:
    """What Whisper made of a stretch of sound, before it is put in words."""

    encoded: Any
    seconds: float
    whole: bool
    """Whether it was looked at through the whole window."""


def load(weights: Path, *, device: Wanted = "cpu", threads: int = 2) -> Whisper:
    """Load a model where it is wanted; "auto" takes a GPU where there is one that works, and the processor otherwise.

    Raises:
        NoWeights: the folder holds no model, or the device that is wanted does not run it.
    """
    if device == "auto" and graphics():
        try:
            found = Whisper(weights, device="cuda", threads=threads)
            found.write(found.look(_silence()), "")  # what a GPU lacks is noticed when it is first used
            return found
        except (NoWeights, RuntimeError) as problem:
            logger.warning("the GPU cannot be used, the processor is: %s", problem)
    return Whisper(weights, device="cuda" if device == "cuda" else "cpu", threads=threads)


class Whisper:
    """A loaded model."""

    def __init__(self, weights: Path, *, device: Device = "cpu", threads: int = 2) -> None:
        """Load it: 0.2 to 0.7 s, and the first time half a second more for the library.

        Raises:
            NoWeights: the folder holds no model, or the device does not run it.
        """
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer

        kind = "float16" if device == "cuda" else "int8"
        try:
            self._model = WhisperModel(str(weights), device=device, compute_type=kind, cpu_threads=threads)
            self._tokenizer = Tokenizer(
                self._model.hf_tokenizer, self._model.model.is_multilingual, task="transcribe", language="en"
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise NoWeights(f"The speech model in {weights} cannot be loaded: {error}") from error
        self.device = device

    def look(self, samples: NDArray[np.float32], *, whole: bool = False) -> Look:
        """Look at a stretch of sound.

        Args:
            samples: at 16 kHz, shape (n,), at most 30 seconds.
            whole: look through the whole window in any case.
        """
        import numpy as np

        seconds = len(samples) / RATE
        whole = whole or seconds > SHORT_SECONDS
        length = WHOLE if whole else SHORT
        features = self._model.feature_extractor(samples)[:, :length]
        padded = np.pad(features, ((0, 0), (0, length - features.shape[1])))
        return Look(self._model.encode(np.ascontiguousarray(padded)), seconds, whole)

    def write(self, look: Look, prompt: str) -> Passage:
        """Put in words what was looked at; whether they are to be believed is for `evidence` to say.

        Args:
            look: of this model.
            prompt: the words to expect, or nothing.
        """
        expected = self._tokenizer.encode(f" {prompt.strip()}") if prompt else []
        tokens = self._model.get_prompt(self._tokenizer, expected, without_timestamps=True)
        most = 16 + round(WORDS_A_SECOND * look.seconds)
        (result,) = self._model.model.generate(
            look.encoded,
            [tokens],
            beam_size=1,
            max_length=min(self._model.max_length, len(tokens) + most),
            return_scores=True,
            return_no_speech_prob=True,
        )
        found = result.sequences_ids[0]
        text = self._tokenizer.decode(found).strip()
        return Passage(
            text=text,
            # The score is the mean over the tokens; the end of the text is one more, which the figures count.
            average_log_probability=result.scores[0] * len(found) / (len(found) + 1),
            no_speech_probability=result.no_speech_prob,
            compression_ratio=_compression(text),
            tokens=len(found),
        )


def _silence() -> NDArray[np.float32]:
    import numpy as np

    return np.zeros(RATE, np.float32)


def _compression(text: str) -> float:
    """Length of a text over its length compressed: high, where it repeats itself."""
    encoded = text.encode()
    return len(encoded) / len(zlib.compress(encoded))
