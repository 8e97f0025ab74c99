from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.nrql_functions import AGGREGATES, compared, weight

ROWS: list[dict[str, Any]] = [
    {"timestamp": 1, "v": 10.0, "n": "a", "_weight": 3},
    {"timestamp": 3, "v": 20.0, "n": "b"},
    {"timestamp": 2, "n": "a"},
]


@pytest.mark.parametrize(
    ("function", "name", "extra", "value"),
    [
        ("count", "n", [], 5),
        ("count", "v", [], 4),
        ("average", "v", [], 12.5),
        ("sum", "v", [], 50.0),
        ("min", "v", [], 10.0),
        ("max", "v", [], 20.0),
        ("uniquecount", "n", [], 2),
        ("uniques", "n", [], ["a", "b"]),
        ("latest", "n", [], "b"),
        ("latest", "v", [], 20.0),
        ("earliest", "v", [], 10.0),
        ("percentile", "v", [75.0, 76.0], {"75": 10.0, "76": 20.0}),
        ("percentile", "v", [], {"95": 20.0}),
        ("median", "v", [], {"50": 10.0}),
        ("average", "nothing", [], None),
        ("min", "nothing", [], None),
        ("latest", "nothing", [], None),
        ("earliest", "nothing", [], None),
        ("percentile", "nothing", [], {}),
        ("sum", "nothing", [], 0),
    ],
)
def test_an_aggregate(function: str, name: str, extra: list[float], value: Any) -> None:
    assert AGGREGATES[function](ROWS, lambda row: row.get(name), extra) == value


def test_a_row_may_stand_for_many() -> None:
    assert weight(ROWS) == 5
    assert weight([]) == 0


@pytest.mark.parametrize(
    ("found", "sign", "wanted", "holds"),
    [
        ("a", "=", "a", True),
        ("503", "=", 503.0, False),
        (503, "=", 503.0, True),
        (True, "=", "true", True),
        (None, "=", "a", False),
        (None, "!=", "a", True),
        ("a", "<>", "a", False),
        (5, "<", 6.0, True),
        (5, ">=", 5.0, True),
        (5, ">", 5.0, False),
        (5, "<=", 4.0, False),
        ("5", "<", 6.0, False),
        (None, "<", 6.0, False),
        ("web-app", "like", "web%", True),
        ("Web-App", "like", "%app", True),
        ("web-app", "like", "web", False),
        ("web.app", "like", "web_app", False),
        (None, "like", "%", False),
        ("web-app", "rlike", "web.*", True),
        (5, "between", 6.0, False),
    ],
)
def test_a_comparison(found: Any, sign: str, wanted: Any, holds: bool) -> None:
    assert compared(found, sign, wanted) is holds
