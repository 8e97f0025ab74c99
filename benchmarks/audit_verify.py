"""How many entries a second of an audit log are verified: events, payloads, tree, checkpoints and interior hashes.

python benchmarks/audit_verify.py [ENTRIES]
"""

import tempfile
import time
from pathlib import Path

from _log import PAYLOADS, make
from _machine import line, rounds

from policies.audit.verify import verify

AIM = 150_000
"""Entries a second."""

entries = rounds(300_000)
with tempfile.TemporaryDirectory() as folder:
    path, signer = make(Path(folder), entries)
    times = []
    for _ in range(3):
        started = time.perf_counter()
        report = verify(path, str(signer.verifier))
        times.append(time.perf_counter() - started)
    megabytes = round(path.stat().st_size / 1e6)
if not report.ok:
    raise SystemExit(report.problem)
rates = sorted(round(entries / each) for each in times)
line(
    "audit verify", rates[1], "entries/s", aim=AIM, slowest=rates[0], n=entries, payloads=PAYLOADS, megabytes=megabytes
)
