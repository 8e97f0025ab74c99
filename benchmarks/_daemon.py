"""A daemon with its sandbox in a folder of its own, for benchmarks of the whole thing."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integrations.sandbox.process import ensure, stop

DEVOS = Path(sys.executable).with_name("devos")


def start(home: Path) -> subprocess.Popen[str]:
    """Start the daemon and return when it has said `ready`."""
    daemon = subprocess.Popen(
        [DEVOS, "run", "--sandbox"], env=os.environ | {"DEVOS_HOME": str(home)}, stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    if daemon.stdout.readline().strip() != "ready":
        raise RuntimeError("the daemon did not start")
    return daemon


def end(daemon: subprocess.Popen[str]) -> None:
    """End the daemon."""
    daemon.terminate()
    daemon.wait(timeout=30)


@contextmanager
def sandboxed() -> Iterator[Path]:
    """A DEVOS_HOME whose sandbox is already up; both are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        ensure(home / "sandbox")
        try:
            yield home
        finally:
            stop(home / "sandbox")
