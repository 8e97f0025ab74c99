"""The desktop portal on the session's bus: calls, the answers that come later as signals, and its going away.

A portal answers what a person has to agree to in two steps. The call returns at once with the path of a request; what
the person said comes as a signal from that path, maybe even before the call has returned. So the signals are subscribed
to before anything is asked.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

if TYPE_CHECKING:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

PORTAL = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
REGISTRY = "org.freedesktop.host.portal.Registry"
REQUEST = "org.freedesktop.portal.Request"
SESSION = "org.freedesktop.portal.Session"
BUS = "org.freedesktop.DBus"

UNKNOWN = frozenset(f"{BUS}.Error.Unknown{what}" for what in ("Method", "Interface", "Object"))
"""The errors of what does not have that interface."""
PATIENCE = 25.0
"""Seconds in which a program on the bus has to answer; it may have to be started first."""

Result = TypeVar("Result")


class Lost(Exception):
    """The bus or the portal is not there, or went away; the message says which, in a sentence."""


class Refused(Exception):
    """The portal answered with an error; `name` is the error's, the message what it says."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


class PortalBus:
    """One connection to the portal. Everything here belongs to the event loop that opened it."""

    def __init__(self, bus: MessageBus, tell: Callable[[str, list[Any]], None]) -> None:
        self._bus, self._tell = bus, tell
        self._me = str(bus.unique_name).removeprefix(":").replace(".", "_")
        self._owner, self._newest = "", ""
        self._session = ""
        self._numbers = itertools.count(1)
        self._responses: dict[str, asyncio.Future[tuple[int, dict[str, Any]]]] = {}
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._watcher = asyncio.create_task(self._watch())

    @classmethod
    async def open(cls, environment: Mapping[str, str], app: str, tell: Callable[[str, list[Any]], None]) -> PortalBus:
        """Connect, and tell the portal who is there.

        Args:
            environment: where the session's bus is named.
            app: the id under which the portal shows and remembers the shortcuts.
            tell: told of every signal about our shortcuts: its name, and what it carries without the session.

        Raises:
            Lost: there is no bus, or no portal on it.
        """
        from dbus_fast.aio import MessageBus
        from dbus_fast.errors import DBusFastError

        address = address_of(environment)
        if not address:
            raise Lost("There is no session bus here (DBUS_SESSION_BUS_ADDRESS is not set).")
        try:
            async with asyncio.timeout(PATIENCE):
                bus = await MessageBus(bus_address=address).connect()
        except (OSError, EOFError, ValueError, DBusFastError) as problem:
            raise Lost(f"The session bus does not answer: {problem or type(problem).__name__}.") from None
        made = cls(bus, tell)
        try:
            await made._meet(app)
        except BaseException:
            await made.aclose()
            raise
        return made

    async def call(self, interface: str, member: str, signature: str, *body: Any) -> list[Any]:
        """Call a method of the portal, and return what it answers.

        Raises:
            Refused: it answered with an error.
            Lost: it is gone, or does not answer.
        """
        return await self._call(PORTAL, PATH, interface, member, signature, *body)

    async def request(self, member: str, signature: str, *body: Any, **options: str) -> tuple[int, dict[str, Any]]:
        """Ask for what a person may have to agree to, and wait for it as long as that takes.

        Args:
            member: the method of GlobalShortcuts.
            signature: of the body and the options, which come last.
            body: its arguments.
            options: texts among its options.

        Returns:
            What became of it (0: agreed, 1: declined, 2: ended otherwise), and what it gave.

        Raises:
            Refused, Lost: as `call`.
        """
        from dbus_fast import Variant

        asked = {**options, "handle_token": f"devos_{next(self._numbers)}"}
        wrapped = {name: Variant("s", value) for name, value in asked.items()}
        handle = (await self.call(SHORTCUTS, member, signature, *body, wrapped))[0]
        try:
            return await self._unless_lost(self._response(handle))
        finally:
            self._responses.pop(handle, None)

    def follow(self, session: str) -> None:
        """Take the signals of that session for ours."""
        self._session = session

    async def until_lost(self) -> str:
        """Wait until the bus, the portal or the session is gone, and say in a sentence which."""
        return await asyncio.shield(self._lost)

    async def aclose(self) -> None:
        """Leave the bus, which ends the session and its shortcuts."""
        self._bus.disconnect()
        await self._watcher

    async def _meet(self, app: str) -> None:
        """Subscribe first, then register, which has to come before any other call and starts a portal that sleeps."""
        mine = f"type='signal',sender='{PORTAL}'"
        for rule in (
            f"{mine},interface='{REQUEST}',member='Response',path_namespace='{PATH}/request/{self._me}'",
            f"{mine},interface='{SESSION}',member='Closed',path_namespace='{PATH}/session/{self._me}'",
            f"{mine},interface='{SHORTCUTS}',path='{PATH}'",
            f"type='signal',sender='{BUS}',interface='{BUS}',member='NameOwnerChanged',arg0='{PORTAL}'",
        ):
            await self._call(BUS, "/org/freedesktop/DBus", BUS, "AddMatch", "s", rule)
        # An older portal has no registry, and one that does not believe the id says so when it matters.
        with suppress(Refused):
            await self.call(REGISTRY, "Register", "sa{sv}", app, {})
        self._bus.add_message_handler(self._hear)
        try:
            self._owner = (await self._call(BUS, "/org/freedesktop/DBus", BUS, "GetNameOwner", "s", PORTAL))[0]
        except Refused:
            raise Lost("No desktop portal runs on the session bus (xdg-desktop-portal).") from None
        if self._newest not in ("", self._owner):
            raise Lost(ENDED)

    async def _call(self, name: str, path: str, interface: str, member: str, signature: str, *body: Any) -> list[Any]:
        from dbus_fast import Message, MessageType

        if self._lost.done():
            raise Lost(self._lost.result())
        message = Message(name, path, interface, member, signature=signature, body=list(body))
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._bus.call(message)
        except TimeoutError:
            raise Lost(f"{name} does not answer.") from None
        except (OSError, EOFError):
            raise Lost(GONE) from None
        if reply is None:  # what dbus-fast answers with when the connection ends meanwhile
            raise Lost(GONE)
        if reply.message_type is MessageType.ERROR:
            raise Refused(str(reply.error_name), str(reply.body[0]) if reply.body else str(reply.error_name))
        return list(reply.body)

    def _hear(self, message: Message) -> None:
        """Take a signal, if it is from whom it seems to be: anybody on the bus can send one."""
        from dbus_fast import MessageType

        if message.message_type is not MessageType.SIGNAL:
            return
        if message.sender == BUS:
            if message.member == "NameOwnerChanged" and message.body[0] == PORTAL:
                self._newest = message.body[2] or "nobody"
                if self._owner:
                    self._lose(ENDED)
        elif message.sender != self._owner:
            return
        elif message.interface == REQUEST and message.member == "Response":
            response = self._response(str(message.path))
            if not response.done():
                response.set_result((message.body[0], message.body[1]))
        elif message.interface == SESSION and message.path == self._session:
            self._lose("The desktop ended the session of the shortcuts.")
        elif message.interface == SHORTCUTS and message.body[0] == self._session:
            self._tell(str(message.member), message.body[1:])

    def _response(self, handle: str) -> asyncio.Future[tuple[int, dict[str, Any]]]:
        """The answer to a request, whether it has come already or not."""
        return self._responses.setdefault(handle, asyncio.get_running_loop().create_future())

    async def _unless_lost(self, wanted: asyncio.Future[Result]) -> Result:
        await asyncio.wait((wanted, self._lost), return_when=asyncio.FIRST_COMPLETED)
        if wanted.done():
            return wanted.result()
        raise Lost(self._lost.result())

    def _lose(self, text: str) -> None:
        if not self._lost.done():
            self._lost.set_result(text)

    async def _watch(self) -> None:
        bus: Any = self._bus  # which does not say what its method returns
        with suppress(Exception):  # whichever way it ended, it did
            await bus.wait_for_disconnect()
        self._lose(GONE)


GONE = "The session bus went away."
ENDED = "The desktop portal ended."


def address_of(environment: Mapping[str, str] = os.environ) -> str:
    """Where the session's bus listens; empty where there is none."""
    if address := environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    socket = Path(environment.get("XDG_RUNTIME_DIR") or "/nowhere", "bus")
    return f"unix:path={quote(str(socket), safe='/')}" if socket.exists() else ""
