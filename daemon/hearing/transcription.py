"""Turns a recording into text: silero finds the speech, Whisper writes it down, and what it made up is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.hearing.evidence import NoSpeech, Passage, confidence, doubt, may_recite, recites
from daemon.hearing.recording import RATE, Recording
from daemon.hearing.weights import NoWeights

if TYPE_CHECKING:
    import numpy as np
    from faster_whisper import WhisperModel
    from numpy.typing import NDArray

_WINDOW_SECONDS = 28
"""The most speech Whisper is given at once; it hears 30 s, and a cut in a pause is better than one in a word."""

_LONGEST_TEXT = 200
"""Tokens one window may become: twice what a fast speaker says in it, so that a repetition ends."""

_UNCLEAR = "The words could not be told from those that were expected. Say it again, please."


@dataclass(frozen=True)
class Heard:
    """What was said in a recording."""

    text: str
    confidence: float
    """Geometric mean of the tokens' probabilities, 0 to 1. Above 0.6: clear speech; below 0.4: likely wrong words."""
    speech_seconds: float
    """How much of the recording is speech."""
    timings: dict[str, float]
    """Milliseconds: decode_ms (reading the file), vad_ms (finding speech), load_ms (the model, once), transcribe_ms."""
    model: str
    """The name of the model that listened."""


class Transcriber:
    """One Whisper model, loaded when it is first needed. Safe to call from several threads: one recording at a time."""

    def __init__(self, weights: Path, *, name: str | None = None, threads: int = 2) -> None:
        """Take a folder of weights; nothing is read yet.

        Args:
            weights: the folder, as `weights.find` found it.
            name: what the model is called, for `Heard.model`; the folder's name where not given.
            threads: processor threads for one recording.
        """
        self.weights = weights
        self._name = name or weights.name
        self._threads = threads
        self._model: WhisperModel | None = None
        self._lock = threading.Lock()

    def load(self) -> None:
        """Load the model now, so that the first recording does not wait for it (0.2 to 0.7 s).

        Raises:
            NoWeights: the folder does not hold a model.
        """
        with self._lock:
            self._loaded()

    def transcribe(self, recording: Recording, *, prompt: str = "") -> Heard:
        """Write down what is said.

        Args:
            recording: what to listen to.
            prompt: the words to expect, from `prompt_of`.

        Raises:
            NoSpeech: there is no speech, or none that can be made out.
            NoWeights: the model cannot be loaded.
        """
        with self._lock:
            began = time.perf_counter()
            windows = list(_speech(recording.samples))
            found = time.perf_counter()
            if not windows:
                raise NoSpeech(f"There is no speech in the recording ({recording.seconds:.1f} s long).")
            model = self._loaded()
            loaded = time.perf_counter()
            passages = [self._passage(model, window, prompt) for window in windows]
            done = time.perf_counter()
        return Heard(
            text=" ".join(passage.text for passage in passages),
            confidence=confidence(passages),
            speech_seconds=sum(len(window) for window in windows) / RATE,
            timings={
                "decode_ms": recording.decode_ms,
                "vad_ms": (found - began) * 1000,
                "load_ms": (loaded - found) * 1000,
                "transcribe_ms": (done - loaded) * 1000,
            },
            model=self._name,
        )

    def _loaded(self) -> WhisperModel:
        """The model; the caller holds the lock."""
        if self._model is None:
            from faster_whisper import WhisperModel

            try:
                self._model = WhisperModel(
                    str(self.weights), device="cpu", compute_type="int8", cpu_threads=self._threads
                )
            except (RuntimeError, ValueError, OSError) as error:
                raise NoWeights(f"The speech model in {self.weights} cannot be loaded: {error}") from error
        return self._model

    def _passage(self, model: WhisperModel, window: NDArray[np.float32], prompt: str) -> Passage:
        """Write down one window of speech, and believe it or not.

        Raises:
            NoSpeech: it is not to be believed.
        """
        passage = _decode(model, window, prompt)
        reason = doubt(passage)
        # In noise Whisper may recite its prompt, which is made of requests: a second hearing without it tells.
        if reason is None and may_recite(passage.text, prompt):
            unprompted = _decode(model, window, "").text
            reason = _UNCLEAR if recites(passage.text, prompt, unprompted) else None
        if reason is not None:
            raise NoSpeech(reason)
        return passage


def _speech(samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """The parts of a recording that hold speech, joined to windows that Whisper hears at once."""
    import numpy as np
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        min_speech_duration_ms=200,
        max_speech_duration_s=_WINDOW_SECONDS,
        min_silence_duration_ms=600,
        speech_pad_ms=300,
    )
    window: list[NDArray[np.float32]] = []
    for span in get_speech_timestamps(samples, options):
        piece = samples[span["start"] : span["end"]]
        if window and sum(map(len, window)) + len(piece) > _WINDOW_SECONDS * RATE:
            yield np.concatenate(window)
            window = []
        window.append(piece)
    if window:
        yield np.concatenate(window)


def _decode(model: WhisperModel, window: NDArray[np.float32], prompt: str) -> Passage:
    """Whisper's text for one window, with its figures. The library's own refusals are off: `doubt` decides."""
    segments, _ = model.transcribe(
        window,
        language="en",
        beam_size=1,
        temperature=0.0,
        without_timestamps=True,
        condition_on_previous_text=False,
        initial_prompt=prompt or None,
        no_speech_threshold=None,
        log_prob_threshold=None,
        compression_ratio_threshold=None,
        max_new_tokens=_LONGEST_TEXT,
    )
    found = list(segments)
    if not found:
        return Passage("", 0.0, 1.0, 0.0, 0)
    return Passage(
        text=" ".join(segment.text.strip() for segment in found),
        average_log_probability=min(segment.avg_logprob for segment in found),
        no_speech_probability=max(segment.no_speech_prob for segment in found),
        compression_ratio=max(segment.compression_ratio for segment in found),
        tokens=sum(len(segment.tokens) for segment in found),
    )
