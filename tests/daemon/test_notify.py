"""What a service manager hears, at the other end of real sockets."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.notify import ServiceManager


class Hears:
    """A service manager's end."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)

    def all(self) -> list[dict[str, str]]:
        messages = []
        while True:
            try:
                text = self._socket.recv(65_536).decode()
            except BlockingIOError:
                return messages
            messages.append(dict(line.split("=", 1) for line in text.splitlines()))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest) -> Iterator[Hears]:
    with tempfile.TemporaryDirectory(prefix="devos-") as folder:
        if request.param == "abstract" and not Path("/proc/net/unix").exists():
            pytest.skip("abstract sockets are Linux's")
        hears = Hears(f"@devos-{secrets.token_hex(8)}" if request.param == "abstract" else str(Path(folder, "notify")))
        yield hears
        hears.close()


class Time:
    """A clock that only sleeping moves; it ends after some seconds."""

    def __init__(self, seconds: float) -> None:
        self.now, self._end = 100.0, 100.0 + seconds

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self._end:
            raise asyncio.CancelledError


async def told(environment: dict[str, str], status: list[str], time: Time) -> None:
    manager = ServiceManager(environment, clock=time.clock, sleep=time.sleep)
    with pytest.raises(asyncio.CancelledError):
        await manager.keep_told(lambda: status.pop(0) if len(status) > 1 else status[0])


def test_it_is_told_that_devos_is_ready_and_what_it_does(manager: Hears) -> None:
    ours = ServiceManager({"NOTIFY_SOCKET": manager.address})
    ours.ready()
    ours.tell(STATUS="2 runs,\n1 question\x1b[31m")
    ours.stopping()
    assert manager.all() == [
        {"READY": "1", "MAINPID": str(os.getpid())},
        {"STATUS": "2 runs, 1 question"},
        {"STOPPING": "1"},
    ]


def test_reloading_says_since_when(manager: Hears) -> None:
    ServiceManager({"NOTIFY_SOCKET": manager.address}).reloading()
    (message,) = manager.all()
    assert message["RELOADING"] == "1" and int(message["MONOTONIC_USEC"]) > 0


def test_programs_that_devos_starts_cannot_speak_in_its_name() -> None:
    environment = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1", "PATH": "/bin"}
    ServiceManager(environment)
    assert environment == {"PATH": "/bin"}


async def test_the_status_is_told_when_it_changes_and_only_then(manager: Hears) -> None:
    await told({"NOTIFY_SOCKET": manager.address}, ["idle", "idle", "1 run", "1 run", "idle"], Time(10))
    assert manager.all() == [{"STATUS": "idle"}, {"STATUS": "1 run"}, {"STATUS": "idle"}]


async def test_signs_of_life_come_twice_in_the_time_the_watchdog_has(manager: Hears) -> None:
    pid = str(os.getpid())
    await told({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": pid}, ["idle"], Time(60))
    messages = manager.all()
    assert [each.get("WATCHDOG") for each in messages] == ["1"] * 6, "at 0, 10, 20, 30, 40 and 50 seconds"


async def test_a_watchdog_of_milliseconds_is_kept_content_too(manager: Hears) -> None:
    await told({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "400000"}, ["idle"], Time(1.05))
    assert len([each for each in manager.all() if "WATCHDOG" in each]) >= 5


async def test_a_watchdog_that_is_another_process_s_is_left_alone(manager: Hears) -> None:
    environment = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}
    await told(environment, ["idle"], Time(10))
    assert manager.all() == [{"STATUS": "idle"}]


async def test_a_status_that_cannot_be_found_out_does_not_look_like_a_hanging_loop(manager: Hears) -> None:
    time = Time(5)
    ours = ServiceManager(
        {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "4000000"}, clock=time.clock, sleep=time.sleep
    )

    def status() -> str:
        raise KeyError("no such run")

    with pytest.raises(asyncio.CancelledError):
        await ours.keep_told(status)
    assert [each for each in manager.all() if "WATCHDOG" in each]


async def test_without_a_manager_nothing_is_told_and_nothing_waits() -> None:
    ours = ServiceManager({})
    assert not ours.there
    ours.ready()
    await asyncio.wait_for(ours.keep_told(lambda: "idle"), 10)


def test_a_manager_that_does_not_read_holds_nothing_up(manager: Hears) -> None:
    ours = ServiceManager({"NOTIFY_SOCKET": manager.address})
    for number in range(2000):
        ours.tell(STATUS=str(number))
    assert manager.all()[0] == {"STATUS": "0"}


def test_a_manager_that_is_gone_is_no_error(tmp_path: Path) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
