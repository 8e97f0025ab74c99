"""How many entries a second the audit log takes: one after the other, and with 64 writers side by side.

Every entry has a payload and is on disk before the next of its writer begins.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from _machine import line, rounds

from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log

WRITERS = 64

AIM = 5000
"""Entries a second with that many writers."""


def entry(n: int) -> Entry:
    """An entry like those of a scaled deployment."""
    arguments = {"deployment": "web-app", "namespace": "production", "replicas": n}
    data = {"effect": "change", "person": "ana", "channel": "voice", "args": arguments, "rule": "careful.cedar:21"}
    return Entry("devos.action.done", f"run-{n // 10}", n % 10, "kubernetes.scale", data, {"result": arguments})


async def append(log: Log, writers: int, each: int) -> float:
    """Entries a second when so many writers append so many entries each."""

    async def write() -> None:
        for n in range(each):
            await log.append(entry(n))

    started = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(writers)))
    return writers * each / (time.perf_counter() - started)


entries = rounds(1000)
for name, writers, each, aim in (
    ("audit append, single", 1, entries, None),
    ("audit append, 64 at once", WRITERS, max(1, entries * 10 // WRITERS), AIM),
):
    with tempfile.TemporaryDirectory() as folder:
        log = Log(Path(folder) / "audit.db", Signer.load_or_create(Path(folder) / "keys"))
        rate = asyncio.run(append(log, writers, each))
        log.close()
    line(name, round(rate), "entries/s", aim=aim, n=writers * each)
