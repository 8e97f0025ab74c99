"""Talking to a portal: who may speak, what is answered early, and what is said when something is gone."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from portal_stand_in import LIMIT, Behaviour, Bus, Portal

from daemon.hotkeys.portal_bus import UNKNOWN, Lost, PortalBus, Refused, address_of


class Here:
    """A bus, and a portal on it."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.behaviour = Behaviour()
        self.portal = Portal(self.bus.address, self.behaviour)
        self.heard: asyncio.Queue[tuple[str, list[Any]]] = asyncio.Queue()

    async def opened(self) -> PortalBus:
        return await PortalBus.open(
            {"DBUS_SESSION_BUS_ADDRESS": self.bus.address},
            "dev.devos.Test",
            lambda *signal: self.heard.put_nowait(signal),
        )

    async def session(self) -> tuple[PortalBus, str]:
        opened = await self.opened()
        response, given = await opened.request("CreateSession", "a{sv}", session_handle_token="test")
        assert response == 0
        session = str(given["session_handle"].value)
        opened.follow(session)
        return opened, session

    def close(self) -> None:
        self.portal.close()
        self.bus.kill()


@pytest.fixture
def here() -> Iterator[Here]:
    if not shutil.which("dbus-daemon"):
        pytest.skip("install with: make system (it wants dbus, a session bus without a desktop)")
    made = Here()
    yield made
    made.close()


async def test_it_registers_before_anything_else(here: Here) -> None:
    opened, _ = await here.session()
    assert list(here.portal.seen.apps.values()) == ["dev.devos.Test"]
    await opened.aclose()


@pytest.mark.parametrize("early", [True, False])
async def test_two_requests_at_once_are_not_mixed_up(here: Here, early: bool) -> None:
    here.behaviour.early = early
    opened, session = await here.session()
    first, second = (
        opened.request("BindShortcuts", "oa(sa{sv})sa{sv}", session, [(name, _about(name))], "") for name in "ab"
    )
    async with asyncio.timeout(LIMIT):
        answers = await asyncio.gather(first, second)
    assert [given["shortcuts"].value[0][0] for _, given in answers] == ["a", "b"]
    await opened.aclose()


def _about(name: str) -> dict[str, Any]:
    from dbus_fast import Variant

    return {"description": Variant("s", name), "preferred_trigger": Variant("s", name)}


async def test_signals_of_our_session_only(here: Here) -> None:
    opened, _ = await here.session()
    await asyncio.to_thread(here.portal.press, "mute")
    async with asyncio.timeout(LIMIT):
        assert await here.heard.get() == ("Activated", ["mute", 0, {}])
    opened.follow("/another")
    await asyncio.to_thread(here.portal.press, "mute")
    with pytest.raises(Refused):  # an answer from the portal, behind whatever it sent before
        await opened.call("no.such.interface", "Ping", "")
    assert here.heard.empty()
    await opened.aclose()


async def test_an_error_has_its_name(here: Here) -> None:
    here.behaviour.interface = False
    opened = await here.opened()
    with pytest.raises(Refused) as no:
        await opened.request("CreateSession", "a{sv}", session_handle_token="test")
    assert no.value.name in UNKNOWN and str(no.value) == "No such interface"
    await opened.aclose()


async def test_who_waits_is_told_that_the_portal_is_gone(here: Here) -> None:
    here.behaviour.silent = True
    opened, session = await here.session()
    asking = asyncio.create_task(opened.request("BindShortcuts", "oa(sa{sv})sa{sv}", session, [], ""))
    assert await asyncio.to_thread(here.portal.asked.wait, LIMIT)
    await asyncio.to_thread(here.portal.leave)
    async with asyncio.timeout(LIMIT):
        with pytest.raises(Lost, match="portal ended"):
            await asking
        assert await opened.until_lost() == "The desktop portal ended."
    await opened.aclose()
    await asyncio.to_thread(here.portal.arrive)


async def test_calls_after_the_bus_is_gone(here: Here) -> None:
    opened, _ = await here.session()
    await asyncio.to_thread(here.bus.kill)
    async with asyncio.timeout(LIMIT):
        assert await opened.until_lost() == "The session bus went away."
    with pytest.raises(Lost, match="went away"):
        await opened.request("CreateSession", "a{sv}", session_handle_token="test")
    await opened.aclose()


async def test_a_bus_of_nonsense(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "bus"))
        server.listen()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"GO AWAY\r\n")
                connection.recv(1000)

        answering = asyncio.create_task(asyncio.to_thread(answer))
        with pytest.raises(Lost, match="does not answer"):
            await PortalBus.open({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/bus"}, "x", lambda *_: None)
        await answering


def test_where_the_bus_is(tmp_path: Path) -> None:
    assert (
        address_of({"DBUS_SESSION_BUS_ADDRESS": "unix:abstract=x", "XDG_RUNTIME_DIR": str(tmp_path)})
        == "unix:abstract=x"
    )
    assert address_of({"XDG_RUNTIME_DIR": str(tmp_path)}) == ""
    folder = tmp_path / "a b"
    folder.mkdir()
    (folder / "bus").touch()
    assert address_of({"XDG_RUNTIME_DIR": str(folder)}) == f"unix:path={tmp_path}/a%20b/bus"
    assert address_of({}) == ""
