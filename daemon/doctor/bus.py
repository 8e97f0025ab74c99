"""The session's bus: who is on it, or would be started when asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.hotkeys.portal_bus import BUS, PATH, PORTAL, SHORTCUTS, address_of

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus

SECONDS = 8.0
"""In which everything has to be answered; a program may have to be started first."""


class NoBus(Exception):
    """There is no session bus, or it does not answer; the message is a sentence."""


@dataclass(frozen=True)
class SessionBus:
    """What was found on it."""

    names: frozenset[str]
    """Who is on it, and who would be started when asked for."""
    shortcuts: int | None
    """The version of the portal's GlobalShortcuts; None where it has none."""


def session_bus(environment: Mapping[str, str]) -> SessionBus:
    """Look at it.

    Raises:
        NoBus: there is none, or it does not answer.
    """
    from dbus_fast.errors import DBusFastError

    address = address_of(environment)
    if not address:
        raise NoBus("There is no session bus here (DBUS_SESSION_BUS_ADDRESS is not set).")
    try:
        return asyncio.run(_look(address))
    except (OSError, EOFError, ValueError, DBusFastError) as problem:
        raise NoBus(f"The session bus does not answer ({str(problem) or type(problem).__name__}).") from None


async def _look(address: str) -> SessionBus:
    from dbus_fast.aio import MessageBus

    async with asyncio.timeout(SECONDS):
        bus: Any = await MessageBus(bus_address=address).connect()
        try:
            there = await _ask(bus, BUS, "/org/freedesktop/DBus", BUS, "ListNames")
            startable = await _ask(bus, BUS, "/org/freedesktop/DBus", BUS, "ListActivatableNames")
            names = frozenset([*(there or []), *(startable or [])])
            version = None
            if PORTAL in names:
                properties = "org.freedesktop.DBus.Properties"
                version = await _ask(bus, PORTAL, PATH, properties, "Get", SHORTCUTS, "version")
            return SessionBus(names, int(version.value) if version is not None else None)
        finally:
            bus.disconnect()
            await bus.wait_for_disconnect()


async def _ask(bus: MessageBus, whom: str, path: str, interface: str, member: str, *words: str) -> Any:
    """What it answers; None where that is an error."""
    from dbus_fast import Message, MessageType

    question = Message(
        destination=whom, path=path, interface=interface, member=member, signature="s" * len(words), body=list(words)
    )
    answer = await bus.call(question)
    return answer.body[0] if answer is not None and answer.message_type is MessageType.METHOD_RETURN else None
