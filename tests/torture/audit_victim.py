"""Processes that append to an audit log with eight writers until they are killed, forked from one that imported all.

Reads lines of JSON: {"home": …, "life": …, "ends": "before" | "after" | "moment", "at": …}. "before" and "after" kill
at the at-th durable step (a commit, a write, a wait for the disk, a rename), "moment" after so many seconds, wherever
the process is then. Answers each with the number of the signal that ended it, or 0 when it was not killed.

Every append that was acknowledged is noted in the file `acknowledged`, by one write, before anything else is done.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log

WRITERS = 8
EACH = 200
"""How many entries a writer appends if nobody stops it."""


class Steps:
    """The durable steps of this process, at one of which it ends."""

    def __init__(self, ends: str, at: int) -> None:
        self.ends, self.left = ends, at
        self.lock = threading.Lock()

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            with self.lock:
                self.left -= 1
                now = self.left == 0
            if now and self.ends == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return function(*arguments, **options)
            finally:
                if now:
                    os.kill(os.getpid(), signal.SIGKILL)

        return wrapped

    def install(self) -> None:
        connect, wrap = sqlite3.connect, self.wrap

        class Killed(sqlite3.Connection):
            commit = wrap(sqlite3.Connection.commit)
            executescript = wrap(sqlite3.Connection.executescript)

        def killed(*given: Any, **options: Any) -> sqlite3.Connection:
            return connect(*given, **{"factory": Killed, **options})

        sqlite3.connect = killed  # type: ignore[assignment]  # the same but for its overloads
        for name in ("open", "write", "fsync", "link"):
            setattr(os, name, wrap(getattr(os, name)))
        Path.replace = wrap(Path.replace)  # type: ignore[method-assign]  # in this process only


def live(home: Path, life: int, ends: str, at: float) -> None:
    """Append until the end."""
    note, told = os.write, os.open(home / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if ends == "moment":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, at)
    else:
        Steps(ends, int(at)).install()
    log = Log(home / "audit.db", Signer.load_or_create(home / "keys"))

    def write(writer: int) -> None:
        for n in range(EACH):
            what = {"life": life, "writer": writer, "n": n}
            seq = log.append_now(Entry("devos.action.done", f"run-{writer}", n, "jira.move", what, {"said": str(n)}))
            note(told, f"{json.dumps({'seq': seq, **what})}\n".encode())

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    log.close()


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            live(Path(asked["home"]), asked["life"], asked["ends"], asked["at"])
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), flush=True)


if __name__ == "__main__":
    main()
