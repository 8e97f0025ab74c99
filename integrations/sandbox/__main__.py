"""`python -m integrations.sandbox --home DIR`: serve the simulated systems until told to stop."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from integrations.sandbox.claim import AlreadyServed
from integrations.sandbox.process import log_file


def main() -> int:
    """Serve; 0 when told to stop, 1 when another process serves the folder already.

    With --detach: 0 as soon as the one in the background listens, 1 when it never will.
    """
    parser = argparse.ArgumentParser(prog="python -m integrations.sandbox", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the folder that holds its state")
    parser.add_argument("--detach", action="store_true", help="go on in the background, in a session of its own")
    options = parser.parse_args()
    home: Path = options.home.absolute()
    return _in_background(home) if options.detach else _serve(home, lambda: None)


def _serve(home: Path, listening: Callable[[], None]) -> int:
    from integrations.sandbox.server import serve  # half a second, which a wrong option need not wait for

    try:
        serve(home, listening)
    except AlreadyServed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _in_background(home: Path) -> int:
    """Serve in a process that belongs to nobody and writes to its log; return when it listens or has ended."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    heard, told = os.pipe()
    if os.fork() > 0:
        os.close(told)
        with os.fdopen(heard, "rb") as pipe:
            return 0 if pipe.read() == b"listening" else 1
    os.close(heard)
    os.setsid()
    log = os.open(log_file(home), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)

    def listening() -> None:
        os.write(told, b"listening")
        os.close(told)

    return _serve(home, listening)


if __name__ == "__main__":
    sys.exit(main())
