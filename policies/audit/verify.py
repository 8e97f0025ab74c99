"""Whether a log is still what was written: reads all of it, changes nothing, and names the first entry that is not.

A quick pass says whether everything holds (`sweep`). Only where it does not, a slow one finds out what (`thorough`).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from policies.audit.checkpoint import BadCheckpoint, Checkpoint, Verifier
from policies.audit.head import Head
from policies.audit.merkle import CompactRange
from policies.audit.schema import open_for_reading
from policies.audit.sweep import Doubt, sweep
from policies.audit.thorough import Report, thorough

__all__ = ["Report", "verify"]


def verify(path: Path, public_key: str, *, alone: bool = False) -> Report:
    """Check every entry, payload, checkpoint and interior hash of a log, whether or not a daemon is writing to it.

    Args:
        path: the log; it is opened read-only, and its folder may be read-only too.
        public_key: the text of `audit.pub`.
        alone: the log is a copy, taken without the checkpoint that belongs beside it. What was cut off its end together
            with the checkpoints within it then goes unnoticed.

    Raises:
        WrongKey: `public_key` is no verifier key.
        NewerFile: the file was written by a later DevOS.
    """
    verifier = Verifier.parse(public_key)
    # Before the log: a daemon that is writing moves the two forward in the other order.
    witness: Checkpoint | BadCheckpoint | None
    try:
        try:
            witness = Head(path).read(verifier)
        except BadCheckpoint as error:
            witness = error
        connection = open_for_reading(path)
    except (OSError, sqlite3.Error) as error:
        return Report(0, CompactRange().root().hex(), 0, 0, problem=f"{path} cannot be read: {error}.")
    with closing(connection):
        connection.text_factory = bytes
        try:
            connection.execute("BEGIN")
            if isinstance(witness, BadCheckpoint) or (witness is None and not alone):
                raise Doubt
            swept = sweep(connection, path, verifier, witness)
        except (Doubt, sqlite3.Error):
            return thorough(connection, verifier, witness, alone=alone)
    return Report(swept.size, swept.root.hex(), swept.size, swept.erased)
