"""What is told about a collector; what it receives is tested through daemon/telemetry.py."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the extra telemetry is not installed")

from daemon.telemetry_sending import Reach, nanoseconds


def test_it_is_said_when_the_collector_goes_and_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    reach = Reach("http://127.0.0.1:4318")
    with caplog.at_level(logging.INFO):
        for well in (True, False, False, True, True):
            reach.told(well)
    assert [(each.levelname, each.message) for each in caplog.records] == [
        ("WARNING", "telemetry cannot be sent to http://127.0.0.1:4318; what is not sent is lost"),
        ("INFO", "telemetry reaches http://127.0.0.1:4318 again"),
    ]


def test_moments_keep_their_microseconds() -> None:
    assert nanoseconds(datetime(2026, 11, 20, 23, 59, 59, 123456, UTC)) == 1_795_219_199_123_456_000
