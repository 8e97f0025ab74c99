"""The ears: one speech model for everything that is heard, loaded when it is needed and given up when it is not."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.config import Hearing
from daemon.hearing.hardware import affordable, available, needed
from daemon.hearing.prompt import prompt_for
from daemon.hearing.recording import read
from daemon.hearing.transcription import Heard, Transcriber
from daemon.hearing.utterance import Utterance
from daemon.hearing.weights import Candidate, NoWeights, Places, find, survey
from intents.understanding.catalogue import Catalogue

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger("devos.hearing")

LOOK_AGAIN = 30.0
"""Seconds between two looks, at least, whether the model is still needed."""


@dataclass(frozen=True)
class EarsState:
    """Which model listens."""

    model: str | None = None
    """Its name, while it is in memory."""
    device: str | None = None
    note: str = ""
    """One sentence, where it is another one than wanted."""


class Ears:
    """Hears recordings and live sound with one model, which is found and loaded when it is first needed."""

    def __init__(
        self,
        home: Path,
        settings: Hearing,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
        free: Callable[[], int] = available,
    ) -> None:
        """Find nothing and load nothing yet.

        Args:
            home: DEVOS_HOME.
            settings: which model, where it runs, and after how long it is given up.
            clock: seconds, from any beginning.
            wait: waits for so many seconds; True when it is time to end.
            free: bytes of memory that a model may take.
        """
        self._home, self._settings = home, settings
        self._clock, self._free = clock, free
        self._ends = threading.Event()
        self._wait = wait or self._ends.wait
        self._lock = threading.Lock()
        self._transcriber: Transcriber | None = None
        self._used = 0.0
        self._note = ""
        self._fetching: threading.Thread | None = None
        self.took: Callable[[float, str], None] = lambda milliseconds, model: None
        """Told how long each transcription took, and which model did it."""

    @property
    def state(self) -> EarsState:
        """Which model is in memory, if one is."""
        transcriber = self._transcriber
        if transcriber is None:
            return EarsState(note=self._note)
        return EarsState(transcriber.name, transcriber.device, self._note)

    async def hear(self, file: Path, catalogue: Catalogue) -> tuple[Utterance, Heard]:
        """Transcribe a recording.

        Raises:
            NotARecording: the file holds no sound that can be read.
            NoSpeech: nobody speaks in it, or not clearly enough.
            NoWeights: there is no model to listen with, or too little memory for one.
        """
        return await asyncio.to_thread(self._hear, file, catalogue)

    def transcribe(self, samples: NDArray[np.float32], prompt: str) -> Heard:
        """Write down a sentence that was just said, whose sound begins and ends with it.

        Never waits for a download: until one is there, the best model on this machine listens.

        Args:
            samples: at 16 kHz, shape (n,).
            prompt: the words to expect.

        Raises:
            NoSpeech: nobody speaks in it, or not clearly enough.
            NoWeights: there is no model to listen with, or too little memory for one.
        """
        heard = self._ready().write_down(samples, prompt)
        self._used = self._clock()
        self.took(heard.timings["transcribe_ms"], heard.model)
        return heard

    def warm(self) -> None:
        """Load the model now, because somebody begins to speak.

        Raises:
            NoWeights: there is no model to listen with, or too little memory for one.
        """
        self._ready().load()

    def close(self) -> None:
        """Give the model up, and stop looking whether it is needed."""
        self._ends.set()
        self._give_up()

    def _hear(self, file: Path, catalogue: Catalogue) -> tuple[Utterance, Heard]:
        recording = read(file)
        transcriber = self._ready()
        if (fetching := self._fetching) is not None and fetching.is_alive():
            fetching.join()
            transcriber = self._ready()
        heard = transcriber.transcribe(recording, prompt=prompt_for(catalogue))
        self._used = self._clock()
        self.took(heard.timings["transcribe_ms"], heard.model)
        return Utterance(heard.text, "file", heard.confidence, recording.sha256), heard

    def _ready(self) -> Transcriber:
        """The transcriber, with a model that is on this machine and fits into memory."""
        with self._lock:
            self._used = self._clock()
            if self._transcriber is None:
                taken, settings = self._taken(), self._settings
                assert taken.path is not None, "a model was taken that is not on this machine"
                self._transcriber = Transcriber(
                    taken.path, name=taken.name, threads=settings.threads, device=settings.device
                )
                threading.Thread(target=self._watch, args=[self._transcriber], name="devos-ears", daemon=True).start()
            return self._transcriber

    def _taken(self) -> Candidate:
        """The model to listen with; the caller holds the lock.

        Raises:
            NoWeights: there is none, or too little memory for one.
        """
        model, folder = self._wanted()
        places = Places.of(self._home, os.environ)
        candidates = survey(model, places, path=folder)
        chosen = next((each for each in candidates if each.chosen), None)
        if chosen is None or chosen.path is None:
            find(model, places, path=folder)  # says what is missing
            raise NoWeights("There is no speech model on this machine.")
        if model is not None and chosen.name != model and self._settings.download:
            self._fetch(model)
        free = self._free()
        if needed(chosen.path) > free:
            candidates += [replace(each, chosen=False) for each in survey(None, places)]
        taken = affordable(candidates, free)
        self._note = ""
        if taken is not chosen:
            self._note = f"{taken.name} listens, because there is too little memory for {chosen.name}."
            logger.warning(self._note)
        return taken

    def _wanted(self) -> tuple[str | None, Path | None]:
        """The model's name, or its folder, where one is configured."""
        model = self._settings.model
        folder = Path(model).expanduser() if model and "/" in model else None
        return None if folder else model, folder

    def _fetch(self, model: str) -> None:
        """Download the model that is wanted, beside everything else; tried once."""
        if self._fetching is None:
            self._fetching = threading.Thread(target=self._download, args=[model], name="devos-download", daemon=True)
            self._fetching.start()

    def _download(self, model: str) -> None:
        try:
            found = find(model, Places.of(self._home, os.environ, downloads=True))
        except NoWeights as problem:
            logger.warning("%s", problem)
            return
        if found.source == "download":
            self._give_up()  # the next sentence finds the new one
        elif found.name != model:
            logger.warning(found.why)

    def _watch(self, transcriber: Transcriber) -> None:
        """Give the model up when nobody has spoken for long."""
        idle = 60 * self._settings.idle_minutes
        while not self._wait(max(LOOK_AGAIN, self._used + idle - self._clock())):
            if self._transcriber is not transcriber:
                return
            if self._clock() - self._used >= idle:
                logger.info("nobody has spoken for long; the speech model is given up")
                return self._give_up()

    def _give_up(self) -> None:
        """Let the model go, with its memory: what is being written down is written down first."""
        with self._lock:
            transcriber, self._transcriber = self._transcriber, None
        if transcriber is not None:
            transcriber.unload()
            gc.collect()
            if sys.platform == "linux":
                # Without this, the allocator keeps 50 MB of it for later.
                getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)(0)
