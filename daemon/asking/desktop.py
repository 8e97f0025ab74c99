"""Asking by a notification on the asker's own desktop, with buttons.

A button says yes to what stands beside it, so it is there only where all of that stands there: a short question of one
or two changes in our own words. For every other question the notification has one button, which opens the dashboard.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policies.approval import Approval
from policies.approvals import Approvals, CannotAnswer
from policies.visible import visible

if TYPE_CHECKING:
    from desktop_notifier import DesktopNotifier

MOST_CHANGES, MOST_CHARACTERS, MOST_LINES = 2, 360, 8
"""What a notification surely shows whole."""
MARKUP = frozenset("<>&")
"""What some desktops take for markup, so that it would not be seen."""
REFLEX = 1.0
"""Seconds in which a press is taken for one that was meant for something else."""


class DesktopWay:
    """Asks whoever sits at this machine about their own requests."""

    name = "desktop"

    def __init__(
        self,
        approvals: Approvals,
        person: str,
        show: Callable[[Approval], object],
        *,
        environment: Mapping[str, str] = os.environ,
        platform: str = sys.platform,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build it; the notification service is looked for when the first question comes.

        Args:
            approvals: where answers go.
            person: whose desktop it is.
            show: opens the dashboard at a question.
            environment: where the session bus is named.
            platform: as sys.platform says.
            clock: seconds, from any beginning.
        """
        self._approvals, self._person, self._show, self._clock = approvals, person, show, clock
        self._bus = has_desktop(environment, platform)
        self._notifier: DesktopNotifier | None = None
        self._up: dict[str, tuple[str, int | None]] = {}
        self.shown = 0
        """How many notifications were shown so far."""
        self.health = "ready" if self._bus else "There is no desktop session here, so no notification is shown."

    def objection(self, approval: Approval) -> str:
        """Why a question is not shown on this desktop."""
        if not self._bus:
            return self.health
        if approval.level == "approve" or approval.asker != self._person:
            return "It is not asked of whoever sits here."
        return self._approvals.voters.problem(approval, self._person, self.name)

    async def ask(self, approval: Approval) -> None:
        """Show the notification and wait for a button until cancelled.

        Raises:
            NoDesktop: nothing on this desktop shows notifications.
        """
        text = whole(approval)
        while True:
            pressed, since = await self._notify(approval, text), self._clock()
            answer = await pressed
            await self._take_down(approval.id)  # some desktops leave it standing after a press
            if answer is None:
                return  # it was put away; the question stays open elsewhere
            if self._clock() - since < REFLEX:
                continue
            if answer == "show":
                await asyncio.to_thread(self._show, approval)
                return
            try:
                await self._approvals.answer(
                    approval.id, answer == "yes", self._person, self.name, digest=approval.digest
                )
            except CannotAnswer as problem:
                self.health = visible(str(problem), lines=False)
            return

    async def withdraw(self, approval: Approval) -> None:
        """Take the notification away. One of an earlier process has no buttons that lead anywhere any more."""
        await self._take_down(approval.id)

    async def aclose(self) -> None:
        """Take everything down, since nobody would hear the buttons, and leave the session's bus."""
        for code in list(self._up):
            await self._take_down(code)
        backend: Any = getattr(self._notifier, "_backend", None)
        self._notifier = None
        if bus := getattr(backend, "bus", None):
            bus.disconnect()
            await bus.wait_for_disconnect()

    async def _take_down(self, code: str) -> None:
        identifier, native = self._up.pop(code, (None, None))
        backend: Any = getattr(self._notifier, "_backend", None)
        if identifier is None or self._notifier is None:
            return
        # The library forgets a notification when it is pressed, and then cannot close it any more.
        with suppress(Exception):  # it may be gone, and so may be whatever showed it
            if native is not None:
                await backend.interface.call_close_notification(native)
            else:
                await self._notifier.clear(identifier)

    async def _notify(self, approval: Approval, text: str) -> asyncio.Future[str | None]:
        """Show it; what is pressed will be "yes", "no", "show", or None where it is put away."""
        library: Any = import_module("desktop_notifier")
        notifier = await self._connected(library)
        loop = asyncio.get_running_loop()
        pressed: asyncio.Future[str | None] = loop.create_future()

        def press(what: str | None) -> Callable[[], None]:
            return lambda: None if pressed.done() else pressed.set_result(what)

        titles = {"yes": "Yes", "no": "No"} if text else {}
        buttons = [library.Button(title, press(what)) for what, title in {**titles, "show": "Show"}.items()]
        identifier = await notifier.send(
            f"DevOS asks: {approval.id}",
            text or f"{_count(approval)} to look at before you answer. Press Show.",
            buttons=buttons,
            on_clicked=press("show"),
            on_dismissed=press(None),
            timeout=0,  # until it is answered
        )
        known: Any = getattr(getattr(notifier, "_backend", None), "_platform_to_interface_notification_identifier", {})
        native = next((number for number, name in known.items() if name == identifier), None)
        self._up[approval.id] = (identifier, native)
        self.shown += 1
        return pressed

    async def _connected(self, library: Any) -> DesktopNotifier:
        """The notification service, once it is sure that it is there: sending fails silently where it is not.

        Raises:
            NoDesktop: it is not.
        """
        if self._notifier is None:
            notifier = library.DesktopNotifier(app_name="DevOS", app_icon=None)
            try:
                able = await notifier.get_capabilities()
            except Exception as problem:
                raise NoDesktop(f"Nothing on this desktop shows notifications: {problem}") from None
            if library.Capability.BUTTONS not in able:
                raise NoDesktop("The notifications of this desktop have no buttons.")
            self._notifier = notifier
            self.health = "ready"
        return self._notifier


class NoDesktop(Exception):
    """Notifications cannot be shown; the message says why."""


def whole(approval: Approval) -> str:
    """Everything that a question asks for, in a text that a notification shows whole; empty where there is no such.

    What others wrote never stands beside a button that says yes, nor does anything that is shortened.
    """
    plan = approval.plan
    others = approval.opened or any(change.get("quoted") or change.get("outside") for change in plan)
    if approval.level != "confirm" or approval.must_say_why or others or not 0 < len(plan) <= MOST_CHANGES:
        return ""
    text = "\n".join(line for change in plan for line in _lines(change))
    fits = len(text) <= MOST_CHARACTERS and text.count("\n") < MOST_LINES
    return text if fits and visible(text) == text and not MARKUP & set(text) else ""


def _lines(change: Mapping[str, Any]) -> list[str]:
    arguments = ", ".join(f"{name}={value!r}" for name, value in change["args"].items())
    lines = [str(change["summary"]), f"{change['action']}({arguments}), {change['environment']}"]
    if change.get("cost") is not None:
        lines.append(f"costs about ${change['cost']} a month")
    lines += str(change.get("evidence") or "").splitlines()
    return [*lines, f"undo: {change.get('undo') or 'cannot be taken back'}"]


def _count(approval: Approval) -> str:
    return "1 change" if len(approval.plan) == 1 else f"{len(approval.plan)} changes"


def has_desktop(environment: Mapping[str, str], platform: str) -> bool:
    """Whether there is a desktop session that could show something."""
    if platform == "darwin":
        return True
    if environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    runtime = environment.get("XDG_RUNTIME_DIR")
    return bool(runtime) and Path(str(runtime), "bus").exists()
