"""One process per folder: whoever holds the lock serves it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integrations.sandbox.endpoints import Endpoints


class AlreadyServed(Exception):
    """Another process serves this folder."""

    def __init__(self, home: Path) -> None:
        running = Endpoints.read(home)
        super().__init__(f"a sandbox already serves {home}" + (f" (process {running.pid})" if running else ""))


@contextmanager
def claimed(home: Path) -> Iterator[None]:
    """Hold the folder for this process alone; the operating system lets go of it when the process ends in any way.

    Raises:
        AlreadyServed: somebody else holds it.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyServed(home) from None
        yield
    finally:
        os.close(descriptor)
