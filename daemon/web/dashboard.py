"""The dashboard as a server: on the loopback only, in the daemon's own event loop, for as long as the daemon runs."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn

from daemon.web import peer
from daemon.web.api_routes import ApiRoutes
from daemon.web.audit_routes import AuditRoutes, Search
from daemon.web.door_routes import DoorRoutes
from daemon.web.events import Streams
from daemon.web.front import Front
from daemon.web.guard import Guard
from daemon.web.health_routes import HealthRoutes
from daemon.web.house import House
from daemon.web.inbox_routes import InboxRoutes
from daemon.web.routes import Route
from daemon.web.rules_routes import RulesRoutes
from daemon.web.run_routes import RunRoutes
from daemon.web.sessions import Sessions, uptime

logger = logging.getLogger("devos.web")

HOST = "127.0.0.1"
"""The only address that is ever listened on."""


class PortTaken(OSError):
    """The port that the settings name is used by something else."""


class Dashboard:
    """Serves the pages of one running DevOS."""

    def __init__(
        self,
        house: House,
        *,
        port: int = 0,
        clock: Callable[[], float] = uptime,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        is_mine: Callable[[peer.Address, peer.Address], bool] = peer.is_mine,
    ) -> None:
        """Prepare it; nothing is listened on yet.

        Args:
            house: the running DevOS.
            port: where to listen; 0 chooses a free one.
            clock: seconds that only go forward; links and sessions end by it.
            sleep: waits between two looks at what changed.
            is_mine: whether the other end of a connection belongs to this account.
        """
        self._house, self._port, self._is_mine = house, port, is_mine
        self._sessions = Sessions(clock)
        # A browser keeps the cookies of all ports of an address together, so each dashboard's has a name of its own.
        self.cookie = f"devos-{secrets.token_hex(4)}"
        front, self._search = Front(house), Search(house)
        self._explain = front.explain
        self._streams = Streams(house, self._sessions, sleep)
        health = HealthRoutes(house, front, self._search)
        self.routes: tuple[Route, ...] = (
            *RunRoutes(house, front, self._streams).routes,
            *InboxRoutes(house, front).routes,
            *AuditRoutes(house, front, self._search).routes,
            *RulesRoutes(house, front).routes,
            *health.routes,
            *DoorRoutes(front, self._sessions, self.cookie).routes,
            *ApiRoutes(house, self._search, health).routes,
        )
        """Everything that can be asked."""
        self._server: _Server | None = None
        self._listener: socket.socket | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Listen.

        Raises:
            PortTaken: the chosen port is not free.
        """
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, self._port))
        except OSError as problem:
            listener.close()
            said = f"The dashboard cannot listen on {self.url}: {problem.strerror}. Set another dashboard.port."
            raise PortTaken(said) from None
        self._listener, self._port = listener, listener.getsockname()[1]
        guard = Guard(
            self.routes,
            self._sessions,
            cookie=self.cookie,
            port=self._port,
            explain=self._explain,
            is_mine=self._is_mine,
        )
        self._server = _Server(guard)
        self._tasks = [
            asyncio.create_task(self._server.serve([listener]), name="dashboard"),
            asyncio.create_task(self._search.refresh(), name="dashboard-index"),
        ]
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({ready, self._tasks[0]}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()

    async def close(self) -> None:
        """Stop listening, and let go of everybody who follows a stream."""
        self._streams.close()
        if self._server is not None:
            self._server.end()
        for task in self._tasks[1:]:
            task.cancel()  # its thread goes on by itself, with an index of its own
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._search.close()
        if self._listener is not None:
            self._listener.close()

    @property
    def url(self) -> str:
        """The address, without a way in."""
        return f"http://{HOST}:{self._port}"

    def login_url(self, *, word: str | None = None, excused: bool = False) -> str:
        """A link that opens one session, once, within five minutes.

        Args:
            word: what the daemon has shown at the terminal that asks; the session may change things once it is given
                back. Without one, outside of the sandbox, the session may only read.
            excused: whether who asks may do without, by the settings.
        """
        link = self._sessions.link(word=word, writable=self._house.sandbox or excused)
        return f"{self.url}/login/{link}"


class _Server(uvicorn.Server):
    """A server that leaves the daemon's signals alone and says when it listens."""

    def __init__(self, guard: Guard) -> None:
        super().__init__(
            uvicorn.Config(
                guard,
                http="h11",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                limit_concurrency=200,
                h11_max_incomplete_event_size=32 * 1024,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=1,
            )
        )
        self.ready = asyncio.Event()
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let it stop serving."""
        self.should_exit = True
        self._ended.set()

    async def main_loop(self) -> None:
        """Wait for the end, which uvicorn itself would look for ten times a second, all day."""
        await self._ended.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
