"""A terminal window: a program that shows what runs on a terminal of its making, and was started by no other terminal.

What is typed comes on standard input, what is shown goes to standard output; the last line tells how it ended.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import sys


def show(command: list[str]) -> int:
    """Run a command on a new terminal, of which it is the session's leader; its exit code."""
    pid, screen = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    while True:
        ready, _, _ = select.select([screen, 0], [], [])
        if screen in ready:
            try:
                shown = os.read(screen, 65_536)
            except OSError:  # how Linux says that nobody is there any more
                break
            with contextlib.suppress(BrokenPipeError):
                os.write(1, shown)
        if 0 in ready:
            typed = os.read(0, 65_536)
            if not typed:  # the window is closed, which ends what runs in it
                break
            os.write(screen, typed)
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    if sys.argv[1] == "--apart":  # as a desktop starts it: nobody's child, at no terminal
        os.setsid()
        if os.fork():
            os._exit(0)
    code = show(sys.argv[2:] if sys.argv[1] == "--apart" else sys.argv[1:])
    with contextlib.suppress(BrokenPipeError):
        os.write(1, f"<ended {code}>\n".encode())
