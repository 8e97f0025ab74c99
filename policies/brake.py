"""The emergency brake: while it is on, nothing changes anything."""

from __future__ import annotations

from pathlib import Path

from policies.audit.log import Entry, Log


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

    async def set(self, on: bool, log: Log, *, by: str, via: str) -> None:
        """Stop or release, and record who did it. It stops even where that cannot be recorded; it is not released then.

        Raises:
            CannotRecord: it could not be recorded.
        """
        if on:
            self.freeze()
        await log.append(Entry(f"devos.brake.{'on' if on else 'off'}", None, None, None, {"by": by, "via": via}))
        if not on:
            self.thaw()
