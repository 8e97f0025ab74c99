"""Listening for real, with the model that is installed with DevOS."""

from __future__ import annotations

import asyncio
import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from daemon.hearing.evidence import NoSpeech, words
from daemon.hearing.recording import RATE, Recording, read
from daemon.hearing.transcription import Transcriber
from daemon.hearing.weights import NoWeights

from .conftest import Write

DEMO = "scale the web app deployment to 10 replicas and monitor the rollout"
HUMAN = Path(__file__).parents[4] / "shared" / "audio"


def sound(samples: NDArray[Any]) -> Recording:
    return Recording(samples.astype(np.float32), len(samples) / RATE, "0" * 64, 0.0)


def numbers_as_digits(text: str) -> list[str]:
    digits = {"ten": "10", "six": "6", "eight": "8", "four": "4", "seven": "7"}
    return [digits.get(word, word) for word in words(text)]


def test_the_demo_is_heard_word_for_word(tiny: Transcriber, prompt: str, demo: Path) -> None:
    heard = tiny.transcribe(read(demo), prompt=prompt)
    assert words(heard.text) == DEMO.split()
    assert 0.6 < heard.confidence <= 1.0
    assert 3.0 < heard.speech_seconds <= read(demo).seconds
    assert heard.model == "tiny.en"
    assert set(heard.timings) == {"decode_ms", "vad_ms", "load_ms", "transcribe_ms"}
    assert heard.timings["decode_ms"] > 0
    assert heard.timings["transcribe_ms"] > 0


@pytest.mark.parametrize(
    ("name", "rate", "channels"),
    [("a.wav", 8_000, 1), ("a.wav", 48_000, 2), ("a.ogg", 44_100, 2), ("a.mp3", 44_100, 1)],
)
def test_the_demo_in_other_forms(
    tmp_path: Path, tiny: Transcriber, prompt: str, demo: Path, write: Write, name: str, rate: int, channels: int
) -> None:
    path = write(tmp_path / name, read(demo).samples, rate, channels)
    heard = set(words(tiny.transcribe(read(path), prompt=prompt).text))
    assert {"scale", "web", "app", "10", "replicas", "rollout"} <= heard


@pytest.mark.parametrize("voice", [(), ("-v", "en-us"), ("-v", "en-gb-x-rp")])
def test_a_sentence_from_nowhere(
    espeak: Callable[..., Path], tiny: Transcriber, prompt: str, voice: tuple[str, ...]
) -> None:
    heard = tiny.transcribe(read(espeak("set checkout to six pods in staging", *voice)), prompt=prompt)
    assert numbers_as_digits(heard.text) == ["set", "checkout", "to", "6", "pods", "in", "staging"]


@pytest.mark.parametrize("number", [2, 5, 8, 9, 11, 13, 15, 18, 30, 50])
def test_numbers_come_out_as_they_were_said(
    espeak: Callable[..., Path], tiny: Transcriber, prompt: str, number: int
) -> None:
    heard = tiny.transcribe(read(espeak(f"set checkout to {number} pods in staging")), prompt=prompt)
    assert [word for word in words(heard.text) if word.isdigit()] == [str(number)]


def test_people(tiny: Transcriber, prompt: str) -> None:
    """Seven clips of six speakers; the catalogue's prompt must not bend words that have nothing to do with it."""
    if not (HUMAN / "TRANSCRIPTS.tsv").is_file():
        pytest.skip("the recordings of human speech are not beside this checkout (../shared/audio)")
    with (HUMAN / "TRANSCRIPTS.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    wrong = total = 0
    for row in rows:
        said = numbers_as_digits(row["transcript"])
        heard = numbers_as_digits(tiny.transcribe(read(HUMAN / row["file"]), prompt=prompt).text)
        wrong += Levenshtein.distance(said, heard)
        total += len(said)
    assert total > 60
    assert wrong / total <= 0.06


noise = np.random.default_rng(7).standard_normal(4 * RATE)
time = np.arange(4 * RATE) / RATE


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(np.zeros(3 * RATE), id="silence"),
        pytest.param(np.zeros(10), id="a click's length"),
        pytest.param(0.01 * noise, id="faint noise"),
        pytest.param(0.3 * noise, id="white noise"),
        pytest.param(0.3 * np.sin(2 * np.pi * 50 * time), id="hum"),
        pytest.param(0.1 * sum(np.sin(2 * np.pi * f * time) for f in (261, 329, 392)), id="a chord"),
    ],
)
def test_what_holds_no_speech(tiny: Transcriber, prompt: str, samples: NDArray[Any]) -> None:
    with pytest.raises(NoSpeech, match="There is no speech in the recording"):
        tiny.transcribe(sound(samples), prompt=prompt)


