"""JSON in words, and who wrote which of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from daemon.web.pages import Piece
from daemon.web.texts import moment, pieces_of, text_of
from policies.action import Json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("a\nb", "a\nb"),
        (5, "5"),
        (True, "true"),
        ([], "[]"),
        ({"a": ["é"]}, '{\n  "a": [\n    "é"\n  ]\n}'),
        ({"$outside": ["see ", {"value": "this", "from": "jira DEV-1 summary"}]}, "see this"),
    ],
)
def test_a_value_in_words(value: Json, text: str) -> None:
    assert text_of(value) == text


def test_what_others_wrote_is_told_apart() -> None:
    box = {"$outside": ["see ", {"value": "this", "from": "jira DEV-1 summary"}, {"value": 5, "from": "splunk"}]}
    assert pieces_of(box) == (Piece("see "), Piece("this", "jira DEV-1 summary"), Piece("5", "splunk"))
    assert pieces_of("ours") == (Piece("ours"),)
    assert pieces_of({"$outside": "broken"}) == ()


def test_a_moment() -> None:
    assert moment("2026-11-20T10:00:00.000Z") == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert moment(None) is None and moment("") is None
