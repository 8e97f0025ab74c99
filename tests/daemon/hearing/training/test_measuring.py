"""What is counted, and where the threshold goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.frames import RATE
from daemon.hearing.recording import read
from daemon.hearing.training.classifier import Heard
from daemon.hearing.training.embedding import NUMBERS
from daemon.hearing.training.lessons import Line, Said
from daemon.hearing.training.measuring import Count, hits, threshold
from daemon.hearing.training.trained import KEEPS, Trained
from daemon.hearing.voice_activity import VoiceDetector
from daemon.hearing.wake import WakeWords


def said(text: str, begin: float, end: float, *, word: bool = False) -> Said:
    return Said(Line(text, word), int(begin * RATE), int(end * RATE))


LINES = (
    said("who is on call", 1, 2),
    said("hey devoss", 3, 4, word=True),
    said("hey devil", 7, 8),
    said("hey devoss", 10, 11, word=True),
    said("deploy it", 14, 16),
)


def count(*moments: float) -> Count:
    found = Count()
    found.add(LINES, moments, frozenset({"hey devil"}))
    return found


def test_a_word_counts_when_it_is_heard_during_or_soon_after_it() -> None:
    assert (count(4.1).said, count(4.1).heard, count(4.1).rate) == (2, 1, 0.5)
    assert count(3.9, 4.5, 11.2).rate == 1 and count(3.9, 4.5, 11.2).ordinary_mistaken == []
    assert count(5.3).heard == 0 and count(2.9).heard == 0


def test_a_mistake_counts_for_what_had_been_said() -> None:
    found = count(1.5, 8.4, 15.9, 0.5)
    assert found.ordinary_mistaken == ["who is on call", "deploy it", ""]
    assert found.near_mistaken == ["hey devil"] and found.near == 1
    assert found.ordinary_seconds == 3 and found.per_hour == pytest.approx(3600)
    assert Count().rate == Count().per_hour == 0


def recited(*probabilities: float) -> Heard:
    """A lesson in which the classifier below says these, 80 ms apart; the word is said a second after the first."""
    embeddings = np.zeros((KEEPS + len(probabilities), NUMBERS), np.float32)
    embeddings[:, 0] = -5
    embeddings[KEEPS:, 0] = np.log(np.array(probabilities) / (1 - np.array(probabilities)))
    first = Heard(embeddings, ()).moments[KEEPS]
    return Heard(embeddings, (said("deploy it", 0, first + 0.9), said("hey", first + 0.95, first + 1.2, word=True)))


def test_the_threshold_lies_above_mistakes_and_below_hits() -> None:
    weights = np.zeros((KEEPS, NUMBERS, 1), np.float32)
    weights[-1, 0] = 1
    layers = ((weights.reshape(-1, 1), np.zeros(1, np.float32)),)
    model = Trained("hey", 0.5, np.zeros(NUMBERS, np.float32), np.ones(NUMBERS, np.float32), layers)
    quiet, loud = [0.01] * 12, [0.01, 0.6, 0.6] + [0.01] * 9
    hit = [0.01, 0.97, 0.97, 0.01]
    assert threshold(model, [recited(*quiet, *hit)] * 3, frozenset()) == 0.5, "nothing speaks against the lowest"
    found = threshold(model, [recited(*loud, *hit)] * 3, frozenset())
    assert 0.7 < found < 0.97, "not just above the mistakes, lest others are a little worse"


def test_a_recording_is_listened_to_as_a_microphone_is(demo: Path) -> None:
    wake, voice = WakeWords(["alexa"], sensitivity=0.5, home=Path("no-such-home")), VoiceDetector()
    samples = read(demo).samples
    assert hits(samples, wake, voice) == [] == hits(samples[:5], wake, voice)
