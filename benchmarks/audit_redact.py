"""How long an entry's redaction takes: every append passes it twice, with its data and its payload."""

import statistics
import time

from _machine import line, percentile, rounds

from policies.audit.redact import redact

DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ENTRIES = {
    "intended": (
        {"effect": "change", "target": "production/web-app", "environment": "production", "level": "confirm"}
        | {"rule": "changes-in-production", "where": "careful.cedar:21", "ruleset": DIGEST, "digest": DIGEST}
        | {"approved_by": "ana", "via": "terminal", "key": "0b5f2c9e-7a53-4c8d-9d3a-0a6b7d1e2f3a", "plan": False},
        {"args": {"deployment": "web-app", "namespace": "production", "replicas": 10}},
    ),
    "done": (
        {"how": "performed", "digest": DIGEST, "plan": False},
        {"result": {"name": "web-app", "replicas": 10, "image": "registry.example.com/shop/web-app:1.4.2", "ready": 3}},
    ),
    "asked": (
        {"approval": "k7q2mx", "subject": "plan", "digest": DIGEST, "level": "confirm", "expires": "2026-03-01T21:00Z"},
        {
            "plan": [
                {"summary": "Scale web-app in production from 4 to 10 replicas", "undo": "back to 4", "rule": "r"}
            ],
            "because": "It is a change in production, so you confirm it.",
        },
    ),
}

turns = rounds(5000)
for name, (data, payload) in ENTRIES.items():
    took = []
    for _ in range(turns):
        started = time.perf_counter()
        redact(data)
        redact(payload)
        took.append((time.perf_counter() - started) * 1e6)
    line(f"audit redaction, {name}", statistics.median(took), "µs", aim=30, p95=round(percentile(took, 95), 1), n=turns)
