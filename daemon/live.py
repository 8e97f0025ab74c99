"""A request's way on a terminal: steps appear as they happen, with what is being waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.spinner import Spinner
from rich.text import Text

from daemon.commands.common import in_a_line
from daemon.showing import Lines, outcome_lines, step_line

STYLES = {"done": "green", "failed": "red", "denied": "red", "asking": "yellow", "running": "cyan"}


class Live(Lines):
    """Redraws the running request in place."""

    def __init__(self) -> None:
        super().__init__()
        self._console = Console(highlight=False)
        self._live = self._drawing()

    def _drawing(self) -> RichLive:
        return RichLive(console=self._console, refresh_per_second=12, transient=False)

    def __enter__(self) -> Live:
        """Take the screen."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def heard(self, heard: dict[str, Any]) -> None:
        """What a recording said."""
        self._console.print(Text(f"heard: {in_a_line(heard['transcript'])}", style="bold"))

    def run(self, run: dict[str, Any]) -> None:
        """Draw the run as it is now."""
        lines: list[Any] = [Text(f"{run['run']}  {run['intent']}", style="bold")]
        lines += [Text(in_a_line(step_line(step)), style=STYLES.get(step["status"], "")) for step in run["steps"]]
        if at := run["waits_for"] or run["doing"]:
            lines.append(Spinner("dots", Text(in_a_line(f" waits for {at}" if run["waits_for"] else f" watches {at}"))))
        self._live.update(Group(*lines), refresh=True)

    def outcome(self, run: dict[str, Any], wait: bool) -> None:
        """What is said at the end, below the steps."""
        self._live.stop()
        for line in outcome_lines(run):
            self._console.print(Text(line, style="bold" if line == run["said"] else ""))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Give the screen to a question."""
        self._live.stop()
        try:
            yield
        finally:
            self._live = self._drawing()  # the old one would draw over what was said meanwhile
            self._live.start()
