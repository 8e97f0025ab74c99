"""The ears: which model listens, and what it is told to expect."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from daemon.config import Hearing
from daemon.hearing.prompt import prompt_of
from daemon.hearing.recording import read
from daemon.hearing.transcription import Heard, Transcriber
from daemon.hearing.utterance import Utterance
from daemon.hearing.weights import Places, find
from intents.understanding.catalogue import Catalogue


class Ears:
    """Hears recordings with a model that is found and loaded when it is first needed."""

    def __init__(self, home: Path, settings: Hearing) -> None:
        self._home, self._settings = home, settings
        self._transcriber: Transcriber | None = None

    async def hear(self, file: Path, catalogue: Catalogue) -> tuple[Utterance, Heard]:
        """Transcribe a recording.

        Raises:
            NotARecording: the file holds no sound that can be read.
            NoSpeech: nobody speaks in it, or not clearly enough.
            NoWeights: there is no model to listen with.
        """
        return await asyncio.to_thread(self._hear, file, catalogue)

    def _hear(self, file: Path, catalogue: Catalogue) -> tuple[Utterance, Heard]:
        recording = read(file)
        if self._transcriber is None:
            model = self._settings.model
            folder = Path(model).expanduser() if model and "/" in model else None
            places = Places.of(self._home, os.environ, downloads=self._settings.download)
            weights = find(None if folder else model, places, path=folder)
            self._transcriber = Transcriber(weights.path, name=weights.name, threads=self._settings.threads)
        names = [*catalogue.all("deployment"), *catalogue.all("service"), *catalogue.all("project")]
        heard = self._transcriber.transcribe(recording, prompt=prompt_of(names))
        return Utterance(heard.text, "file", heard.confidence, recording.sha256), heard
