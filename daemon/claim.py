"""One daemon for one home, and the name by which its runs are found again."""

from __future__ import annotations

import fcntl
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another daemon serves this DEVOS_HOME."""


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Hold a lock file; the system lets go of it when the process is killed.

    Raises:
        AlreadyRunning: another process holds it.
        OSError: it is a link, behind which some other file would be written over.
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = file.read().strip() or "unknown"
            raise AlreadyRunning(f"DevOS already runs for {path.parent} (process {holder}).") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def executor_id(home: Path) -> str:
    """This home's own id among workers that share a database: made once, so that its pending runs are found again."""
    file = home / "executor"
    if file.exists() and (found := file.read_text(encoding="utf-8").strip()):
        return found
    made = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
    file.write_text(made, encoding="utf-8")
    return made


def holder(path: Path) -> int | None:
    """The process that holds a lock file, None where nobody does; nothing is changed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            text = file.read().strip()
            return int(text) if text.isdigit() else 0
    return None
