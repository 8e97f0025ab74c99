from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.sandbox.ages import ago

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "then"),
    [
        ("3d 4h", "2026-02-27T05:00"),
        ("2w", "2026-02-16T09:00"),
        ("90m", "2026-03-02T07:30"),
        ("1w1d", "2026-02-22T09:00"),
    ],
)
def test_an_age_is_a_moment(age: str, then: str) -> None:
    assert ago(NOW, age).isoformat(timespec="minutes") == f"{then}+00:00"


@pytest.mark.parametrize("age", ["", "3", "3 days", "yesterday", "3d x"])
def test_anything_else_is_refused(age: str) -> None:
    with pytest.raises(ValueError, match="an age is written like '3d 4h'"):
        ago(NOW, age)
