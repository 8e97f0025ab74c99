"""A bus of our own, and a desktop portal on it that behaves as the real one does: D-Bus by hand, nothing of DevOS."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
REGISTRY = "org.freedesktop.host.portal.Registry"
LIMIT = 20.0
"""Seconds in which anything here is over."""

Result = TypeVar("Result")


class Bus:
    """A dbus-daemon for one test, which can be killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=LIMIT)


@dataclass
class Behaviour:
    """How the desktop is, and what the person at it answers."""

    response: int = 0
    """What the person says to the dialog: 0 yes, 1 no, 2 it ended in another way."""
    session_response: int = 0
    only: frozenset[str] | None = None
    """Which shortcuts the person lets through; None for all."""
    early: bool = False
    """Whether a response is sent before the call that it belongs to has returned."""
    silent: bool = False
    """Whether the person never answers the dialog."""
    interface: bool = True
    """Whether there is an implementation of global shortcuts."""
    registry: bool = True
    needs_app: bool = True
    """As xdg-desktop-portal from 1.21 on: nobody without an app id may have a session."""
    applications: Path | None = None
    """Where .desktop files are looked for; None where any app id is believed."""
    other_path: bool = False
    """As portals before 0.9: requests live at a path that cannot be foretold."""


@dataclass
class Seen:
    """What the portal was asked for."""

    apps: dict[str, str] = field(default_factory=dict)
    """Connection → the app id it registered."""
    sessions: dict[str, str] = field(default_factory=dict)
    """Session → the connection that owns it."""
    bound: list[list[tuple[str, dict[str, str]]]] = field(default_factory=list)
    """For each call that binds: the shortcuts' ids, descriptions and triggers."""


