"""The socket: for the same person only, and no question brings it down."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import sys
import tempfile
from asyncio.trsock import TransportSocket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.control import LIMIT, Control, Problem, peer_pid, peer_uid

UNKNOWN = {"error": {"text": "The daemon does not know this question; is it an older DevOS?", "code": 2}, "end": True}


class Desk:
    """Handlers, and what became of them."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()

    async def count(self, question: dict[str, Any]) -> AsyncIterator[Any]:
        for number in range(question["to"]):
            yield {"number": number}

    async def whose(self, question: dict[str, Any]) -> AsyncIterator[Any]:
        yield {"peer": question["peer"]}

    async def nothing(self, question: dict[str, Any]) -> AsyncIterator[Any]:
        raise Problem("There is none.", 2, nearest=["one"])
        yield

    async def fault(self, question: dict[str, Any]) -> AsyncIterator[Any]:
        raise ZeroDivisionError("by zero")
        yield

    async def forever(self, question: dict[str, Any]) -> AsyncIterator[Any]:
        try:
            yield {"begun": True}
            await asyncio.Event().wait()
        finally:
            self.let_go.set()


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="devos-") as folder:  # a socket's path may have 107 bytes only
        yield Path(folder) / "devos.sock"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def control(path: Path, desk: Desk) -> AsyncIterator[Control]:
    handlers = {name: getattr(desk, name) for name in ("count", "whose", "nothing", "fault", "forever")}
    control = Control(path, handlers)
    await control.open()
    yield control
    await control.close()


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def asked(path: Path, question: bytes) -> list[Any]:
    reader, writer = await asyncio.open_unix_connection(path, limit=2 * LIMIT)
    writer.write(question)
    await writer.drain()
    answers: list[Any] = []
    while not answers or "end" not in answers[-1]:
        answers.append(json.loads(await reader.readline()))
    writer.close()
    return answers


async def test_answers_come_line_by_line_and_end(control: Control, path: Path) -> None:
    assert await asked(path, b'{"do": "count", "to": 2}\n') == [{"number": 0}, {"number": 1}, {"end": True}]


async def test_every_question_is_handed_on_with_whose_it_is_whatever_it_says_of_that(
    control: Control, path: Path
) -> None:
    for said in (b"", b', "peer": 1'):
        assert await asked(path, b'{"do": "whose"' + said + b"}\n") == [{"peer": os.getpid()}, {"end": True}]


async def test_a_problem_is_told_with_its_code_and_what_belongs_to_it(control: Control, path: Path) -> None:
    assert await asked(path, b'{"do": "nothing"}\n') == [
        {"error": {"text": "There is none.", "code": 2, "nearest": ["one"]}, "end": True}
    ]


async def test_a_fault_of_ours_is_told_and_the_next_question_answered(
    control: Control, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (answer,) = await asked(path, b'{"do": "fault"}\n')
    assert answer["error"]["code"] == 1 and "ZeroDivisionError: by zero" in answer["error"]["text"]
    assert "Traceback" in caplog.text
    assert await asked(path, b'{"do": "count", "to": 0}\n') == [{"end": True}]


@pytest.mark.parametrize(
    "question",
    [
        b"\n",
        b"hello\n",
        b"\xff\xfe\n",
        b'{"do": "count"',
        b"[]\n",
        b'["do"]\n',
        b"3\n",
        b'"do"\n',
        b"null\n",
        b"{}\n",
        b'{"do": "no such thing"}\n',
        b'{"do": ["count"]}\n',
        b'{"do": null}\n',
        b"[" * 100_000 + b"\n",
        b"9" * 10_000 + b"\n",
    ],
    ids=lambda question: repr(question[:24]),
)
async def test_what_is_no_question_is_answered_all_the_same(control: Control, path: Path, question: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(question)
    writer.write_eof()
    assert json.loads(await reader.readline()) == UNKNOWN
    writer.close()
    assert await asked(path, b'{"do": "count", "to": 0}\n') == [{"end": True}]


async def test_a_huge_question_is_refused_and_a_large_one_is_not(control: Control, path: Path) -> None:
    large = json.dumps({"do": "count", "to": 0, "text": "x" * (LIMIT - 100)}).encode() + b"\n"
    assert await asked(path, large) == [{"end": True}]
    huge = json.dumps({"do": "count", "to": 0, "text": "x" * (4 * LIMIT)}).encode() + b"\n"
    assert await asked(path, huge) == [UNKNOWN]
    assert await asked(path, b'{"do": "count", "to": 0}\n') == [{"end": True}]


async def test_an_asker_who_leaves_is_let_go_of(control: Control, path: Path, desk: Desk) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b'{"do": "forever"}\n')
    assert json.loads(await reader.readline()) == {"begun": True}
    writer.close()
    await desk.let_go.wait()


async def test_closing_lets_go_of_everybody_and_takes_the_socket_away(path: Path, desk: Desk) -> None:
    control = Control(path, {"forever": desk.forever})
    await control.open()
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b'{"do": "forever"}\n')
    await reader.readline()
    await control.close()
    assert desk.let_go.is_set() and not os.access(path, os.F_OK)
    assert await reader.read() == b""
    writer.close()


async def test_closing_what_was_never_opened_is_fine(path: Path) -> None:
    await Control(path, {}).close()


async def test_only_its_owner_may_use_the_socket_and_a_stale_one_is_replaced(path: Path, desk: Desk) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    before = os.umask(0)
    try:
        control = Control(path, {"count": desk.count})
        await control.open()
        assert mode_of(path) == 0o600
        assert os.umask(0) == 0, "the process's own umask is as it was"
    finally:
        os.umask(before)
    assert await asked(path, b'{"do": "count", "to": 0}\n') == [{"end": True}]
    await control.close()


@pytest.mark.skipif(sys.platform != "linux", reason="SO_PEERCRED is Linux's")
async def test_somebody_else_is_refused(control: Control, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def getsockopt(self: object, *_: int) -> bytes:
        return struct.pack("3i", 4711, os.getuid() + 1, 0)

    monkeypatch.setattr(TransportSocket, "getsockopt", getsockopt)
    (answer,) = await asked(path, b'{"do": "count", "to": 1}\n')
    assert answer == {"error": {"text": "This DevOS belongs to somebody else.", "code": 3}, "end": True}


class Wire:
    """A socket whose system answers as a Mac does."""

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        assert (level, option, size) in ((0, 1, 76), (0, 2, 4))
        return struct.pack("2I68x", 0, 501) if option == 1 else struct.pack("i", 4711)


def test_who_is_at_the_other_end(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = socket.socketpair()
    with one, other:
        assert (peer_uid(one), peer_pid(one)) == (os.getuid(), os.getpid())
        monkeypatch.setattr(sys, "platform", "darwin")
        assert peer_uid(Wire()) == 501  # type: ignore[arg-type]  # only what is asked of a socket
        assert peer_pid(Wire()) == 4711  # type: ignore[arg-type]  # only what is asked of a socket
        monkeypatch.setattr(sys, "platform", "plan9")
        assert (peer_uid(one), peer_pid(one)) == (-1, 0)
