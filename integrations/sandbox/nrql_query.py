"""What a parsed NRQL query gives when it is run over rows.

A row's `_weight` says for how many events it stands. Results are named as in NerdGraph: `average.duration`, `count`, or
as `AS` says; with facets each row has `facet`, in a time series `beginTimeSeconds` and `endTimeSeconds`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.nrql_functions import Row, weight

Test = Callable[[Row], bool]
Aggregate = Callable[[Sequence[Row]], Any]


@dataclass
class Query:
    """One parsed query."""

    sources: list[str] = field(default_factory=list)
    """The event types it reads."""
    items: list[tuple[str, Aggregate | None]] = field(default_factory=list)
    """What is selected, by its name in the result; None for an attribute, "*" for all of them."""
    where: Test = lambda row: True
    facets: list[str] = field(default_factory=list)
    since: float = 3600.0
    """How many seconds back it looks."""
    until: float = 0.0
    limit: int = 10
    buckets: float | None = None
    """Seconds a bucket of a time series is long."""

    def run(self, rows: Sequence[Row], now: datetime) -> list[dict[str, Any]]:
        """The results over rows, each of which has a `timestamp` in milliseconds."""
        kept = [row for row in rows if self.where(row)]
        if any(aggregate is None for _, aggregate in self.items):
            newest = sorted(kept, key=lambda row: -row["timestamp"])[: max(self.limit, 100)]
            return [self._event(row) for row in newest]
        if self.facets:
            return self._by_facet(kept)
        if self.buckets is not None:
            return self._by_time(kept, now)
        return [self._aggregated(kept)]

    def _aggregated(self, rows: Sequence[Row]) -> dict[str, Any]:
        return {name: aggregate(rows) for name, aggregate in self.items if aggregate is not None}

    def _event(self, row: Row) -> dict[str, Any]:
        if any(name == "*" for name, _ in self.items):
            return {name: value for name, value in row.items() if not name.startswith("_")}
        return {"timestamp": row["timestamp"], **{name: row.get(name) for name, _ in self.items}}

    def _by_facet(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple(row.get(each) for each in self.facets), []).append(row)
        order = sorted(groups, key=lambda key: (-weight(groups[key]), str(key)))[: self.limit]
        return [
            {
                **dict(zip(self.facets, key, strict=True)),
                "facet": key[0] if len(key) == 1 else list(key),
                **self._aggregated(groups[key]),
            }
            for key in order
        ]

    def _by_time(self, rows: Sequence[Row], now: datetime) -> list[dict[str, Any]]:
        assert self.buckets is not None
        begin, end = now - timedelta(seconds=self.since), now - timedelta(seconds=self.until)
        results = []
        while begin < end:
            stop = min(begin + timedelta(seconds=self.buckets), end)
            first, last = begin.timestamp() * 1000, stop.timestamp() * 1000
            inside = [row for row in rows if first <= row["timestamp"] < last]
            times = {"beginTimeSeconds": int(first / 1000), "endTimeSeconds": int(last / 1000)}
            results.append({**times, **self._aggregated(inside)})
            begin = stop
        return results
