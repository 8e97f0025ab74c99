"""The wire, faked at its end: a real HTTP server in a thread, which answers as a test says and keeps what came."""

import json
import logging
import os
import random
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from policies.action import BoundAction, Call, entered

CANARY = "canary-5f1c9e-secret"


@dataclass
class Direct:
    """A scope that performs at once."""

    key: str

    def enter(self, call: Call[Any]) -> Coroutine[Any, Any, Any]:
        return call.perform(self.key)


@pytest.fixture
def door() -> Callable[..., Coroutine[Any, Any, Any]]:
    """Calls an action the way a run does, without a run."""

    async def ask(action: BoundAction[Any, Any], *args: Any, key: str = "run-1:step-2", **kwargs: Any) -> Any:
        with entered(Direct(key)):
            return await action(*args, **kwargs)

    return ask


@dataclass(frozen=True)
class Came:
    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    headers: dict[str, str]


@dataclass
class Reply:
    body: Any = None
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False


class Wire:
    """Answers by "METHOD /path": a Reply, a list of them (the last one stays), or a function of what came."""

    def __init__(self) -> None:
        self.came: list[Came] = []
        self.answers: dict[str, Any] = {}
        self.reply = Reply

    def __setitem__(self, what: str, answer: Any) -> None:
        self.answers[what] = answer

    def sent(self, method: str) -> list[Came]:
        return [each for each in self.came if each.method == method]

    def take(self, came: Came) -> Reply:
        self.came.append(came)
        answer = self.answers.get(f"{came.method} {came.path}")
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer) and not isinstance(answer, Reply):
            answer = answer(came)
        if isinstance(answer, Reply):
            return answer
        if answer is None and f"{came.method} {came.path}" not in self.answers:
            return Reply({"message": f"the test expects no {came.method} {came.path}"}, 404)
        return Reply(answer)


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            sent = self.rfile.read(length).decode()
            place = urlsplit(self.path)
            query = parse_qs(place.query, keep_blank_values=True)
            came = Came(self.command, place.path, query, json.loads(sent) if sent else None, dict(self.headers.items()))
            reply = wire.take(came)
            if reply.dropped:
                self.close_connection = True
                self.connection.close()
                return
            body = b"" if reply.body is None else reply.body if isinstance(reply.body, bytes) else b""
            if reply.body is not None and not body:
                body = reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *args: object) -> None:
            pass

        def finish(self) -> None:
            with suppress(OSError, ValueError):  # where the test dropped this connection
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *args: None  # type: ignore[method-assign]  # a dropped connection is no error here
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    wire.url = f"http://127.0.0.1:{server.server_port}"
    yield wire
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def secret(caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    """A credential that must not be found in any log; errors are looked through with `clean`."""
    caplog.set_level(logging.DEBUG)
    yield CANARY
    assert CANARY not in caplog.text


@pytest.fixture
def clean() -> Callable[[BaseException], str]:
    """An error's text, once it is sure that no credential is in it or in what it came from, shown or hidden."""

    def look(error: BaseException) -> str:
        shown: BaseException | None = error
        assert CANARY not in f"{error!s} {error!r} {error.args!r}"
        while shown is not None and not shown.__suppress_context__:
            shown = shown.__cause__ or shown.__context__
            assert CANARY not in f"{shown!s} {shown!r}"
        return str(error)

    return look


SHARED = Path(__file__).parents[3] / "shared"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the kubeconfigs (admin: kubeconfig, no rights: dev.kubeconfig) of a real API server."""
    start = SHARED / "kube" / "start"
    if not start.exists():
        pytest.skip("needs a real Kubernetes API server: ../shared/kube is not there")
    folder = tmp_path_factory.mktemp("cluster")
    try:
        subprocess.run([start, folder, str(_four_free_ports())], check=True, capture_output=True, timeout=120)
        yield folder
    finally:
        for pid in map(int, (folder / "pids").read_text().split()):
            os.kill(pid, signal.SIGTERM)


def _four_free_ports() -> int:
    """The first of four ports in a row that nobody listens on now."""
    while True:
        first = random.randrange(20000, 30000)
        free = []
        for port in range(first, first + 4):
            with socket.socket() as probe:
                free.append(probe.connect_ex(("127.0.0.1", port)) != 0)
        if all(free):
            return first
