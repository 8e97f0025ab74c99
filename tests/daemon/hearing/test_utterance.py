"""The utterance, and its JSON."""

from __future__ import annotations

import dataclasses
import json

import pytest

from daemon.hearing.utterance import Utterance


def test_it_goes_through_json_and_back() -> None:
    said = Utterance("set checkout to 6 pods", "file", 0.93, "ab" * 32)
    assert json.loads(json.dumps(said.json)) == {
        "text": "set checkout to 6 pods",
        "channel": "file",
        "confidence": 0.93,
        "audio": "ab" * 32,
    }
    assert Utterance.parse(json.loads(json.dumps(said.json))) == said


def test_typed_text_is_certain_and_has_no_recording() -> None:
    assert Utterance("hello", "typed").json == {"text": "hello", "channel": "typed", "confidence": 1.0, "audio": None}


def test_it_cannot_be_altered() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Utterance("hello", "typed").text = "goodbye"  # type: ignore[misc]  # that it is refused is the point


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan")])
def test_a_confidence_lies_between_0_and_1(confidence: float) -> None:
    with pytest.raises(ValueError, match="lies between 0 and 1"):
        Utterance("hello", "voice", confidence)


@pytest.mark.parametrize(
    "value",
    [
        {"text": "hello"},
        {"text": "hello", "channel": "pigeon"},
        {"text": 7, "channel": "typed"},
        {"text": "hello", "channel": "typed", "loud": True},
        {"text": "hello", "channel": "typed", "confidence": 2.0},
        "hello",
        None,
    ],
)
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        Utterance.parse(value)
