"""The daemon, killed by itself with SIGKILL at its N-th durable write: `python victim.py N before|after|never`.

Writes are counted from the moment that the file `armed` appears in DEVOS_HOME; with `never` they are only counted,
into the file `writes`.
Every audit entry whose writing was acknowledged is noted in `acknowledged`, outside any database.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

HOME = Path(os.environ["DEVOS_HOME"])
POINT, MODE = int(sys.argv[1]), sys.argv[2]


class Counted(sqlite3.Connection):
    """A connection whose commits are the durable writes."""

    written = 0

    def commit(self) -> None:
        if not self.in_transaction or not (HOME / "armed").exists():
            super().commit()
            return
        Counted.written += 1
        now = Counted.written == POINT
        if now and MODE == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().commit()
        if now and MODE == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        if MODE == "never":
            (HOME / "writes").write_text(str(Counted.written))


def counted(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    return plain(*args, **{"factory": Counted, **kwargs})


plain = sqlite3.connect
sqlite3.connect = sqlite3.dbapi2.connect = counted


def note_acknowledged() -> None:
    from policies.audit.log import Log

    append = Log.append
    file = os.open(HOME / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def noted(self: Log, entry: Any) -> int:
        seq = await append(self, entry)
        os.write(file, f"{seq} {entry.type}\n".encode())
        return seq

    Log.append = noted


if __name__ == "__main__":
    from daemon import process

    note_acknowledged()
    sys.exit(process.serve(HOME, sandbox=True))
