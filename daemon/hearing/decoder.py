"""Writes sentences down beside the listening, so that no frame waits for Whisper."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from daemon.hearing.evidence import NoSpeech
from daemon.hearing.weights import NoWeights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daemon.hearing.transcription import Heard

logger = logging.getLogger("devos.hearing")


class Draft:
    """What is being written down of one sentence; thrown away when speech goes on."""

    def __init__(self, samples: NDArray[np.float32], prompt: str) -> None:
        self.samples, self.prompt = samples, prompt
        self.done = threading.Event()
        self.heard: Heard | None = None
        self.refused = ""
        """One sentence for the person, where there is no text."""
        self.failed = False
        """Whether there is no text because of the model, and not of the sound."""
        self.milliseconds = 0.0
        """How long it took, without the wait for its turn."""


class Decoder:
    """One thread that writes down the newest draft; older ones that it has not begun are left out."""

    def __init__(self, transcribe: Callable[[NDArray[np.float32], str], Heard], warm: Callable[[], None]) -> None:
        """Start the thread.

        Args:
            transcribe: sound and prompt to text; may raise NoSpeech and NoWeights.
            warm: loads the model, where it is not loaded; errors are left for `transcribe` to tell.
        """
        self._transcribe, self._warm = transcribe, warm
        self._changed = threading.Condition()
        self._next: Draft | None = None
        self._cold = self._ends = False
        self._thread = threading.Thread(target=self._run, name="devos-decoder", daemon=True)
        self._thread.start()

    def prepare(self) -> None:
        """Load the model while somebody is still speaking."""
        with self._changed:
            self._cold = True
            self._changed.notify()

    def write(self, samples: NDArray[np.float32], prompt: str) -> Draft:
        """Begin to write a sentence down: as soon as what is being written is done with, in place of what waits."""
        draft = Draft(samples, prompt)
        with self._changed:
            self._next = draft
            self._changed.notify()
        return draft

    def forget(self, draft: Draft) -> None:
        """Leave a draft out, where it was not begun yet."""
        with self._changed:
            if self._next is draft:
                self._next = None

    def close(self) -> None:
        """End the thread after what it is writing, which nobody waits for."""
        with self._changed:
            self._ends, self._next = True, None
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._next or self._cold or self._ends):
                    self._changed.wait()
                if self._ends:
                    return
                draft, self._next, self._cold = self._next, None, False
            if draft is None:
                self._load()
            else:
                self._write(draft)

    def _load(self) -> None:
        try:
            self._warm()
        except Exception as problem:
            # The first sentence meets it again, and then there is somebody to tell.
            logger.debug("the speech model was not loaded ahead: %s", problem)

    def _write(self, draft: Draft) -> None:
        started = time.perf_counter()
        try:
            draft.heard = self._transcribe(draft.samples, draft.prompt)
        except NoSpeech as problem:
            draft.refused = str(problem)
        except NoWeights as problem:
            draft.refused, draft.failed = str(problem), True
        except Exception:
            # Whatever a model's library raises, out of memory included: listening goes on, and the next one may work.
            logger.exception("a sentence could not be written down")
            draft.refused, draft.failed = "The speech model failed; the log says why. Say it again, please.", True
        draft.milliseconds = (time.perf_counter() - started) * 1000
        draft.done.set()
