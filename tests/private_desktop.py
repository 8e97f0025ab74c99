"""A desktop session that is nobody's: a screen, a bus, and dunst, whose menu a test chooses from."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Desktop:
    """A private session with dunst, whose menu a person chooses from."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    async def press(self, title: str) -> None:
        """Choose a button of the notification in front."""
        (self.folder / "press").write_text(f"#{title} (")
        await self._ctl("context")

    async def put_away(self) -> None:
        await self._ctl("close")

    async def shown(self) -> int:
        """How many notifications are displayed."""
        return int(await self._ctl("count", "displayed"))

    async def _ctl(self, *words: str) -> str:
        made = await asyncio.create_subprocess_exec(
            "dunstctl", *words, env=self.environment, stdout=asyncio.subprocess.PIPE
        )
        return (await made.communicate())[0].decode()


@contextmanager
def private_desktop(folder: Path) -> Iterator[Desktop]:
    """Start one, and end it again."""
    (folder / "choose").write_text(f'#!/bin/sh\ntee {folder}/menu | grep -m1 -F "$(cat {folder}/press)"\n')
    (folder / "choose").chmod(0o700)
    (folder / "dunstrc").write_text(f"[global]\n    dmenu = {folder}/choose\n")
    started: list[subprocess.Popen[str]] = []

    def start(*command: str, pass_fds: tuple[int, ...] = (), **environment: str) -> subprocess.Popen[str]:
        made = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            pass_fds=pass_fds,
            env=os.environ | environment,
        )
        started.append(made)
        return made

    try:
        bus = start("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address")
        assert bus.stdout is not None
        address = bus.stdout.readline().strip()
        reading, writing = os.pipe()
        start("Xvfb", "-displayfd", str(writing), "-screen", "0", "640x480x8", "-nolisten", "tcp", pass_fds=(writing,))
        os.close(writing)
        with os.fdopen(reading) as told:
            display = f":{told.readline().strip()}"
        environment = {"DBUS_SESSION_BUS_ADDRESS": address, "DISPLAY": display}
        start("dunst", "-conf", str(folder / "dunstrc"), **environment)
        deadline = time.monotonic() + 20
        while subprocess.run(["dunstctl", "count"], env=os.environ | environment, capture_output=True).returncode:
            assert time.monotonic() < deadline, "dunst did not come up"
        yield Desktop(folder, os.environ | environment)
    finally:
        for each in reversed(started):
            each.terminate()
            each.communicate(timeout=20)