def test_what_only_resembles_speech_is_not_made_into_a_request(tiny: Transcriber, prompt: str) -> None:
    """A hum with a voice's rhythm and overtones: silero takes it for speech, Whisper's figures tell that it is none."""
    overtones = (130, 260, 390, 700, 1200, 2500)
    voice = sum(np.sin(2 * np.pi * f * time * (1 + 0.02 * np.sin(2 * np.pi * 5 * time))) for f in overtones) / 6
    with pytest.raises(NoSpeech, match="does not seem to be speech"):
        tiny.transcribe(sound(voice * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * time))), prompt=prompt)


def test_a_request_that_stands_in_the_prompt_is_believed_when_it_was_said(
    espeak: Callable[..., Path], tiny: Transcriber, prompt: str
) -> None:
    heard = tiny.transcribe(read(espeak("scale analytics service to 20 replicas")), prompt=prompt)
    assert words(heard.text)[-3:] == ["to", "20", "replicas"]


def test_in_noise_a_number_of_the_prompt_does_not_take_the_place_of_the_one_that_was_said(
    tiny: Transcriber, demo: Path
) -> None:
    """Ten was said. With this prompt and this noise Whisper writes 20, and is sure of it."""
    prompt = "Scale the web app deployment to 20 replicas and monitor the rollout. " * 6
    said = read(demo).samples
    hiss = np.random.default_rng(5).standard_normal(len(said))
    assert "10" in tiny.transcribe(sound(said + 0.05 * hiss), prompt=prompt).text
    with pytest.raises(NoSpeech, match="could not be told from those that were expected"):
        tiny.transcribe(sound(said + 0.15 * hiss), prompt=prompt)


def test_live_sound_is_written_down_as_it_is(tiny: Transcriber, prompt: str, demo: Path) -> None:
    heard = tiny.write_down(read(demo).samples, prompt)
    assert words(heard.text) == DEMO.split() and heard.timings["vad_ms"] < 5


def test_long_live_sound_loses_its_pauses(tiny: Transcriber, prompt: str, demo: Path) -> None:
    said, pause = read(demo).samples, np.zeros(10 * RATE, np.float32)
    heard = tiny.write_down(np.concatenate([said, pause, said]), prompt)
    assert words(heard.text).count("rollout") == 2 and heard.speech_seconds < 2 * len(said) / RATE + 1
    with pytest.raises(NoSpeech, match="no speech in it"):
        tiny.write_down(np.concatenate([pause, pause]), prompt)


@pytest.mark.parametrize("word", ["no", "stop", "yes", "repeat"])
def test_a_single_word(espeak: Callable[..., Path], tiny: Transcriber, word: str) -> None:
    heard = tiny.write_down(read(espeak(word)).samples, "Yes. No. Wait. Repeat. Stop. What will it do?")
    assert words(heard.text) == [word]


def test_silence_around_and_between_is_left_out(tiny: Transcriber, prompt: str, demo: Path) -> None:
    said = read(demo).samples
    pause = np.zeros(20 * RATE, np.float32)
    heard = tiny.transcribe(sound(np.concatenate([pause, said, pause])), prompt=prompt)
    assert words(heard.text)[-2:] == ["the", "rollout"]
    assert "10" in words(heard.text)
    assert heard.speech_seconds < len(said) / RATE + 1


def test_more_than_half_a_minute_of_speech_is_heard_to_its_end(
    espeak: Callable[..., Path], tiny: Transcriber, prompt: str
) -> None:
    tasks = ("look at the payment service", "read the log files", "tell the team about it", "write the report today",
             "close the ticket in the morning", "ask for a review", "check the web app in production",
             "find out who deployed it", "count the replicas", "then go home")  # fmt: skip
    heard = tiny.transcribe(read(espeak(". And after that, please ".join(tasks), "-s", "120")), prompt=prompt)
    assert heard.speech_seconds > 30
    assert words(heard.text)[-2:] == ["go", "home"]
    assert words(heard.text).count("please") >= 7


async def test_two_at_once_take_turns_and_load_the_model_once(tiny: Transcriber, prompt: str, demo: Path) -> None:
    own = Transcriber(tiny.weights)
    recording = read(demo)
    heard = await asyncio.gather(*(asyncio.to_thread(own.transcribe, recording, prompt=prompt) for _ in range(2)))
    assert heard[0].text == heard[1].text
    loads = sorted(each.timings["load_ms"] for each in heard)
    assert loads[0] < 1 < loads[1]
    assert heard[0].model == tiny.weights.name


def test_a_model_can_be_loaded_ahead(tiny: Transcriber, demo: Path) -> None:
    own = Transcriber(tiny.weights)
    own.load()
    assert own.transcribe(read(demo)).timings["load_ms"] < 1


def test_a_folder_without_a_model(tmp_path: Path, tiny: Transcriber) -> None:
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copy(tiny.weights / name, tmp_path / name)
    (tmp_path / "model.bin").write_bytes(b"not a model")
    with pytest.raises(NoWeights, match="cannot be loaded"):
        Transcriber(tmp_path).load()
