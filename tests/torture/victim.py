"""Daemons that kill themselves with SIGKILL at their N-th durable write, forked from one process that imported all.

Reads lines "HOME POINT before|after|never|off", forks a daemon for each, and answers with its process id. Writes are
counted from the moment that the file `armed` appears in HOME; with `never` they are only counted, into the file
`writes`. Every audit entry whose writing was acknowledged is noted in the file `acknowledged`, outside any database.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any


class Counted(sqlite3.Connection):
    """A connection whose commits are the durable writes."""

    home = Path("/")
    point = 0
    mode = "off"
    written = 0

    def commit(self) -> None:
        kind = Counted
        if kind.mode == "off" or not self.in_transaction or not (kind.home / "armed").exists():
            super().commit()
            return
        kind.written += 1
        now = kind.written == kind.point
        if now and kind.mode == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().commit()
        if now and kind.mode == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind.mode == "never":
            (kind.home / "writes").write_text(str(kind.written))


plain = sqlite3.connect


def counted(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    return plain(*args, **{"factory": Counted, **kwargs})


def note_acknowledged(home: Path) -> None:
    from policies.audit.log import Log

    append = Log.append
    file = os.open(home / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def noted(self: Log, entry: Any) -> int:
        seq = await append(self, entry)
        os.write(file, f"{seq} {entry.type}\n".encode())
        return seq

    Log.append = noted


def become(home: Path, point: int, mode: str) -> int:
    """Be the daemon of that home; its output goes to the pipe `stdout` there."""
    from daemon import process

    os.environ["DEVOS_HOME"] = str(home)
    Counted.home, Counted.point, Counted.mode = home, point, mode
    os.dup2(os.open(home / "stdout", os.O_WRONLY), 1)
    os.dup2(os.open(home / "stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    note_acknowledged(home)
    return process.serve(home, sandbox=True)


def main() -> None:
    import jira  # noqa: F401
    import kubernetes.client  # noqa: F401  # the slowest of all; a daemon imports it when it first reads
    import pysnow  # noqa: F401

    from daemon import process  # noqa: F401

    sqlite3.connect = sqlite3.dbapi2.connect = counted
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("forks", flush=True)
    for line in sys.stdin:
        home, point, mode = line.split()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = become(Path(home), int(point), mode)
            sys.stdout.flush()
            os._exit(code)
        print(child, flush=True)


if __name__ == "__main__":
    main()
