"""NRQL's aggregate functions and comparisons.

https://docs.newrelic.com/docs/nrql/nrql-syntax-clauses-functions/#functions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Value = Callable[[Row], Any]


def weight(rows: Sequence[Row]) -> int:
    """For how many events rows stand."""
    return round(sum(float(row.get("_weight", 1)) for row in rows))


def compared(found: Any, sign: str, wanted: Any) -> bool:
    """Whether a comparison holds; an attribute that is not there satisfies only `!=`."""
    if sign in ("=", "!=", "<>"):
        return (_same(found, wanted)) == (sign == "=")
    if sign in ("like", "rlike"):
        pattern = wanted if sign == "rlike" else ".*".join(re.escape(part) for part in str(wanted).split("%"))
        return found is not None and re.fullmatch(pattern, str(found), re.IGNORECASE | re.DOTALL) is not None
    if not isinstance(found, int | float) or not isinstance(wanted, int | float):
        return False
    orders = {"<": found < wanted, "<=": found <= wanted, ">": found > wanted, ">=": found >= wanted}
    return orders.get(sign, False)


def _same(found: Any, wanted: Any) -> bool:
    # Attributes arrive as text or as numbers, depending on the agent; NRQL takes '5' and 5 for the same.
    if isinstance(found, bool) or isinstance(wanted, bool):
        return str(found).lower() == str(wanted).lower()
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return found == wanted
    return found is not None and str(found) == str(wanted)


def _count(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    return weight([row for row in rows if value(row) is not None])


def _average(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    pairs = _weighted(rows, value)
    total = sum(share for _, share in pairs)
    return sum(number * share for number, share in pairs) / total if total else None


def _sum(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    return sum(number * share for number, share in _weighted(rows, value))


def _smallest(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    return min((number for number, _ in _weighted(rows, value)), default=None)


def _largest(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    return max((number for number, _ in _weighted(rows, value)), default=None)


def _unique_count(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    return len({value(row) for row in rows} - {None})


def _uniques(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    return sorted({str(value(row)) for row in rows if value(row) is not None})


def _latest(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    known = [row for row in rows if value(row) is not None]
    return value(max(known, key=lambda row: float(row["timestamp"]))) if known else None


def _earliest(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    known = [row for row in rows if value(row) is not None]
    return value(min(known, key=lambda row: float(row["timestamp"]))) if known else None


def _percentile(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    pairs = sorted(_weighted(rows, value))
    total, answers = sum(share for _, share in pairs), {}
    for wanted in extra or (95.0,):
        passed = 0.0
        for number, share in pairs:
            passed += share
            if passed >= total * wanted / 100:
                answers[f"{wanted:g}"] = number
                break
    return answers


def _median(rows: Sequence[Row], value: Value, extra: Sequence[float]) -> Any:
    return _percentile(rows, value, (50.0,))


AGGREGATES: Mapping[str, Callable[[Sequence[Row], Value, Sequence[float]], Any]] = {
    "count": _count,
    "average": _average,
    "sum": _sum,
    "min": _smallest,
    "max": _largest,
    "uniquecount": _unique_count,
    "uniques": _uniques,
    "latest": _latest,
    "earliest": _earliest,
    "percentile": _percentile,
    "median": _median,
}
"""The functions by name in small letters: rows, what is taken from each, and further arguments → value."""


def _weighted(rows: Sequence[Row], value: Value) -> list[tuple[float, float]]:
    pairs = [(value(row), row.get("_weight", 1)) for row in rows]
    return [(float(number), share) for number, share in pairs if isinstance(number, int | float)]
