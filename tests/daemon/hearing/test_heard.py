from __future__ import annotations

import numpy as np

from daemon.hearing.heard import Sentence, Trouble, Woken
from daemon.hearing.utterance import Utterance


def test_a_sentence_shows_its_words_and_never_its_sound() -> None:
    loud = np.full(16_000, 0.25, np.float32)
    sentence = Sentence(Utterance("scale web-app", "voice", 0.9, "a" * 64), "wake", 1.0, 2.0, loud)
    assert "scale web-app" in repr(sentence) and "0.25" not in repr(sentence)
    assert sentence == Sentence(sentence.utterance, "wake", 1.0, 2.0, np.zeros(3, np.float32))


def test_events_are_told_apart_by_what_they_are() -> None:
    assert Woken("alexa", 1.0) != Woken("alexa", 2.0)
    assert Trouble("") == Trouble("")
