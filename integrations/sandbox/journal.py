"""The journal: every request that reached a simulated system, on disk before its answer leaves."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from integrations.sandbox.faults import Dropped, drop
from integrations.sandbox.world import World

_SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, system TEXT NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, body TEXT, status INTEGER, idempotency_key TEXT
)
"""
_SECRET = ("client_secret", "refresh_token")
"""The fields of a form that are credentials."""
_COLUMNS = ("at", "system", "method", "path", "body", "status", "idempotency_key")


class Journal:
    """What the systems were asked, in the order they answered. Headers, and so credentials, are not kept."""

    def __init__(self, world: World) -> None:
        self.world = world
        with world.lock:
            world.database.execute(_SCHEMA)

    def record(
        self,
        system: str,
        method: str,
        path: str,
        body: Any = None,
        status: int | None = None,
        idempotency_key: str | None = None,
        at: str | None = None,
    ) -> int:
        """Write one entry; its number.

        Args:
            system: the system's name, for example "jira".
            method: the HTTP method, or EXEC for a program that was run.
            path: with the query, as it was asked for.
            body: JSON, or the text that was no JSON; None where there was none.
            status: the answer's status; None where no answer was made.
            idempotency_key: the key the client sent along.
            at: when it came, ISO 8601; None for now.
        """
        row = (at or self.world.now().isoformat(), system, method, path, json.dumps(body), status, idempotency_key)
        with self.world.transaction():
            cursor = self.world.database.execute(
                f"INSERT INTO journal ({', '.join(_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?)", row
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def finish(self, number: int, status: int) -> None:
        """Set how an entry that was written without a status ended."""
        with self.world.transaction():
            self.world.database.execute("UPDATE journal SET status = ? WHERE id = ?", (status, number))

    def entries(self, system: str | None = None) -> list[dict[str, Any]]:
        """All entries, oldest first; only those of one system where it is named."""
        query = f"SELECT {', '.join(_COLUMNS)} FROM journal"
        with self.world.lock:
            if system is None:
                rows = self.world.database.execute(f"{query} ORDER BY id").fetchall()
            else:
                rows = self.world.database.execute(f"{query} WHERE system = ? ORDER BY id", (system,)).fetchall()
        entries = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        return [{**entry, "body": json.loads(entry["body"])} for entry in entries]

    def clear(self) -> None:
        """Forget everything."""
        with self.world.transaction():
            self.world.database.execute("DELETE FROM journal")


class Journaled:
    """ASGI middleware around one system's app that records each request with the status of its answer."""

    def __init__(self, app: ASGIApp, journal: Journal, system: str) -> None:
        self.app = app
        self.journal = journal
        self.system = system

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        at = self.journal.world.now().isoformat()
        body = await _read_all(receive)
        if body is None:
            return
        parsed = _parsed(body, dict(scope["headers"]).get(b"content-type", b""))
        replay = [{"type": "http.request", "body": body, "more_body": False}]

        def record(status: int | None) -> None:
            key = idempotency_key(scope, parsed)
            self.journal.record(self.system, scope["method"], full_path(scope), parsed, status, key, at)

        async def again() -> Message:
            return replay.pop() if replay else await receive()

        async def recording(message: Message) -> None:
            if message["type"] == "http.response.start":
                record(message["status"])
            await send(message)

        try:
            await self.app(scope, again, recording)
        except Dropped as dropped:
            record(dropped.status)
            await drop(scope, receive)


def full_path(scope: Scope) -> str:
    """The path with its query, as the client wrote it."""
    path: str = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", "replace")
    query = scope["query_string"].decode("ascii", "replace")
    return f"{path}?{query}" if query else path


def idempotency_key(scope: Scope, body: Any) -> str | None:
    """The key a client put into a request so that it can be recognised, wherever the system has a place for it.

    That is the header `Idempotency-Key`, ServiceNow's `correlation_id`, a Jira entity property, New Relic's `groupId`,
    or any field whose name speaks of idempotency.
    """
    header = dict(scope["headers"]).get(b"idempotency-key")
    return header.decode("latin-1") if header is not None else _key_in(body)


def _key_in(body: Any) -> str | None:
    if isinstance(body, list):
        return next((key for each in body if (key := _key_in(each))), None)
    if not isinstance(body, dict):
        return None
    for name, value in body.items():
        plain = name.lower().replace("-", "").replace("_", "")
        if "idempotency" in plain or plain in ("correlationid", "groupid"):
            return _text(value)
        if name == "properties" and isinstance(value, list):
            found = [_text(each["value"]) for each in value if isinstance(each, dict) and "value" in each]
            if found and found[0]:
                return found[0]
    return next((key for value in body.values() if (key := _key_in(value))), None)


def _text(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((text for each in value.values() if (text := _text(each))), None)
    return value if isinstance(value, str) and value else None


async def _read_all(receive: Receive) -> bytes | None:
    """The whole body; None when the client went away before its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _parsed(body: bytes, content_type: bytes) -> Any:
    if not body:
        return None
    text = body.decode("utf-8", "replace")
    if content_type.startswith(b"application/x-www-form-urlencoded"):
        return {name: "***" if name in _SECRET else value for name, value in parse_qsl(text)}
    try:
        return json.loads(text)
    except ValueError:
        return text
