"""Writing down beside the listening."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from daemon.hearing.decoder import Decoder
from daemon.hearing.evidence import NoSpeech
from daemon.hearing.transcription import Heard
from daemon.hearing.weights import NoWeights

from .scripted import SECONDS, heard

SOUND = np.zeros(512, np.float32)


class Slow:
    """Writes down the prompt, and only when it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.prompts: list[str] = []
        self.warmed = threading.Semaphore(0)

    def transcribe(self, samples: object, prompt: str) -> Heard:
        self.prompts.append(prompt)
        self.begun.release()
        assert self.let.acquire(timeout=SECONDS)
        if prompt == "silent":
            raise NoSpeech("No speech.")
        if prompt == "nothing":
            raise NoWeights("No model.")
        if prompt == "broken":
            raise MemoryError
        return heard(prompt)

    def warm(self) -> None:
        self.warmed.release()
        raise NoWeights("not there")


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def decoder(slow: Slow) -> Iterator[Decoder]:
    decoder = Decoder(slow.transcribe, slow.warm)
    yield decoder
    decoder.close()
    slow.let.release(10)


def test_a_draft_becomes_text(decoder: Decoder, slow: Slow) -> None:
    slow.let.release()
    draft = decoder.write(SOUND, "scale")
    assert draft.done.wait(SECONDS) and draft.heard == heard("scale") and draft.milliseconds > 0


def test_only_the_newest_of_those_that_wait_is_written(decoder: Decoder, slow: Slow) -> None:
    first = decoder.write(SOUND, "first")
    assert slow.begun.acquire(timeout=SECONDS)
    decoder.write(SOUND, "second")
    third = decoder.write(SOUND, "third")
    slow.let.release(3)
    assert first.done.wait(SECONDS) and third.done.wait(SECONDS)
    assert slow.prompts == ["first", "third"]


def test_what_is_forgotten_is_not_begun(decoder: Decoder, slow: Slow) -> None:
    decoder.write(SOUND, "first")
    assert slow.begun.acquire(timeout=SECONDS)
    decoder.forget(decoder.write(SOUND, "second"))
    slow.let.release(2)
    last = decoder.write(SOUND, "third")
    assert last.done.wait(SECONDS) and slow.prompts == ["first", "third"]


@pytest.mark.parametrize(
    ("prompt", "refused", "failed"),
    [("silent", "No speech.", False), ("nothing", "No model.", True), ("broken", "The speech model failed", True)],
)
def test_where_there_is_no_text(decoder: Decoder, slow: Slow, prompt: str, refused: str, failed: bool) -> None:
    slow.let.release(2)
    draft = decoder.write(SOUND, prompt)
    assert draft.done.wait(SECONDS) and draft.heard is None
    assert draft.refused.startswith(refused) and draft.failed is failed
    assert decoder.write(SOUND, "next").done.wait(SECONDS), "it goes on"


def test_the_model_is_loaded_ahead_and_what_is_wrong_with_it_is_told_later(decoder: Decoder, slow: Slow) -> None:
    slow.let.release()
    decoder.prepare()
    assert slow.warmed.acquire(timeout=SECONDS)
    assert decoder.write(SOUND, "scale").done.wait(SECONDS)
