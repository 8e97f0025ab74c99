"""How many entries a second of an audit log are verified: events, payloads, tree and checkpoints.

python benchmarks/audit_verify.py [ENTRIES]
"""

import asyncio
import tempfile
import time
from pathlib import Path

from _machine import line, rounds

from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log
from policies.audit.verify import verify


async def fill(log: Log, entries: int) -> None:
    """Write a log like that of many scaled deployments."""

    async def write(n: int) -> None:
        arguments = {"deployment": "web-app", "namespace": "production", "replicas": n}
        data = {"effect": "change", "person": "ana", "channel": "voice", "args": arguments, "rule": "careful.cedar:21"}
        run = f"run-{n // 10}"
        await log.append(Entry("devos.action.done", run, n % 10, "kubernetes.scale", data, {"result": arguments}))

    await asyncio.gather(*(write(n) for n in range(entries)))


entries = rounds(20_000)
with tempfile.TemporaryDirectory() as folder:
    path, signer = Path(folder) / "audit.db", Signer.load_or_create(Path(folder) / "keys")
    log = Log(path, signer)
    asyncio.run(fill(log, entries))
    log.close()
    started = time.perf_counter()
    report = verify(path, str(signer.verifier))
    rate = entries / (time.perf_counter() - started)
if not report.ok:
    raise SystemExit(report.problem)
line("audit verify", round(rate), "entries/s", n=entries)
