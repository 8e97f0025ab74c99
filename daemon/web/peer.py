"""Whose program is at the other end of a loopback connection: what SO_PEERCRED says of a Unix socket.

Every account of a machine can reach 127.0.0.1, and a browser sends the cookies of 127.0.0.1 to whichever port it is
led to. That the connection is the same account's is therefore found out from the kernel and not from the cookie.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address
from pathlib import Path

ESTABLISHED = "01"
"""As /proc/net/tcp writes it. A connection that its program gave up already has no owner any more."""

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))

Address = tuple[str, int]


def is_mine(client: Address, server: Address) -> bool:
    """Whether the program at the other end runs under this account, or under root; True where that cannot be told.

    Args:
        client: the other end's address and port.
        server: our own.
    """
    if sys.platform != "linux":
        return True
    return owner(client, server) in (os.getuid(), 0)


def owner(client: Address, server: Address) -> int | None:
    """The user id that holds the client's end of a connection; None where there is no such connection."""
    ends = (_end(client), _end(server))
    for local, remote, state, uid in _connections():
        if state == ESTABLISHED and (local, remote) == ends:
            return uid
    return None


def _connections() -> Iterator[tuple[Address, Address, str, int]]:
    for table in TABLES:
        try:
            lines = table.read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            yield _read(fields[1]), _read(fields[2]), fields[3], int(fields[7])


def _end(address: Address) -> Address:
    return str(ip_address(address[0])), address[1]


def _read(text: str) -> Address:
    """An end as the kernel writes it: each 32 bits of the address in the machine's own byte order."""
    address, port = text.split(":")
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    if len(packed) == 16 and packed.startswith(bytes(10) + b"\xff\xff"):
        return str(IPv4Address(packed[12:])), int(port, 16)
    return str(ip_address(packed)), int(port, 16)
