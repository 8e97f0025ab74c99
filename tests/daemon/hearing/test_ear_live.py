"""The ear through a real sound server: microphone, voice detector, wake word, Whisper, nothing scripted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from virtual_sound import spoken

from daemon.hearing.ear import Ear
from daemon.hearing.evidence import words
from daemon.hearing.heard import Nothing, Sentence, Speaking, Woken
from daemon.hearing.microphone import Microphone
from daemon.hearing.transcription import Transcriber
from daemon.hearing.voice_activity import VoiceDetector
from daemon.hearing.wake import WakeWords
from daemon.sense_sections import Hearing

from .scripted import Events, until


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def ear(sound: Any, events: Events, tiny: Transcriber, prompt: str, tmp_path: Path) -> Iterator[Ear]:
    tiny.load()
    ear = Ear(
        Microphone(None),
        tiny.write_down,
        Hearing(),
        events,
        voice=VoiceDetector,
        prompt=lambda: prompt,
        wake=WakeWords(["alexa"], sensitivity=0.5, home=tmp_path),
    )
    ear.start()
    yield ear
    ear.close()


def test_a_wake_word_a_pause_and_a_sentence(sound: Any, ear: Ear, events: Events) -> None:
    ear.always = True
    until(lambda: ear.status == "waiting for the wake word")
    sound.say(spoken("alexa", "en-gb"), pause=1.0)
    sound.say(spoken("scale web app to ten replicas", "en-gb"), pause=1.0)
    sentence = events.next(Sentence)
    assert events.next(Woken).word == "alexa" and sentence.why == "wake"
    assert words(sentence.utterance.text) == ["scale", "web", "app", "to", "10", "replicas"]
    assert 400 <= sentence.timings["silence_ms"] <= 1200
    assert events.next(Speaking).at < events.next(Woken).at < sentence.began < sentence.ended


def test_a_sound_server_that_dies_within_a_sentence(sound: Any, ear: Ear, events: Events) -> None:
    sentence = spoken("scale web app in production to ten replicas and monitor the rollout", "en-gb")
    ear.listen("key", patience=15)
    sound.say(sentence, pause=0.5)
    events.next(Speaking)
    sound.stop()
    assert "went away" in events.next(Nothing).because
    sound.pipe.unlink(missing_ok=True)  # left behind, it would keep the server's microphone away
    sound.revive()
    ear.listen("key", patience=20)
    sound.say(sentence, pause=4.0)
    assert "rollout" in events.next(Sentence).utterance.text
