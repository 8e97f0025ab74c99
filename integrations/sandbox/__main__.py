"""`python -m integrations.sandbox --home DIR`: serve the simulated systems until told to stop."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from integrations.sandbox.claim import AlreadyServed
from integrations.sandbox.process import log_file


def main() -> int:
    """Serve; 0 when told to stop, 1 when another process serves the folder already."""
    parser = argparse.ArgumentParser(prog="python -m integrations.sandbox", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the folder that holds its state")
    parser.add_argument("--detach", action="store_true", help="go on in the background, in a session of its own")
    options = parser.parse_args()
    home: Path = options.home.absolute()
    if options.detach and _left_behind(home):
        return 0

    from integrations.sandbox.server import serve  # half a second, which a caller of --detach need not wait for

    try:
        serve(home)
    except AlreadyServed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _left_behind(home: Path) -> bool:
    """Go on as a process that belongs to nobody and writes to its log; True in the one that shall return."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.fork() > 0:
        return True
    os.setsid()
    log = os.open(log_file(home), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    return False


if __name__ == "__main__":
    sys.exit(main())
