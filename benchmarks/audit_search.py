"""How long the first page of a search takes in a long log, and how fast the index is made.

The log is written without signatures, because searching needs none. The first argument is its length.
"""

import random
import statistics
import tempfile
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from _machine import line, percentile, rounds

from policies.audit.event import Entry, canonical, envelope
from policies.audit.index import Index
from policies.audit.merkle import leaf_hash
from policies.audit.schema import open_for_writing

START, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 365
PEOPLE = [f"person{n}" for n in range(40)]
SERVICES = ["web-app", "checkout", "payment-service", "user-auth-service", "notification-service"]
ACTIONS = ["kubernetes.scale", "jira.issue", "servicenow.create_change", "newrelic.query", "cdk.deploy"]
SEARCHES: dict[str, dict[str, Any]] = {
    "newest": {},
    "a word of every fifth entry": {"text": "checkout"},
    "three words": {"text": "checkout replicas 17"},
    "a beginning": {"text": "CHG00005*"},
    "a beginning of every entry's words": {"text": "prod*"},
    "a word that is rare": {"text": "CHG0000500"},
    "nothing": {"text": "nowhere"},
    "a person": {"person": "person7"},
    "a person, a system and a rule": {"person": "person7", "system": "jira", "rule": "rule3"},
    "a day": {"day": date(2026, 6, 1)},
    "a word on a day": {"text": "checkout", "day": date(2026, 6, 1)},
    "the last page": {"text": "checkout", "before": 600},
}


def write(path: Path, entries: int) -> None:
    """A log of runs with ten entries each, spread over a year."""
    dice = random.Random(1)
    with closing(open_for_writing(path)) as log:
        log.execute("BEGIN")
        for seq in range(1, entries + 1):
            n = seq // 10
            service, action, rule = SERVICES[n % 5], dice.choice(ACTIONS), f"rule{dice.randrange(12)}"
            data: dict[str, Any] = {"person": PEOPLE[n % 40], "effect": "change", "rule": rule, "level": "confirm"}
            data |= {"target": f"production/{service}", "digest": dice.randbytes(32).hex(), "via": "terminal"}
            args = {"deployment": service, "replicas": dice.randrange(30), "ticket": f"CHG{n:07}"}
            body, digest = canonical({"said": f"scale to replicas {n % 30}", "args": args}), dice.randbytes(32).hex()
            when = START + timedelta(days=DAYS * seq / entries)
            entry = Entry("devos.action.done", f"run-{n}", seq % 10, action, data)
            event = envelope(entry, seq, f"id-{seq}", when, "devos/audit/benchmark", digest)
            log.execute("INSERT INTO payloads VALUES (?, ?, ?)", (digest, b"", body))
            log.execute("INSERT INTO entries (seq, event) VALUES (?, ?)", (seq, event))
            log.execute("INSERT INTO leaves VALUES (?, ?)", (seq, leaf_hash(event.encode())))
        log.execute("COMMIT")


entries = rounds(1_000_000)
with tempfile.TemporaryDirectory() as folder:
    log, place = Path(folder) / "audit.db", Path(folder) / "audit-index.db"
    write(log, entries)
    with closing(Index(log, place)) as index:
        started = time.perf_counter()
        index.refresh()
        line("audit index, made anew", round(entries / (time.perf_counter() - started)), "entries/s", n=entries)
        line("audit index, size of the file", place.stat().st_size / entries, "bytes/entry", n=entries)
        for name, search in SEARCHES.items():
            took = []
            for _ in range(9):
                started = time.perf_counter()
                found = index.find(**search)
                took.append((time.perf_counter() - started) * 1000)
            median = statistics.median(took)
            line(f"audit search: {name}", median, "ms", aim=50, p95=round(percentile(took, 95), 2), found=len(found))
        for name, read in (("days", index.days), ("facets", index.facets)):
            started = time.perf_counter()
            read()
            line(f"audit index, {name}", (time.perf_counter() - started) * 1000, "ms", aim=50, n=entries)
