"""Looking at a session bus that a test has for itself."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from portal_stand_in import NAME, SHORTCUTS, Bus

from daemon.doctor.bus import NoBus, session_bus


@pytest.fixture
def bus() -> Iterator[Bus]:
    if not shutil.which("dbus-daemon"):
        pytest.skip("install with: make system (it wants dbus, a session bus without a desktop)")
    made = Bus()
    yield made
    made.kill()


async def on(bus: Bus, *names: str, version: int | None = None) -> Any:
    """Somebody on the bus, whose GlobalShortcuts has that version."""
    there: Any = await MessageBus(bus_address=bus.address).connect()

    def answer(message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or message.member != "Get":
            return None
        if message.body != [SHORTCUTS, "version"] or version is None:
            return Message.new_error(message, "org.freedesktop.DBus.Error.InvalidArgs", "No such interface")
        return Message.new_method_return(message, "v", [Variant("u", version)])

    there.add_message_handler(answer)
    for each in names:
        await there.request_name(each)
    return there


async def test_who_is_there_and_what_the_portal_can(bus: Bus) -> None:
    there = await on(bus, NAME, "org.freedesktop.Notifications", version=2)
    found = await asyncio.to_thread(session_bus, {"DBUS_SESSION_BUS_ADDRESS": bus.address})
    assert {NAME, "org.freedesktop.Notifications"} <= found.names and found.shortcuts == 2
    there.disconnect()
    await there.wait_for_disconnect()


async def test_a_portal_without_shortcuts_and_none(bus: Bus) -> None:
    address = {"DBUS_SESSION_BUS_ADDRESS": bus.address}
    assert NAME not in (await asyncio.to_thread(session_bus, address)).names
    there = await on(bus, NAME)
    found = await asyncio.to_thread(session_bus, address)
    assert NAME in found.names and found.shortcuts is None
    there.disconnect()
    await there.wait_for_disconnect()


def test_no_bus_and_one_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(NoBus, match=r"^There is no session bus here"):
        session_bus({"XDG_RUNTIME_DIR": str(tmp_path)})
    with pytest.raises(NoBus, match=r"^The session bus does not answer \("):
        session_bus({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/bus"})


def test_a_bus_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.doctor.bus.SECONDS", 0.05)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(str(tmp_path / "bus"))
        door.listen()
        with pytest.raises(NoBus, match=r"^The session bus does not answer \(TimeoutError\)"):
            session_bus({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/bus"})
