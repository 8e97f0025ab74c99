"""Nothing that is not speech becomes a sentence: the real voice detector, the real model, all ways of listening."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing.ear import Ear
from daemon.hearing.endpoint import ONSET, SHORTEST, VOICED
from daemon.hearing.heard import Nothing, Sentence, Woken
from daemon.hearing.recording import read
from daemon.hearing.transcription import Transcriber
from daemon.hearing.voice_activity import VoiceDetector
from daemon.hearing.wake import WakeWords
from daemon.sense_sections import Hearing

from .scripted import Events, ScriptedMicrophone, until

RATE = 16_000
LENGTH = 6 * RATE
time = np.arange(LENGTH) / RATE
random = np.random.default_rng(11)
noise = random.standard_normal(LENGTH)


def tone(pitch: float) -> NDArray[np.float64]:
    return np.asarray(np.sin(2 * np.pi * pitch * time))


def clicks(rate: float) -> NDArray[np.float64]:
    """Keys that are pressed and let go: short bursts of noise that ring out."""
    found = np.zeros(LENGTH)
    for start in np.cumsum(random.uniform(0.5, 1.5, int(6 * rate)) / rate) * RATE:
        burst = random.standard_normal(400) * np.exp(-np.arange(400) / 80)
        piece = found[int(start) : int(start) + 400]
        piece += burst[: len(piece)]
    return 0.5 * found


def breath() -> NDArray[np.float64]:
    """Noise without low tones that swells and fades, three times."""
    return np.asarray(0.2 * np.diff(noise, prepend=0) * np.clip(np.sin(2 * np.pi * 0.5 * time), 0, 1) ** 2)


def tune() -> NDArray[np.float64]:
    """A scale of notes with overtones, each of which fades."""
    notes = [262, 294, 330, 349, 392, 440, 494, 523] * 2
    pieces = []
    for pitch in notes:
        at = np.arange(LENGTH // len(notes)) / RATE
        pieces.append(sum(np.sin(2 * np.pi * pitch * n * at) / n for n in (1, 2, 3, 4)) * np.exp(-4 * at))
    return np.asarray(0.2 * np.concatenate(pieces))


def voice() -> NDArray[np.float64]:
    """A throat without a mouth: an "oo" that rises, falls and pulses. Silero takes it for speech; Whisper must not."""
    beats = np.floor(np.cumsum(210 * (1 + 0.08 * np.sin(2 * np.pi * 0.7 * time))) / RATE)
    sound = np.diff(beats, prepend=0).tolist()
    for pitch, width in ((350, 60), (800, 90), (2500, 170)):
        ring = np.exp(-np.pi * width / RATE)
        before, back = 2 * ring * np.cos(2 * np.pi * pitch / RATE), -ring * ring
        last = earlier = 0.0
        for index, value in enumerate(sound):
            sound[index] = value + before * last + back * earlier
            last, earlier = sound[index], last
    return np.asarray(sound) / np.abs(sound).max() * 0.5 * np.clip(0.6 + np.sin(4 * np.pi * time), 0, 1)


SOUNDS = {
    "a voice without words": voice(),
    "silence": np.zeros(LENGTH),
    "faint noise": 0.003 * noise,
    "loud noise": 0.3 * noise,
    "noise in bursts": 0.3 * noise * (np.sin(2 * np.pi * 1.5 * time) > 0.3),
    "hum": 0.3 * tone(50) + 0.1 * tone(150),
    "a chord": 0.1 * (tone(261) + tone(329) + tone(392)),
    "a tune": tune(),
    "a siren": 0.3 * np.sin(2 * np.pi * (600 * time + 30 * np.sin(2 * np.pi * 0.5 * time) * 10)),
    "keys": clicks(6),
    "hurried keys": clicks(14),
    "breath": breath(),
    "a fan": 0.1 * np.convolve(noise, np.ones(20) / 20, "same") * (1 + 0.3 * tone(7)),
}


@pytest.fixture(scope="module")
def voices() -> VoiceDetector:
    return VoiceDetector()


@pytest.fixture
def microphone() -> ScriptedMicrophone:
    return ScriptedMicrophone()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def ear(
    microphone: ScriptedMicrophone,
    events: Events,
    tiny: Transcriber,
    prompt: str,
    voices: VoiceDetector,
    tmp_path: Path,
) -> Iterator[Ear]:
    ear = Ear(
        microphone,
        tiny.write_down,
        Hearing(),
        events,
        voice=lambda: voices,
        prompt=lambda: prompt,
        wake=WakeWords(["hey jarvis", "alexa"], sensitivity=0.5, home=tmp_path),
    )
    ear.start()
    yield ear
    ear.close()


def test_who_speaks_is_heard_in_the_same_way(
    ear: Ear, microphone: ScriptedMicrophone, events: Events, demo: Path
) -> None:
    microphone.say(read(demo).samples)
    microphone.say(np.zeros(2 * RATE))
    ear.listen("key", patience=5.0)
    assert "rollout" in events.next(Sentence).utterance.text


def test_a_voice_without_words_reaches_whisper(voices: VoiceDetector) -> None:
    frames = SOUNDS["a voice without words"][: LENGTH // 512 * 512].astype(np.float32).reshape(-1, 512)
    voiced = [voices.probability(frame) >= VOICED for frame in frames]
    assert any(all(voiced[start : start + ONSET + SHORTEST]) for start in range(len(voiced) - ONSET - SHORTEST))


@pytest.mark.parametrize("name", SOUNDS)
def test_while_somebody_is_listened_to(ear: Ear, microphone: ScriptedMicrophone, events: Events, name: str) -> None:
    microphone.say(SOUNDS[name])
    microphone.say(np.zeros(2 * RATE))
    ear.listen("key", patience=5.0)
    events.next(Nothing)
    assert not events.of(Sentence)


@pytest.mark.parametrize("name", ["a voice without words", "a tune", "hurried keys", "breath"])
def test_while_a_key_is_held(ear: Ear, microphone: ScriptedMicrophone, events: Events, name: str) -> None:
    ear.listen("key", hold=True)
    microphone.say(SOUNDS[name])
    until(microphone.empty.is_set)
    ear.finish()
    microphone.say(np.zeros(RATE))
    events.next(Nothing)
    assert not events.of(Sentence)


def test_while_a_wake_word_is_waited_for(ear: Ear, microphone: ScriptedMicrophone, events: Events) -> None:
    ear.always = True
    for each in SOUNDS.values():
        microphone.say(each)
    until(microphone.empty.is_set)
    assert not events.of(Woken) and not events.of(Sentence)
