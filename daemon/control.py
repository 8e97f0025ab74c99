"""The door for the command line: a Unix socket that only the same person's programs may use.

One line of JSON asks, one or more lines of JSON answer; the last one has "end" set. An error is
{"error": {"text", "code"}} with the exit code that the command line is to end with. Every question is handed on with
"peer", the process that asks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from policies.action import Json

logger = logging.getLogger("devos.control")

LIMIT = 1 << 20
"""The most bytes of one question."""

Handler = Callable[[dict[str, Any]], AsyncIterator[Json]]


class Problem(Exception):
    """What a person did wrong or has to know, with the exit code of the contract."""

    def __init__(self, text: str, code: int, **more: Json) -> None:
        super().__init__(text)
        self.code, self.more = code, more


class Control:
    """Answers the command line."""

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._path, self._handlers = path, handlers
        self._server: asyncio.Server | None = None
        self._busy: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Listen; the socket gets mode 0600, in a folder that is private anyway; a killed daemon's is replaced."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=LIMIT)
        self._path.chmod(0o600)

    async def close(self) -> None:
        """Stop listening and let go of everybody who waits."""
        if self._server is not None:
            self._server.close()
        for task in list(self._busy):
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await self._answer(reader, writer)
        finally:
            self._busy.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(value: Json) -> None:
            writer.write(json.dumps(value).encode() + b"\n")
            await writer.drain()

        connection = writer.get_extra_info("socket")
        mine = peer_uid(connection) == os.getuid()
        try:
            question = json.loads(await reader.readline())
            handler = self._handlers[question.pop("do")]
            question["peer"] = peer_pid(connection)  # whatever was said of it
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            handler = None
        if handler is None or not mine:
            unknown = {"text": "The daemon does not know this question; is it an older DevOS?", "code": 2}
            foreign = {"text": "This DevOS belongs to somebody else.", "code": 3}
            await send({"error": unknown if mine else foreign, "end": True})
            await _heard_out(reader)
            return
        gone = asyncio.ensure_future(reader.read())
        answers = handler(question)
        step: asyncio.Future[Any] = gone
        try:
            while True:
                step = asyncio.ensure_future(anext(answers, None))
                await asyncio.wait({step, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not step.done():  # the asker left
                    return
                value = step.result()
                if value is None:
                    break
                await send(value)
            await send({"end": True})
        except Problem as problem:
            await send({"error": {"text": str(problem), "code": problem.code, **problem.more}, "end": True})
        except ConnectionError:
            raise  # the asker left; nobody is there to be told
        except Exception as bug:
            logger.exception("a question to the daemon failed by a fault of DevOS")
            text = f"DevOS itself failed ({type(bug).__name__}: {bug}); the daemon's log has the details."
            await send({"error": {"text": text, "code": 1}, "end": True})
        finally:
            gone.cancel()
            step.cancel()
            await asyncio.gather(gone, step, return_exceptions=True)


async def _heard_out(reader: asyncio.StreamReader) -> None:
    """Take what an asker still sends, for a moment: hanging up on it would lose the answer on its way."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            while await reader.read(LIMIT):
                pass


def peer_uid(connection: socket.socket) -> int:
    """The user id of the process at the other end of a Unix socket; -1 where the system does not tell."""
    if sys.platform == "linux":
        found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", found)[1])
    if sys.platform == "darwin":
        # struct xucred { u_int version; uid_t uid; … }, asked for by LOCAL_PEERCRED (sys/un.h).
        return int(struct.unpack_from("2I", connection.getsockopt(0, 1, 76))[1])
    return -1


def peer_pid(connection: socket.socket) -> int:
    """The id of the process that connected to a Unix socket; 0 where the system does not tell."""
    if sys.platform == "linux":
        found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", found)[0])
    if sys.platform == "darwin":
        # LOCAL_PEERPID (sys/un.h).
        return int(struct.unpack("i", connection.getsockopt(0, 2, struct.calcsize("i")))[0])
    return 0
