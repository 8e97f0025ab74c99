"""The newest checkpoint in a file of its own, so that a log that was set back is noticed.

SQLite takes a write-ahead log that was cut short for the whole truth: entries that were acknowledged are gone without
any inconsistency. What was last signed is therefore kept beside the log as well, and compared when it is opened.
"""

from __future__ import annotations

from pathlib import Path

from policies.audit.checkpoint import BadCheckpoint, Checkpoint, Verifier, create_once, write_through


class RolledBack(Exception):
    """The log is not, or no longer, the one whose head was last signed: cut, set back, or exchanged."""


class Head:
    """`audit.checkpoint` beside `audit.db`.

    It is replaced in two halves, so that it never runs ahead of the log and a full disk is noticed before the commit:
    `prepare` writes the new content beside it and waits for the disk, `publish` puts it in place after the commit.
    A kill between commit and `publish` leaves an older, still true statement.
    """

    def __init__(self, log: Path) -> None:
        self.path = log.with_suffix(".checkpoint")
        self._next = log.with_suffix(".checkpoint.next")

    def read(self, verifier: Verifier) -> Checkpoint | None:
        """What was last signed; None where there is no such file.

        Raises:
            BadCheckpoint: it was altered, or another key signed it.
        """
        try:
            return verifier.open(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise BadCheckpoint("it is not text") from error

    def create(self, checkpoint: Checkpoint) -> None:
        """Write it for a log that never had one."""
        create_once(self.path, checkpoint.note.encode(), 0o600)

    def prepare(self, checkpoint: Checkpoint) -> None:
        """Bring the new content to disk without putting it in place."""
        write_through(self._next, checkpoint.note.encode(), 0o600)

    def publish(self) -> None:
        """Put what was prepared in place."""
        self._next.replace(self.path)
