"""Terminal windows in which real programs run, and a person who reads and types."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for office.py

from office import company, office, offices  # noqa: F401 - only found now; fixtures for the tests beside this file

WINDOW = Path(__file__).with_name("window.py")
SECONDS = 60


class Window:
    """A terminal window, and what runs in it."""

    def __init__(self, *command: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, WINDOW, "--apart", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | environment,
        )
        self.seen = ""
        """Everything that was shown since what was read last."""

    def reads(self, text: str) -> str:
        """Wait until `text` is shown, and return what was shown before it."""
        assert self._process.stdout is not None
        shown = self._process.stdout.fileno()
        while text not in self.seen:
            assert select.select([shown], [], [], SECONDS)[0], f"{text!r} is never shown after {self.seen!r}"
            more = os.read(shown, 65_536)
            assert more, f"{text!r} was never shown, but {self.seen!r}"
            self.seen += more.decode(errors="replace")
        before, _, self.seen = self.seen.partition(text)
        return before

    def types(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def line(self) -> str:
        """The next line that is shown."""
        return self.reads("\n").strip()

    def ended(self) -> int:
        """The exit code of what ran in it."""
        self.reads("<ended ")
        return int(self.reads(">"))

    def close(self) -> None:
        for end in (self._process.stdin, self._process.stdout):
            assert end is not None
            with contextlib.suppress(BrokenPipeError):
                end.close()
        self._process.wait(timeout=SECONDS)


@pytest.fixture
def window() -> Iterator[Callable[..., Window]]:
    """Opens a window in which a command runs."""
    with contextlib.ExitStack() as stack:

        def opened(*command: str, **environment: str) -> Window:
            return stack.enter_context(contextlib.closing(Window(*command, **environment)))

        yield opened
