"""What a DevOS that was started at a terminal says there about its senses, and where no desktop shows notices."""

from __future__ import annotations

import logging
import sys
from functools import cache
from typing import TextIO

from policies.visible import visible

SENSES = ("devos.hearing", "devos.hotkeys", "devos.senses", "devos.speaking")
"""Whose warnings are for the person; the others are in the log, and said where they matter."""


class Terminal(logging.Handler):
    """Shows the senses' warnings to who sits there, one line for each and none again, and notices."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(logging.WARNING)
        self._stream = stream
        self._warned: set[str] = set()
        self._last = ""
        """What was warned of and not noticed yet."""

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record, without whatever else it holds: the log has that."""
        try:
            text = visible(record.getMessage(), lines=False)
            if record.name in SENSES and text not in self._warned:
                self._warned.add(text)
                self._last = text
                self._print(text[:1].upper() + text[1:])
        except Exception:
            self.handleError(record)

    def notice(self, text: str) -> None:
        """Show a notice, from any thread, unless it is what the last warning said."""
        text, last, self._last = visible(text, lines=False), self._last, ""
        if text not in last:
            self._print(f"DevOS: {text}")

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


@cache
def own_terminal() -> Terminal | None:
    """The terminal that this process was started at; None where nobody sits."""
    return Terminal(sys.stderr) if sys.stderr.isatty() else None
