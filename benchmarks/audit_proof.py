"""How long one proof out of a long audit log takes, from opening the file to the proof that was checked, in ms.

Also how long it takes to open such a log for writing, and once again when its interior hashes are missing.

python benchmarks/audit_proof.py [ENTRIES]
"""

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from _log import SEED, make
from _machine import line, percentile, rounds

from policies.audit.log import Log
from policies.audit.prove import consistency, inclusion

AIM = 2.0
"""Milliseconds at a million entries."""

PROOFS = 1000


def milliseconds(work: Callable[[], Any]) -> float:
    """How long it takes once."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def report(name: str, times: list[float], **more: Any) -> None:
    line(name, percentile(times, 95), "ms p95", p50=round(percentile(times, 50), 4), n=len(times), **more)


entries = rounds(1_000_000)
dice = random.Random(SEED)
with tempfile.TemporaryDirectory() as folder:
    path, signer = make(Path(folder), entries)
    key = str(signer.verifier)
    places = [dice.randint(1, entries) for _ in range(PROOFS)]
    inclusion(path, 1, key)
    proofs = [milliseconds(lambda seq=seq: inclusion(path, seq, key)) for seq in places]
    report("audit inclusion proof", proofs, aim=AIM, entries=entries)
    proofs = [milliseconds(lambda size=size: consistency(path, size, key)) for size in places]
    report("audit consistency proof", proofs, aim=AIM, entries=entries)
    starts = [milliseconds(lambda: Log(path, signer).close()) for _ in range(10)]
    report("audit log opened", starts, entries=entries)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM nodes")
        connection.commit()
    report(
        "audit log opened, interior hashes filled in",
        [milliseconds(lambda: Log(path, signer).close())],
        entries=entries,
    )
