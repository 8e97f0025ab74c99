"""Turns sound into text: silero finds the speech in a recording, Whisper writes it down, what it made up is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.hearing.evidence import NoSpeech, Passage, confidence, doubt, may_recite, recites, says_twice
from daemon.hearing.recording import RATE, Recording
from daemon.hearing.whisper import Look, Wanted, Whisper, load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WINDOW_SECONDS = 28
"""The most speech Whisper is given at once; it hears 30 s, and a cut in a pause is better than one in a word."""

_LIVE_SECONDS = 12
"""Live sound up to here is taken as it is: the ear found the speech in it. In longer sound, pauses are left out."""

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

    def __init__(self, weights: Path, *, name: str | None = None, threads: int = 2, device: Wanted = "cpu") -> None:
        """Take a folder of weights; nothing is read yet.

        Args:
            weights: the folder, as `weights.find` found it.
            name: what the model is called, for `Heard.model`; the folder's name where not given.
            threads: processor threads for one recording.
            device: where it runs: cpu, cuda, or auto for a GPU where there is one that works.
        """
        self.weights = weights
        self._device = device
        self._name = name or weights.name
        self._threads = threads
        self._model: Whisper | None = None
        self._lock = threading.Lock()

    def load(self) -> None:
        """Load the model now, so that the first recording does not wait for it (0.2 to 0.7 s).

        Raises:
            NoWeights: the folder does not hold a model.
        """
        with self._lock:
            self._loaded()

    def unload(self) -> None:
        """Give the model's memory back, after the recording that is being written down; it can be loaded again."""
        with self._lock:
            self._model = None

    @property
    def device(self) -> str:
        """Where it runs, once it is loaded; where it is wanted before that."""
        return self._model.device if self._model else self._device

    @property
    def name(self) -> str:
        """What the model is called."""
        return self._name

    def transcribe(self, recording: Recording, *, prompt: str = "") -> Heard:
        """Write down what is said in a recording.

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
            if not windows:
                raise NoSpeech(f"There is no speech in the recording ({recording.seconds:.1f} s long).")
            return self._written(windows, prompt, began, recording.decode_ms)

    def write_down(self, samples: NDArray[np.float32], prompt: str = "") -> Heard:
        """Write down a sentence that was just said, in sound that begins and ends with it.

        Args:
            samples: one channel at 16 kHz, shape (n,).
            prompt: the words to expect.

        Raises:
            NoSpeech: there is no speech, or none that can be made out.
            NoWeights: the model cannot be loaded.
        """
        with self._lock:
            began = time.perf_counter()
            windows = [samples] if len(samples) <= _LIVE_SECONDS * RATE else list(_speech(samples))
            if not windows:
                raise NoSpeech("There was sound, but no speech in it.")
            return self._written(windows, prompt, began, 0.0)

    def _written(self, windows: list[NDArray[np.float32]], prompt: str, began: float, decode_ms: float) -> Heard:
        """Write down stretches of speech; the caller holds the lock."""
        found = time.perf_counter()
        model = self._loaded()
        loaded = time.perf_counter()
        passages = [_passage(model, window, prompt) for window in windows]
        done = time.perf_counter()
        return Heard(
            text=" ".join(passage.text for passage in passages),
            confidence=confidence(passages),
            speech_seconds=sum(len(window) for window in windows) / RATE,
            timings={
                "decode_ms": decode_ms,
                "vad_ms": (found - began) * 1000,
                "load_ms": (loaded - found) * 1000,
                "transcribe_ms": (done - loaded) * 1000,
            },
            model=self._name,
        )

    def _loaded(self) -> Whisper:
        """The model; the caller holds the lock."""
        if self._model is None:
            self._model = load(self.weights, device=self._device, threads=self._threads)
        return self._model


def _passage(model: Whisper, window: NDArray[np.float32], prompt: str) -> Passage:
    """Write down one window of speech, and believe it or not.

    Raises:
        NoSpeech: it is not to be believed.
    """
    look = model.look(window)
    passage, reason = _judged(model, look, prompt)
    if not look.whole and (reason is not None or says_twice(passage.text)):
        # Through a short window Whisper is unsure more often, and now and then says things twice: the other decides.
        passage, reason = _judged(model, model.look(window, whole=True), prompt)
    if reason is not None:
        raise NoSpeech(reason)
    return passage


def _judged(model: Whisper, look: Look, prompt: str) -> tuple[Passage, str | None]:
    """The text of what was looked at, and the sentence that says why it is not to be believed, if it is not."""
    passage = model.write(look, prompt)
    reason = doubt(passage)
    # In noise Whisper may recite its prompt, which is made of requests: a second writing without it tells.
    if reason is None and may_recite(passage.text, prompt):
        reason = _UNCLEAR if recites(passage.text, prompt, model.write(look, "").text) else None
    return passage, reason


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
