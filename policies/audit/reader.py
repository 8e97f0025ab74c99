"""Reading the log, from the process that writes it or from any other."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from policies.audit.event import Stored, stored
from policies.audit.schema import open_for_reading


class Reader:
    """The entries of a log, read-only; usable from any thread."""

    def __init__(self, path: Path) -> None:
        self._connection = open_for_reading(path)
        self._lock = Lock()

    def entries(
        self,
        *,
        run: str | None = None,
        step: int | None = None,
        type: str | None = None,  # noqa: A002 - CloudEvents' own word
        after: int = 0,
        before: int | None = None,
        limit: int | None = None,
        newest: bool = False,
    ) -> list[Stored]:
        """The entries that have all of the given properties, in the log's order.

        Args:
            run: the run they belong to.
            step: the step within the run.
            type: what happened, for example "devos.action.done".
            after: only entries with a larger seq.
            before: only entries with a smaller seq.
            limit: at most so many.
            newest: begin at the end, newest first.

        Raises:
            Unreadable: one of them was altered so that it is no entry any more.
            sqlite3.Error: the file is damaged.
        """
        wanted = {"run": run, "step": step, "type": type}
        conditions = [
            "seq > :after",
            *(["seq < :before"] if before is not None else []),
            *(f"entries.{name} = :{name}" for name, value in wanted.items() if value is not None),
        ]
        statement = (
            "SELECT seq, event, body FROM entries LEFT JOIN payloads ON digest = entries.payload"
            f" WHERE {' AND '.join(conditions)} ORDER BY seq {'DESC' if newest else 'ASC'} LIMIT :limit"
        )
        values = {**wanted, "after": after, "before": before, "limit": -1 if limit is None else limit}
        with self._lock:
            rows = self._connection.execute(statement, values).fetchall()
        return [stored(*row) for row in rows]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
