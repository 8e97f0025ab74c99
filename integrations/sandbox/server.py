"""All simulated systems in one process: one port each, one event loop, one state."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from integrations.sandbox import admin, cdk, systems
from integrations.sandbox.claim import claimed
from integrations.sandbox.endpoints import Endpoints
from integrations.sandbox.faults import TRANSPORT, Faults, Faulty
from integrations.sandbox.journal import Journal, Journaled
from integrations.sandbox.world import World, utc_now


def serve(home: Path, listening: Callable[[], None]) -> None:
    """Serve the folder until SIGTERM or SIGINT.

    Args:
        home: the folder.
        listening: called when everything listens and endpoints.json says where.

    Raises:
        AlreadyServed: another process does.
    """
    with _opened(home, utc_now) as (_, server, sockets):
        server.then = listening
        server.run(sockets)


@contextmanager
def served(home: Path, clock: Callable[[], datetime] = utc_now) -> Iterator[tuple[World, Endpoints]]:
    """Serve the folder from a thread of this process, with a clock of one's own: for tests.

    Raises:
        AlreadyServed: another process does.
    """
    with _opened(home, clock) as (world, server, sockets):
        thread = threading.Thread(target=server.run, args=(sockets,), name="sandbox")
        thread.start()
        try:
            server.ready.wait()
            yield world, server.endpoints
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _opened(home: Path, clock: Callable[[], datetime]) -> Iterator[tuple[World, _Server, list[socket.socket]]]:
    with claimed(home):
        world = World(home, clock)
        try:
            journal, faults = Journal(world), Faults(world)
            if not systems.seeded(world):
                systems.seed(world)
            cdk.install(home, systems.company)
            names = ("admin", *systems.SERVED)
            sockets = dict(zip(names, _listen(home, names), strict=True))
            urls = {name: f"http://127.0.0.1:{each.getsockname()[1]}" for name, each in sockets.items()}
            apps: dict[str, ASGIApp] = {"admin": admin.app(world, journal, faults)}
            for name in systems.SERVED:
                apps[name] = Journaled(Faulty(systems.load(name).app(world), faults, name), journal, name)
            by_port = {sockets[name].getsockname()[1]: each for name, each in apps.items()}
            server = _Server(_ByPort(by_port), home, Endpoints(os.getpid(), **urls))
            yield world, server, list(sockets.values())
        finally:
            world.close()


def _listen(home: Path, names: tuple[str, ...]) -> list[socket.socket]:
    """A loopback socket for each name, on the port it had the last time where that is free."""
    before = Endpoints.read(home)
    return [_bound(before.port(name) if before else 0) for name in names]


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.bind(("127.0.0.1", 0))
    return bound


class _ByPort:
    """Hands each request to the app whose port it came in on."""

    def __init__(self, apps: dict[int, ASGIApp]) -> None:
        self.apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.apps[scope["server"][1]](scope, receive, send)


class _Protocol(H11Protocol):
    """HTTP/1.1 that shows the app its connection, so that a fault can break it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        app = self.app

        async def with_connection(scope: Any, receive: Any, send: Any) -> None:
            scope[TRANSPORT] = self.transport
            await app(scope, receive, send)

        self.app = with_connection


class _Server(uvicorn.Server):
    """A server that says when it listens, and whose process ends with 0 on SIGTERM or when its folder is gone."""

    def __init__(self, app: ASGIApp, home: Path, endpoints: Endpoints) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_level="error",
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self.home, self.endpoints = home, endpoints
        self.ready = threading.Event()
        self.then: Callable[[], None] = self.ready.set

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.endpoints.write(self.home)
        self.then()

    async def on_tick(self, counter: int) -> bool:
        # Nobody could ever find a sandbox again whose folder was removed.
        abandoned = counter % 10 == 0 and not self.home.exists()
        return abandoned or await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
