"""What DevOS tells the service manager that started it: when it is ready, what it is doing, that it still turns.

The protocol is sd_notify(3): datagrams of NAME=VALUE lines to the socket that $NOTIFY_SOCKET names. Without one, as in
a terminal or under launchd, nothing is told and nothing is missing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, MutableMapping

from policies.visible import visible

logger = logging.getLogger("devos.service")

OFTEN = 1.0
"""Seconds between two looks at what there is to tell."""


class ServiceManager:
    """Whoever supervises this process, where somebody does."""

    def __init__(
        self,
        environment: MutableMapping[str, str] = os.environ,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Find it, and take its variables out of the environment: git and cdk must not speak in this process's name.

        Args:
            environment: this process's.
            clock: seconds that stand still while the machine sleeps, as the manager's own do.
            sleep: waits that many seconds.
        """
        self._clock, self._sleep = clock, sleep
        address = environment.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        limit, meant = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
        self.patience = int(limit) / 1e6 if limit.isdigit() and meant in ("", str(os.getpid())) else 0.0
        """Seconds without a sign of life after which the manager ends this process; 0 where it does not."""

    @property
    def there(self) -> bool:
        """Whether anybody is told anything."""
        return bool(self._address)

    def tell(self, **state: str | int) -> None:
        """Send one message of these names and values; one that cannot be sent is lost.

        It never waits: a manager that does not read must not hold anything up.
        """
        if not self._address:
            return
        lines = "\n".join(f"{name}={visible(str(value), lines=False)}" for name, value in state.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
                connection.setblocking(False)
                connection.sendto(lines.encode(errors="replace"), self._address)
        except OSError as problem:
            logger.debug("the service manager could not be told anything: %s", problem)

    def ready(self) -> None:
        """Say that whoever waits for DevOS can go on."""
        self.tell(READY=1, MAINPID=os.getpid())

    def reloading(self) -> None:
        """Say that the settings are being read again; `ready` ends it."""
        self.tell(RELOADING=1, MONOTONIC_USEC=time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)

    def stopping(self) -> None:
        """Say that DevOS is about to end."""
        self.tell(STOPPING=1)

    async def keep_told(self, status: Callable[[], str]) -> None:
        """Say what DevOS is doing whenever that changes, and give signs of life from this loop, until cancelled.

        A loop that is blocked gives none, so the manager starts DevOS again; that is what they are for.
        """
        if not self._address:
            return
        said, due = "", self._clock()
        pause = min(OFTEN, self.patience / 4) if self.patience else OFTEN
        while True:
            now: dict[str, str | int] = {}
            text = _asked(status, said)
            if text != said:
                now["STATUS"] = said = text
            if self.patience and self._clock() + pause / 2 >= due:
                now["WATCHDOG"] = 1
                due = self._clock() + self.patience / 2
            if now:
                self.tell(**now)
            await self._sleep(pause)


def _asked(status: Callable[[], str], before: str) -> str:
    """What DevOS is doing; a fault in finding that out must not look like a loop that is blocked."""
    try:
        return status()
    except Exception:
        logger.exception("what DevOS is doing could not be told")
        return before
