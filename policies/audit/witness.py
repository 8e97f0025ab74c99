"""Witnesses: places outside DEVOS_HOME that remember how long the log was, so that one that was set back is noticed.

Whoever can write to DEVOS_HOME can set the log and the checkpoint beside it back together. What was shipped to another
disk, or to a repository that refuses forced pushes, they cannot take back.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Protocol

from policies.audit.checkpoint import BadCheckpoint, Checkpoint, Verifier, write_through
from policies.audit.head import RolledBack
from policies.audit.merkle import CompactRange
from policies.audit.schema import open_for_reading

LONGEST = 10_000
"""Bytes of a note that are read: a checkpoint has some three hundred, more where others signed it too."""


class Unreachable(Exception):
    """A witness cannot be asked or told anything at the moment; the message says why."""


class BadWitness(Exception):
    """What a witness holds is no checkpoint of this log; the message says what to do."""


class Place(Protocol):
    """Where one signed note is kept; to reach it may take long."""

    @property
    def name(self) -> str:
        """How a person calls it: its path or address."""

    def read(self) -> str | None:
        """The note that was kept last; None where there never was one.

        Raises:
            Unreachable: it cannot be asked.
        """

    def keep(self, note: str, title: str) -> None:
        """Put a note in the place of the last one.

        Args:
            note: a signed checkpoint.
            title: what it says, in a few words.

        Raises:
            Unreachable: it was not replaced, or that is not certain.
        """


class FilePlace:
    """A file, best on another disk or another machine's; it is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser()

    @property
    def name(self) -> str:
        """The path."""
        return str(self._path)

    def read(self) -> str | None:
        """The file's content."""
        try:
            with self._path.open("rb") as file:
                return file.read(LONGEST).decode("utf-8", "replace")
        except FileNotFoundError:
            if self._path.parent.is_dir():
                return None
            raise Unreachable(f"{self._path.parent} is not there") from None
        except OSError as error:
            raise Unreachable(str(error)) from error

    def keep(self, note: str, title: str) -> None:
        """Replace the file, and wait until that is on its disk."""
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            try:
                write_through(draft, note.encode(), 0o644)
                draft.replace(self._path)
            finally:
                draft.unlink(missing_ok=True)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise Unreachable(str(error)) from error


class Witness:
    """What one place remembers of one log."""

    def __init__(self, place: Place, verifier: Verifier) -> None:
        self._place, self._verifier, self._busy = place, verifier, Lock()
        self._known: str | None = None  # the note that was compared with the log already, or came from it

    @property
    def name(self) -> str:
        """How a person calls it."""
        return self._place.name

    def last(self) -> Checkpoint | None:
        """What it saw last of the log; None where it never saw anything.

        Raises:
            Unreachable: it cannot be asked.
            BadWitness: it holds something else.
        """
        note = self._place.read()
        try:
            return None if note is None else self._verifier.open(note)
        except BadCheckpoint as problem:
            raise BadWitness(
                f"The witness {self.name} holds no checkpoint of the log {self._verifier.name}: {problem}. Where it"
                " belongs to a log that was moved aside, give this log a witness of its own; where nobody knows why,"
                " somebody altered it."
            ) from None

    def compare(self, log: Path) -> Checkpoint | None:
        """Check that the log still begins with what the witness saw; what that was.

        Raises:
            RolledBack: it does not: the log was cut, set back or rewritten.
            Unreachable, BadWitness: there is nothing to compare with.
            NewerFile, sqlite3.Error: the log cannot be read.
        """
        with self._alone():
            return self._compare(log)

    def ship(self, checkpoint: Checkpoint, log: Path) -> None:
        """Let the witness see a later head of the log, unless it saw one at least as late.

        What it saw is never replaced before it was found to agree with the log.

        Raises:
            RolledBack: the log is not the one that the witness saw.
            Unreachable, BadWitness: it did not see it.
            NewerFile, sqlite3.Error: the log cannot be read.
        """
        with self._alone():
            seen = self._compare(log)
            if seen is None or seen.size < checkpoint.size:
                count = "1 entry" if checkpoint.size == 1 else f"{checkpoint.size} entries"
                self._place.keep(checkpoint.note, f"{checkpoint.origin}: {count}")
                self._known = checkpoint.note

    def _compare(self, log: Path) -> Checkpoint | None:
        seen = self.last()
        if seen is not None and seen.note != self._known:
            compare(log, seen, self.name)
            self._known = seen.note
        return seen

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Refuse a second use while the first, which nobody waits for any more, still hangs."""
        if not self._busy.acquire(blocking=False):
            raise Unreachable("it still has not answered the last time it was asked")
        try:
            yield
        finally:
            self._busy.release()


def compare(log: Path, seen: Checkpoint, witness: str) -> None:
    """Check that a log begins with the tree of a checkpoint, by its leaf hashes.

    Args:
        log: the log; whether its leaf hashes are those of its events is `verify`'s work.
        seen: a checkpoint that is known to be of this log's key.
        witness: who saw it.

    Raises:
        RolledBack: it does not.
        NewerFile, sqlite3.Error: the log cannot be read.
    """
    tree = CompactRange()
    with closing(open_for_reading(log)) as connection:
        select = "SELECT CAST(hash AS BLOB) FROM leaves WHERE seq <= ? ORDER BY seq"
        for (leaf,) in connection.execute(select, (seen.size,)):
            tree.append(leaf)
    restore = (
        f"Put {log.name} and {log.with_suffix('.checkpoint').name} back together from a newer copy."
        f" If there is none, move {log.parent} aside and begin a new log, with a new witness."
    )
    if tree.size < seen.size:
        first = tree.size + 1
        lost = f"entry {first} is" if first == seen.size else f"entries {first} to {seen.size} are"
        raise RolledBack(
            f"The audit log {log} was set back: it has {tree.size} entries, but the witness {witness} saw {seen.size}."
            f" {lost.capitalize()} lost. {restore}"
        )
    if tree.root() != seen.root:
        raise RolledBack(
            f"The audit log {log} was rewritten: its first {seen.size} entries are not those that the witness"
            f" {witness} saw. {restore}"
        )
