"""The emergency brake: while it is on, nothing changes anything."""

from __future__ import annotations

from pathlib import Path


class Brake:
    """A file in DEVOS_HOME; its presence stops every change at once, in every process, and across restarts."""

    def __init__(self, home: Path) -> None:
        self._file = home / "frozen"

    @property
    def on(self) -> bool:
        """Whether changes are stopped now."""
        return self._file.exists()

    def freeze(self) -> None:
        """Stop every change, running requests at their next action."""
        self._file.touch(mode=0o600)

    def thaw(self) -> None:
        """Let changes go on."""
        self._file.unlink(missing_ok=True)
