from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.nrql import parse

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
ROWS: list[dict[str, Any]] = [
    {
        "timestamp": MS - 10 * 60_000,
        "app": "web",
        "duration": 0.1,
        "error": False,
        "cpu": 1.0,
        "cap": 4.0,
        "_weight": 8,
    },
    {
        "timestamp": MS - 6 * 60_000,
        "app": "web",
        "duration": 0.5,
        "error": True,
        "cpu": 2.0,
        "cap": 4.0,
        "_weight": 2,
    },
    {
        "timestamp": MS - 1 * 60_000,
        "app": "pay",
        "duration": 0.3,
        "error": False,
        "cpu": 3.0,
        "cap": 0.0,
        "note": "it's",
    },
]


def run(query: str) -> list[dict[str, Any]]:
    return parse(query).run(ROWS, NOW)


def test_a_facet_parts_the_result() -> None:
    assert run("SELECT count(*) FROM T FACET app") == [
        {"app": "web", "facet": "web", "count": 10},
        {"app": "pay", "facet": "pay", "count": 1},
    ]
    assert run("SELECT count(*) FROM T FACET app, error LIMIT 1") == [
        {"app": "web", "error": False, "facet": ["web", False], "count": 8}
    ]


def test_a_time_series_has_buckets() -> None:
    rows = run("SELECT count(*) FROM T SINCE 12 minutes ago TIMESERIES 5 minutes")
    assert [each["count"] for each in rows] == [8, 2, 1]
    assert rows[0]["beginTimeSeconds"] == MS // 1000 - 720
    assert rows[-1]["endTimeSeconds"] == MS // 1000
    assert len(run("SELECT count(*) FROM T SINCE 30 minutes ago TIMESERIES")) == 30
    assert len(run("SELECT count(*) FROM T TIMESERIES AUTO SINCE 1 day ago")) == 30


def test_events_come_newest_first_without_what_is_only_ours() -> None:
    assert run("SELECT app, duration FROM T")[0] == {"timestamp": MS - 60_000, "app": "pay", "duration": 0.3}
    assert [each["app"] for each in run("SELECT * FROM T")] == ["pay", "web", "web"]
    assert "_weight" not in run("SELECT * FROM T")[1]