class Portal:
    """The stand-in, on a thread of its own."""

    def __init__(self, address: str, behaviour: Behaviour) -> None:
        self.behaviour, self.seen, self._address = behaviour, Seen(), address
        self.asked = threading.Event()
        """Set when shortcuts are to be bound."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-in portal")
        self._thread.start()
        self._bus: MessageBus | None = None
        self.arrive()

    def arrive(self) -> None:
        """Come onto the bus."""
        self._do(self._arrive())

    def leave(self) -> None:
        """Go away, as when it crashes or is restarted."""
        self._do(self._leave())
        self.seen.apps.clear()
        self.seen.sessions.clear()

    def press(self, shortcut: str) -> None:
        """Somebody presses the keys of a shortcut."""
        self._do(self._emit("Activated", shortcut))

    def release(self, shortcut: str) -> None:
        self._do(self._emit("Deactivated", shortcut))

    def end_sessions(self) -> None:
        """Close the sessions, as when the person switches the shortcuts off."""
        self._do(self._end_sessions())

    def change(self, shortcut: str, trigger: str) -> None:
        """The person gives a shortcut other keys in the desktop's settings."""
        body = [(shortcut, {"trigger_description": Variant("s", trigger)})]
        self._do(self._signal_all("ShortcutsChanged", "oa(sa{sv})", body))

    def close(self) -> None:
        if self._bus is not None:
            self.leave()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT)
        self._loop.close()

    def _do(self, what: Coroutine[Any, Any, Result]) -> Result:
        done: Future[Result] = asyncio.run_coroutine_threadsafe(what, self._loop)
        return done.result(LIMIT)

    async def _arrive(self) -> None:
        self._bus = await MessageBus(bus_address=self._address).connect()
        self._bus.add_message_handler(self._handle)
        await self._bus.request_name(NAME)

    async def _leave(self) -> None:
        assert self._bus is not None
        await _hang_up(self._bus)
        self._bus = None

    def _handle(self, message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or message.path != PATH:
            return None
        sender = str(message.sender)
        if message.interface == REGISTRY and self.behaviour.registry:
            return self._register(message, sender)
        if message.interface != SHORTCUTS or not self.behaviour.interface:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "No such interface")
        self.seen.apps.setdefault(sender, "")  # who calls before registering has no app id, and gets none any more
        if message.member == "CreateSession":
            return self._create(message, sender)
        if message.member == "BindShortcuts":
            return self._bind(message, sender)
        return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", str(message.member))

    def _register(self, message: Message, sender: str) -> Message:
        app, _ = message.body
        where = self.behaviour.applications
        if sender in self.seen.apps:
            return Message.new_error(message, "org.freedesktop.portal.Error.Failed", "Connection already registered")
        if where is not None and not (where / f"{app}.desktop").is_file():
            return Message.new_error(message, "org.freedesktop.portal.Error.Failed", f"App info not found for '{app}'")
        self.seen.apps[sender] = app
        return Message.new_method_return(message)

    def _create(self, message: Message, sender: str) -> Message:
        if self.behaviour.needs_app and not self.seen.apps[sender]:
            return Message.new_error(message, "org.freedesktop.portal.Error.NotAllowed", "An app id is required")
        options = message.body[0]
        session = f"{PATH}/session/{_escaped(sender)}/{options['session_handle_token'].value}"
        self.seen.sessions[session] = sender
        results = {"session_handle": Variant("s", session)}
        return self._answered(message, options, self.behaviour.session_response, results)

    def _bind(self, message: Message, sender: str) -> Message:
        session, shortcuts, _, options = message.body
        if self.seen.sessions.get(session) != sender:
            return Message.new_error(message, "org.freedesktop.DBus.Error.AccessDenied", "Invalid session")
        asked = [(name, {key: value.value for key, value in about.items()}) for name, about in shortcuts]
        self.seen.bound.append(asked)
        self.asked.set()
        bound = [
            (name, {"trigger_description": Variant("s", f"Press {about['preferred_trigger']}")})
            for name, about in asked
            if self.behaviour.only is None or name in self.behaviour.only
        ]
        results = {"shortcuts": Variant("a(sa{sv})", bound)} if self.behaviour.response == 0 else {}
        return self._answered(message, options, self.behaviour.response, results)

    def _answered(
        self, message: Message, options: dict[str, Variant], response: int, results: dict[str, Variant]
    ) -> Message:
        """Answer a request: its handle is returned at once, its response is a signal before or after that."""
        sender = str(message.sender)
        token = "of_its_own" if self.behaviour.other_path else options["handle_token"].value
        handle = f"{PATH}/request/{_escaped(sender)}/{token}"
        told = Message(
            message_type=MessageType.SIGNAL,
            path=handle,
            interface="org.freedesktop.portal.Request",
            member="Response",
            signature="ua{sv}",
            body=[response, results],
        )
        assert self._bus is not None
        if not (self.behaviour.silent and message.member == "BindShortcuts"):
            if self.behaviour.early:
                self._bus.send(told)
            else:
                self._loop.call_soon(self._bus.send, told)
        return Message.new_method_return(message, "o", [handle])

    async def _emit(self, member: str, shortcut: str) -> None:
        await self._signal_all(member, "osta{sv}", shortcut, 0, {})

    async def _signal_all(self, member: str, signature: str, *body: Any) -> None:
        """Tell the owner of each session, and nobody else."""
        assert self._bus is not None
        for session, owner in self.seen.sessions.items():
            await self._bus.send(
                Message(
                    message_type=MessageType.SIGNAL,
                    destination=owner,
                    path=PATH,
                    interface=SHORTCUTS,
                    member=member,
                    signature=signature,
                    body=[session, *body],
                )
            )

    async def _end_sessions(self) -> None:
        assert self._bus is not None
        for session in self.seen.sessions:
            await self._bus.send(
                Message(
                    message_type=MessageType.SIGNAL,
                    path=session,
                    interface="org.freedesktop.portal.Session",
                    member="Closed",
                    signature="a{sv}",
                    body=[{}],
                )
            )


class Stranger:
    """Another program on the bus, which pretends to be the portal."""

    def __init__(self, address: str) -> None:
        self._address = address

    def pretends(self, owner: str, session: str, shortcut: str) -> None:
        """Send a press to a connection, as only the portal may."""

        async def send() -> None:
            bus = await MessageBus(bus_address=self._address).connect()
            signal = Message(
                message_type=MessageType.SIGNAL,
                destination=owner,
                path=PATH,
                interface=SHORTCUTS,
                member="Activated",
                signature="osta{sv}",
                body=[session, shortcut, 0, {}],
            )
            await bus.send(signal)
            await bus.call(  # the bus keeps the order of one connection: when this is answered, that was delivered
                Message("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId")
            )
            await _hang_up(bus)

        asyncio.run(send())


async def _hang_up(bus: Any) -> None:
    bus.disconnect()
    with suppress(EOFError):  # when the bus was killed before
        await bus.wait_for_disconnect()


def _escaped(sender: str) -> str:
    return sender.removeprefix(":").replace(".", "_")
