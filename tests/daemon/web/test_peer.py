"""Whose program is at the other end."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from daemon.web import peer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")


CONNECT = "import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); s.recv(1)"


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        with client, server:
            yield client, server


def connected(listener: socket.socket, host: str, **how: Any) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A program that connects, and our end of its connection."""
    words = ["/usr/bin/python3", "-c", CONNECT, host, str(listener.getsockname()[1])]
    program = subprocess.Popen(words, cwd="/", **how)
    return program, listener.accept()[0]


def test_my_own_program(ends: tuple[socket.socket, socket.socket]) -> None:
    _, server = ends
    assert peer.owner(server.getpeername(), server.getsockname()) == os.getuid()
    assert peer.is_mine(server.getpeername(), server.getsockname())


def test_a_connection_that_was_given_up_is_nobodys(ends: tuple[socket.socket, socket.socket]) -> None:
    client, server = ends
    other = server.getpeername()
    client.close()
    assert server.recv(1) == b""
    assert peer.owner(other, server.getsockname()) is None
    assert not peer.is_mine(other, server.getsockname())


def test_a_connection_that_is_not_there() -> None:
    assert not peer.is_mine(("127.0.0.1", 1), ("127.0.0.1", 2))


def test_a_program_with_a_socket_for_both_kinds_of_addresses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        program, server = connected(listener, "::ffff:127.0.0.1")
        with server:
            assert peer.owner(server.getpeername(), server.getsockname()) == os.getuid()
        program.wait(timeout=30)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can act as somebody else")
def test_another_accounts_program() -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    with socket.create_server(("127.0.0.1", 0)) as listener:
        program, server = connected(listener, "127.0.0.1", user=nobody)
        with server:
            assert peer.owner(server.getpeername(), server.getsockname()) == nobody
            assert not peer.is_mine(server.getpeername(), server.getsockname())
        program.wait(timeout=30)


def test_where_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert peer.is_mine(("127.0.0.1", 1), ("127.0.0.1", 2))
