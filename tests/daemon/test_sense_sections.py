"""What can be set of the senses; how it is read from a file is tests/daemon/test_config.py."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from pydantic import ValidationError

from daemon.sections import Config
from daemon.sense_sections import hours_of


def test_by_default_it_listens_to_keys_and_not_to_the_room() -> None:
    settings = Config()
    assert settings.hotkeys.on and not settings.wake.on
    assert (settings.speech.mode, settings.telemetry.endpoint) == ("voice", None)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"wake": {"sensitivity": 1.5}}, "less than or equal to 1"),
        ({"hearing": {"silence": 0.1}}, "greater than or equal to 0.2"),
        ({"hearing": {"longest": 31}}, "less than or equal to 30"),
        ({"hearing": {"device": "tpu"}}, "cuda"),
        ({"hotkeys": {"seconds": 0}}, "greater than or equal to 0.5"),
        ({"speech": {"mode": "loud"}}, "notify"),
        ({"speech": {"rate": 1000}}, "450"),
        ({"speech": {"quiet": ["ten to six"]}}, "'ten to six' is no stretch of hours"),
        ({"speech": {"quiet": ["25:00-26:00"]}}, "'25:00-26:00' is no stretch of hours"),
        ({"microphone": {"gain": 2}}, "Extra inputs"),
        ({"wake": {"on": True, "words": []}}, "it needs at least one word"),
        ({"wake": {"words": ["alexa", " "]}}, "it needs at least one word"),
        ({"telemetry": {"endpoint": "127.0.0.1:4318"}}, "'127.0.0.1:4318' is no address"),
    ],
)
def test_what_cannot_be_is_refused(written: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Config.model_validate(written)


def test_a_collector_has_an_address() -> None:
    for each in ("http://127.0.0.1:4318", "https://collector.example.com/otlp"):
        assert Config.model_validate({"telemetry": {"endpoint": each}}).telemetry.endpoint == each


def test_quiet_hours_may_lie_over_midnight() -> None:
    assert hours_of("22:00-07:30") == (time(22), time(7, 30))
