"""An audit log of any size for the benchmarks, like that of a busy desk, made in seconds instead of minutes.

The proportions are those of scaled deployments: per run of ten steps an "intended" and a "done" for each, then what
the run said; nine entries of ten have a payload (80 bytes of arguments before a step, 600 bytes of result after), and
of every 64 entries one checkpoint stays, which is the most that the log itself keeps.
"""

import hashlib
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from policies.action import Json
from policies.audit.checkpoint import Signer
from policies.audit.event import Entry, canonical, envelope
from policies.audit.head import Head
from policies.audit.log import BLOCK
from policies.audit.merkle import CompactRange, leaf_hash
from policies.audit.schema import open_for_writing
from policies.audit.tiles import completed

SEED = 20260301
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PAYLOADS = 0.92
"""The share of entries with a payload."""


def make(folder: Path, entries: int) -> tuple[Path, Signer]:
    """Write a log of so many entries and return its path and its key."""
    path, signer, dice = folder / "audit.db", Signer.load_or_create(folder / "keys"), random.Random(SEED)
    connection, tree = open_for_writing(path), CompactRange()
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for seq, entry in enumerate(_entries(entries, dice), 1):
        digest = None
        if entry.payload is not None:
            salt, body = dice.randbytes(32), canonical(entry.payload)
            digest = hashlib.sha256(salt + body.encode()).hexdigest()
            connection.execute("INSERT INTO payloads VALUES (?, ?, ?)", (digest, salt, body))
        name = str(uuid.UUID(bytes=dice.randbytes(16), version=4))
        event = envelope(entry, seq, name, START + timedelta(seconds=seq), signer.origin, digest)
        leaf = leaf_hash(event.encode())
        connection.execute("INSERT INTO entries (seq, event) VALUES (?, ?)", (seq, event))
        connection.execute("INSERT INTO leaves VALUES (?, ?)", (seq, leaf))
        connection.executemany("INSERT INTO nodes VALUES (?, ?, ?)", completed(tree.append(leaf), seq))
        if seq % BLOCK == 0 or seq == entries:
            head = signer.sign(seq, tree.root())
            connection.execute("INSERT INTO checkpoints VALUES (?, ?)", (seq, head.note))
    connection.commit()
    connection.close()
    Head(path).create(signer.sign(entries, tree.root()))
    return path, signer


def _entries(count: int, dice: random.Random) -> Iterator[Entry]:
    """The entries of one run after the other."""
    for n in range(count):
        run, step = f"260301-{n // 20:08x}", n % 20 // 2 + 1
        arguments: dict[str, Json] = {"deployment": "web-app", "namespace": "production", "replicas": n % 10 + 1}
        facts: dict[str, Json] = {
            "effect": "change",
            "person": "ana",
            "channel": "voice",
            "target": f"production/web-app-{n % 97}",
            "key": f"{n:032x}",
        }
        if n % 2:
            result: Json = {"deployment": "web-app", "ready": n % 10 + 1, "events": [f"Scaled up replica set {n}"] * 20}
            entry = Entry("devos.action.done", run, step, "kubernetes.scale", {**facts, "how": "performed"}, result)
        else:
            decision: Json = {
                "level": "confirm",
                "rule": "careful.cedar:21",
                "because": "a change in production",
                "n": n,
            }
            facts = {**facts, "args": arguments, "decision": decision, "approval": "K7QX", "rules": f"{n % 7:064x}"}
            entry = Entry("devos.action.intended", run, step, "kubernetes.scale", facts, {"args": arguments})
        if dice.random() >= PAYLOADS:
            entry = Entry("devos.run.finished", run, None, None, {"status": "done", "person": "ana", "n": n})
        yield entry
