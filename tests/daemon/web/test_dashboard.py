"""The server: on the loopback alone, beside everything else in the daemon, gone when it is closed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from daemon.web.dashboard import Dashboard, PortTaken

if TYPE_CHECKING:
    from tests.daemon.conftest import House
    from tests.daemon.web.conftest import Browser, Site


def listeners(process: int) -> list[tuple[str, int]]:
    """The addresses and ports on which a process listens, by the kernel."""
    found, own = [], set()
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # what is closed meanwhile
            own.add(str(each.readlink()))
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                address, port = fields[1].split(":")
                found.append((address, int(port, 16)))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of whose sockets there are")
def test_the_daemon_listens_on_the_loopback_alone(house: House) -> None:
    assert house.daemon is not None
    url = house.ask("open")["url"]
    found = listeners(house.daemon.pid)
    loopback = "0100007F" if sys.byteorder == "little" else "7F000001"
    assert {address for address, _ in found} == {loopback}
    assert int(re.findall(r":(\d+)/", url)[0]) in {port for _, port in found}


async def test_a_port_of_ones_own(site: Site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dashboard = Dashboard(site.app, port=port)
    await dashboard.open()
    assert dashboard.url == f"http://127.0.0.1:{port}"
    with pytest.raises(PortTaken, match=f"cannot listen on http://127.0.0.1:{port}"):
        await Dashboard(site.app, port=port).open()
    await dashboard.close()


async def test_it_can_be_closed_while_somebody_follows_it(site: Site) -> None:
    dashboard = Dashboard(site.app)
    await dashboard.open()
    async with httpx.AsyncClient(base_url=dashboard.url, headers={"Origin": dashboard.url}) as client:
        await client.post("/login", data={"link": dashboard.login_url().rpartition("/")[2]})
        async with client.stream("GET", "/events") as stream:
            following = stream.aiter_bytes()
            assert await anext(following)
            await asyncio.wait_for(dashboard.close(), 30)
            left = [each async for each in following]  # it ends, and at most something has happened before
            assert all(each.startswith(b"event: changed") for each in left)
        with pytest.raises(httpx.ConnectError):
            await client.get("/")
    await dashboard.close()


async def test_it_leaves_the_daemons_signals_alone(site: Site) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    dashboard = Dashboard(site.app)
    await dashboard.open()
    assert {number: signal.getsignal(number) for number in before} == before
    await dashboard.close()


async def test_closing_what_was_never_opened(site: Site) -> None:
    await Dashboard(site.app).close()


async def test_two_homes_do_not_share_a_cookie(site: Site, browser: Browser) -> None:
    other = Dashboard(site.app)
    assert other.cookie != site.dashboard.cookie
    await other.open()
    (secret,) = browser.client.cookies.values()
    headers = {"Cookie": f"{other.cookie}={secret}"}
    async with httpx.AsyncClient(base_url=other.url, headers=headers) as client:
        assert (await client.get("/api/runs")).status_code == 403
    await other.close()


async def test_who_may_answer_by_the_link_alone(site: Site) -> None:
    async def writable(**how: object) -> bool:
        link = site.dashboard.login_url(**how).rpartition("/")[2]  # type: ignore[arg-type]  # a word, or excused
        client = site.browser()
        await client.post("/login", data={"link": link})
        return bool((await client.get("/api/session")).json()["writable"])

    assert await writable()
    site.app.sandbox = False
    assert not await writable() and not await writable(word="kilo-zulu-204")
    assert await writable(excused=True)


async def test_answers_say_nothing_of_what_serves_them(site: Site, browser: Browser) -> None:
    answer = await browser.get("/")
    assert not {"server", "date", "x-powered-by"} & set(answer.headers)


ASK = """
import sys, urllib.request, urllib.error
try:
    request = urllib.request.Request(sys.argv[1], headers={"Cookie": sys.argv[2]})
    print(urllib.request.urlopen(request).status)
except urllib.error.HTTPError as refused:
    print(refused.code, refused.read())
"""


@pytest.mark.skipif(os.getuid() != 0 or sys.platform != "linux", reason="only root can act as somebody else")
async def test_another_account_of_this_machine_gets_nothing_even_with_the_cookie(site: Site, browser: Browser) -> None:
    (secret,) = browser.client.cookies.values()
    said = []
    for user in ("nobody", None):
        program = await asyncio.create_subprocess_exec(
            *("/usr/bin/python3", "-c", ASK, f"{site.url}/api/session", f"{site.dashboard.cookie}={secret}"),
            stdout=asyncio.subprocess.PIPE,
            user=user,
            cwd="/",
        )
        said.append((await program.communicate())[0].decode().strip())
    assert said == ["403 b''", "200"]
