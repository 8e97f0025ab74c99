from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.sandbox.nrql import BadQuery, condition, parse

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


@pytest.mark.parametrize(
    ("select", "row"),
    [
        ("count(*)", {"count": 11}),
        ("COUNT(*) AS 'all of them'", {"all of them": 11}),
        ("count(*), max(duration)", {"count": 11, "max.duration": 0.5}),
        ("average(duration) * 1000 AS ms", {"ms": pytest.approx(1000 * 2.1 / 11)}),
        ("uniqueCount(app)", {"uniqueCount.app": 2}),
        ("percentile(duration, 50, 95)", {"percentile.duration": {"50": 0.1, "95": 0.5}}),
        ("percentage(count(*), WHERE error IS true)", {"percentage": pytest.approx(200 / 11)}),
        ("filter(count(*), WHERE app = 'pay') AS n", {"n": 1}),
        ("filter(max(duration), WHERE app = 'none')", {"max.duration": None}),
        ("sum(cpu) / sum(cpu) AS one", {"one": 1.0}),
        ("average(cpu / cap * 100) AS pct", {"pct": pytest.approx(30.0)}),
        ("max(cpu + cap - (1 * 2)) AS v", {"v": 4.0}),
        ("(count(*) + 1) / 2 AS half", {"half": 6.0}),
        ("count(*) / 0 AS nothing", {"nothing": None}),
        ("rate(count(*), 1 minute) AS rpm", {"rpm": pytest.approx(11 / 9)}),
        ("latest(`app`)", {"latest.app": "pay"}),
    ],
)
def test_a_selection(select: str, row: dict[str, Any]) -> None:
    assert run(f"SELECT {select} FROM T") == [row]


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("app = 'web'", 10),
        ("app != 'web'", 1),
        ("app LIKE 'w%' AND error IS TRUE", 2),
        ("app NOT LIKE 'w%'", 1),
        ("app IN ('web', 'pay') AND duration > 0.2", 3),
        ("app not in ('web')", 1),
        ("error IS NOT true", 9),
        ("error is false", 9),
        ("note IS NULL", 10),
        ("note is not null", 1),
        ("note = 'it\\'s'", 1),
        ('app = "pay"', 1),
        ("NOT (app = 'web' OR duration >= 0.4)", 1),
        ("app = 'pay' or app = 'web' and error = true", 3),
        ("cpu / cap < 0.3", 8),
        ("duration <= 0.1", 8),
        ("nothing = 'x'", 0),
    ],
)
def test_a_condition(where: str, count: int) -> None:
    assert run(f"SELECT count(*) FROM T WHERE {where}") == [{"count": count}]
    test = condition(where)
    assert sum(row.get("_weight", 1) for row in ROWS if test(row)) == count


def test_clauses_may_come_in_any_order() -> None:
    query = parse("FROM A, B WHERE x = 1 SELECT count(*) SINCE 2 hours ago UNTIL 30 minutes AGO LIMIT MAX FACET x")
    assert (query.sources, query.since, query.until, query.limit) == (["A", "B"], 7200, 1800, 5000)
    assert (parse("SELECT count(*) FROM A").since, parse("SELECT count(*) FROM A UNTIL now()").until) == (3600, 0)


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", "unexpected 'the end of the query'"),
        ("SELEC count(*)", "Error at line 1 position 1, unexpected 'SELEC'"),
        ("SELECT count(*)", "unexpected 'the end of the query'"),
        ("SELECT FROM T", "position 8, unexpected 'FROM'"),
        ("SELECT count( FROM T", "unexpected 'FROM'"),
        ("SELECT shiver(x) FROM T", "unknown function 'shiver'"),
        ("SELECT average(duration) FROM T WHERE app = web", "unexpected 'web'"),
        ("SELECT average(duration) FROM T WHERE app is odd", "unexpected 'odd'"),
        ("SELECT average(duration) FROM T SINCE yesterday", "unexpected 'yesterday'"),
        ("SELECT average(duration) FROM T SINCE 3 moons ago", "unexpected 'moons'"),
        ("SELECT average(duration) FROM T\nLIMIT many", "line 2 position 7, unexpected 'many'"),
        ("SELECT count(*) FROM T WHERE a = 'x", "unexpected '''"),
        ("SELECT count(*) + app FROM T", "unexpected 'FROM'"),
        ("SELECT (app) FROM T", "unexpected 'FROM'"),
        ("SELECT filter(app, WHERE app = 'x') FROM T", "unexpected 'FROM'"),
        ("SELECT rate(app, 1 minute) FROM T", "unexpected 'FROM'"),
    ],
)
def test_what_is_no_query_is_refused_with_its_place(query: str, wrong: str) -> None:
    with pytest.raises(BadQuery) as caught:
        parse(query)
    assert wrong in str(caught.value)


def test_a_condition_must_be_all_there_is() -> None:
    with pytest.raises(BadQuery, match="unexpected 'FACET'"):
        condition("name = 'x' FACET name")
