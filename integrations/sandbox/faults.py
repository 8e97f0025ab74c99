"""Faults on demand: an error status, a delay, a connection that breaks before the work or after it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from integrations.sandbox.world import World

TRANSPORT = "devos.transport"
"""The name in the ASGI scope under which the server puts the connection, so that a fault can break it."""

_KIND = "sandbox/fault"


class Dropped(Exception):
    """The connection is to break instead of an answer being sent."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status
        """The status the lost answer had; None where no work was done."""


@dataclass(frozen=True)
class Fault:
    """One fault and which requests it befalls."""

    system: str
    kind: str
    """status (answered, not done), latency (delayed), drop (broken off, not done), lost-reply (done, broken off)."""
    method: str | None = None
    path: str | None = None
    """A regular expression, searched for in the path with its query."""
    status: int = 503
    body: Any = None
    """The JSON that goes with the status; None for a gateway's plain text."""
    seconds: float = 1.0
    times: int | None = 1
    """How many requests it befalls; None for all until faults are cleared."""

    @classmethod
    def read(cls, spec: Mapping[str, Any], systems: tuple[str, ...]) -> Fault:
        """A fault from JSON.

        Raises:
            ValueError: it makes no sense, and why.
        """
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(spec) - set(known)):
            raise ValueError(f"a fault has no {unknown[0]!r}; it has {', '.join(known)}")
        if spec.get("system") not in systems:
            raise ValueError(f"system must be one of {', '.join(systems)}, not {spec.get('system')!r}")
        if spec.get("kind") not in (kinds := ("status", "latency", "drop", "lost-reply")):
            raise ValueError(f"kind must be one of {', '.join(kinds)}, not {spec.get('kind')!r}")
        fault = cls(**spec)
        if not isinstance(fault.status, int) or not 200 <= fault.status <= 599:
            raise ValueError(f"status must be an HTTP status, not {fault.status!r}")
        if not isinstance(fault.seconds, int | float) or not 0 <= fault.seconds <= 3600:
            raise ValueError(f"seconds must be from 0 to 3600, not {fault.seconds!r}")
        if fault.times is not None and (not isinstance(fault.times, int) or fault.times < 1):
            raise ValueError(f"times must be 1 or more, or null for always, not {fault.times!r}")
        try:
            re.compile(fault.path or "")
        except re.error as error:
            raise ValueError(f"path {fault.path!r} is no regular expression: {error}") from error
        return fault

    def befalls(self, system: str, method: str, path: str) -> bool:
        """Whether a request is one this fault is for."""
        return (
            self.system == system
            and (self.method is None or self.method.upper() == method.upper())
            and (self.path is None or re.search(self.path, path) is not None)
        )


class Faults:
    """The faults that wait for their request. They are kept with the world, so a restart keeps them too."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its requests; earlier ones come first."""
        self.world.put(_KIND, f"{self.world.next_number(_KIND, 1):08d}", asdict(fault))

    def all(self) -> list[dict[str, Any]]:
        """The waiting faults with the number of times left, oldest first."""
        return list(self.world.all(_KIND).values())

    def clear(self) -> None:
        """Forget them all."""
        with self.world.transaction():
            for key in self.world.all(_KIND):
                self.world.delete(_KIND, key)

    def take(self, system: str, method: str, path: str) -> Fault | None:
        """The fault that befalls this request, used up by one; None where none does."""
        with self.world.transaction():
            for key, body in self.world.all(_KIND).items():
                fault = Fault(**body)
                if not fault.befalls(system, method, path):
                    continue
                if fault.times == 1:
                    self.world.delete(_KIND, key)
                elif fault.times is not None:
                    self.world.put(_KIND, key, {**body, "times": fault.times - 1})
                return fault
        return None


class Faulty:
    """ASGI middleware around one system's app that lets the waiting faults happen."""

    def __init__(self, app: ASGIApp, faults: Faults, system: str) -> None:
        self.app = app
        self.faults = faults
        self.system = system

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or not.

        Raises:
            Dropped: the connection is to break; the journal's middleware does it after it has written its entry.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        query = scope["query_string"].decode("ascii", "replace")
        fault = self.faults.take(self.system, scope["method"], scope["path"] + ("?" + query if query else ""))
        if fault is None:
            await self.app(scope, receive, send)
        elif fault.kind == "latency":
            await asyncio.sleep(fault.seconds)
            await self.app(scope, receive, send)
        elif fault.kind == "status":
            await _answer(fault)(scope, receive, send)
        elif fault.kind == "drop":
            raise Dropped(None)
        else:
            await self._lose_reply(scope, receive)

    async def _lose_reply(self, scope: Scope, receive: Receive) -> None:
        statuses: list[int] = []

        async def swallow(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await self.app(scope, receive, swallow)
        raise Dropped(statuses[0])


def _answer(fault: Fault) -> Response:
    headers = {"Retry-After": "1"} if fault.status in (429, 503) else {}
    if fault.body is not None:
        return JSONResponse(fault.body, fault.status, headers)
    return PlainTextResponse(HTTPStatus(fault.status).phrase, fault.status, headers)


async def drop(scope: Scope, receive: Receive) -> None:
    """Break the request's connection without an answer, and wait until the server has noticed."""
    transport: asyncio.Transport = scope[TRANSPORT]
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        continue
