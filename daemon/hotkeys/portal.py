"""Hotkeys under Wayland: the desktop binds them, and tells of presses through its GlobalShortcuts portal.

The desktop shows the person the shortcuts once, may give them other keys, and remembers what was agreed by the app id
and the name of each. It binds single keys only; `daemon.hotkeys.triggers` says what becomes of words.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from types import MappingProxyType
from typing import Any

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.portal_bus import SHORTCUTS, UNKNOWN, Lost, PortalBus, Refused
from daemon.hotkeys.press import Press
from daemon.hotkeys.program import APP, introduce
from daemon.hotkeys.triggers import Trigger, keysym, triggers_of
from daemon.hotkeys.way import NoHotkeys
from policies.visible import visible

INSTEAD = (
    "The desktop's own shortcuts can do it instead: `devos press --snippet gnome` (or kde, sway, hyprland) prints them."
)

MODIFIERS = {"ctrl": "CTRL", "alt": "ALT", "shift": "SHIFT", "super": "LOGO"}
"""A modifier here → in the portal's writing of shortcuts."""


class Portal:
    """One session with the portal; `start` returns once the desktop has bound the keys, which the person may delay."""

    name = "portal"

    def __init__(
        self,
        bindings: Sequence[Binding],
        deliver: Callable[[Press], None],
        died: Callable[[str], None],
        *,
        seconds: float = 2.0,
        environment: Mapping[str, str] = os.environ,
        summaries: Mapping[str, str] = MappingProxyType({}),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make it; nothing is asked of the desktop yet.

        Args:
            bindings: the keys.
            deliver: told of each press, on a thread of this way.
            died: told once when the bus, the portal or the session is gone.
            seconds: of no use here, since nothing is spelled.
            environment: where the session's bus and the person's data folder are named.
            summaries: request → what it does, for the desktop's dialog.
            clock: the time in seconds.
        """
        self._triggers = {each.id: each for each in triggers_of(bindings)}
        self._deliver, self._died, self._clock = deliver, died, clock
        self._environment, self._summaries = environment, summaries
        self._lock = threading.Lock()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._ready: Future[None] = Future()
        self._talking: set[str] = set()
        self.keys: Mapping[str, str] = MappingProxyType({})
        """Shortcut → how the desktop describes the keys it gave it, which the person may have changed."""
        self.problem = ""

    def start(self) -> None:
        """Ask the desktop to bind the keys, and wait until it has.

        Raises:
            NoHotkeys: there is no bus, no portal, or none that knows shortcuts; or the person declined.
        """
        introduce(self._environment)
        self._thread = threading.Thread(target=asyncio.run, args=(self._live(),), name="hotkeys portal", daemon=True)
        self._thread.start()
        try:
            self._ready.result()
        except NoHotkeys:
            self.close()
            raise

    def close(self) -> None:
        """Leave the bus, upon which the desktop gives the keys back. A `start` that still waits raises."""
        with self._lock:
            self._closed = True
            loop, task, thread = self._loop, self._task, self._thread
            if loop and task and not loop.is_closed():
                loop.call_soon_threadsafe(task.cancel)
        if thread and thread is not threading.current_thread():
            thread.join()

    async def _live(self) -> None:
        """The whole life of this way, on its own event loop."""
        with self._lock:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            closed = self._closed
        try:
            if not closed:
                await self._serve()
        except asyncio.CancelledError:
            pass  # closed, which is how it is meant to end
        except Exception as problem:
            strange = f"The desktop's portal answered strangely ({type(problem).__name__}). {INSTEAD}"
            self._end(strange) if self._ready.done() else self._ready.set_exception(NoHotkeys(strange))
        finally:
            with self._lock:
                self._loop = self._task = None
            if not self._ready.done():
                self._ready.set_exception(NoHotkeys("The hotkeys were closed before they were bound.", again=False))

    async def _serve(self) -> None:
        bus: PortalBus | None = None
        try:
            bus = await PortalBus.open(self._environment, APP, self._hear)
            await self._bind(bus)
            self._ready.set_result(None)
            self._end(await bus.until_lost())
        except Lost as lost:
            self._ready.set_exception(NoHotkeys(f"{visible(str(lost), lines=False)} {INSTEAD}"))
        except NoHotkeys as no:
            self._ready.set_exception(no)
        finally:
            if bus:
                await bus.aclose()

    async def _bind(self, bus: PortalBus) -> None:
        """Open a session and bind everything in it, which can be done once.

        Raises:
            NoHotkeys: the portal cannot, or the person does not want it.
            Lost: the portal or the bus went away.
        """
        from dbus_fast import Variant

        wanted = [
            (
                each.id,
                {
                    "description": Variant("s", each.describe(self._summaries)),
                    "preferred_trigger": Variant("s", preferred(each.chord)),
                },
            )
            for each in self._triggers.values()
        ]
        try:
            response, given = await bus.request("CreateSession", "a{sv}", session_handle_token="devos")
            if response != 0:
                raise NoHotkeys(f"The desktop opened no session for shortcuts. {INSTEAD}")
            session = str(given["session_handle"].value)
            bus.follow(session)
            response, given = await bus.request("BindShortcuts", "oa(sa{sv})sa{sv}", session, wanted, "")
        except Refused as no:
            raise self._refused(no) from None
        bound = given["shortcuts"].value if "shortcuts" in given else []
        if response != 0 or not bound:
            raise NoHotkeys(
                "The hotkeys were declined in the desktop's dialog. Restart DevOS to be asked again. " + INSTEAD,
                again=False,
            )
        self._learn(bound)
        missing = [each for each in self._triggers.values() if each.id not in self.keys]
        if missing:
            self.problem = f"The desktop has not bound {_listed(missing)}; its settings for shortcuts can."

    def _refused(self, no: Refused) -> NoHotkeys:
        if no.name in UNKNOWN:
            return NoHotkeys(f"This desktop's portal knows no global shortcuts ({SHORTCUTS}). {INSTEAD}")
        return NoHotkeys(f"The desktop's portal refused the shortcuts: {visible(str(no), lines=False)}. {INSTEAD}")

    def _hear(self, signal: str, body: list[Any]) -> None:
        """A signal about our shortcuts; on the event loop's thread."""
        at = self._clock()
        if signal == "ShortcutsChanged":
            self._learn(body[0])
        elif trigger := self._triggers.get(body[0]):
            binding = trigger.meant
            if binding.kind != "talk":
                if signal == "Activated":
                    self._tell(binding, down=True, at=at)
            elif signal == "Activated" and trigger.id not in self._talking:
                self._talking.add(trigger.id)
                self._tell(binding, down=True, at=at)
            elif signal == "Deactivated" and trigger.id in self._talking:
                self._talking.discard(trigger.id)
                self._tell(binding, down=False, at=at)

    def _learn(self, shortcuts: list[Any]) -> None:
        given = {
            name: visible(
                str(about["trigger_description"].value) if "trigger_description" in about else "", lines=False
            )
            for name, about in shortcuts
        }
        self.keys = MappingProxyType({**self.keys, **given})

    def _end(self, text: str) -> None:
        """Tell of the death of this way, and first that nobody holds the talk key any more."""
        if self._closed or not self._ready.done():
            return
        for each in sorted(self._talking):
            self._tell(self._triggers[each].meant, down=False, at=self._clock())
        self._talking.clear()
        self._died(text)

    def _tell(self, binding: Binding, *, down: bool, at: float) -> None:
        if not self._closed:
            self._deliver(Press(binding, down, at, self.name))


def preferred(chord: Chord) -> str:
    """A single key as portals write it: "CTRL+ALT+k", "LOGO+space"."""
    held = [name for modifier, name in MODIFIERS.items() if modifier in chord.modifiers]
    return "+".join([*held, keysym(chord.keys[0])])


def _listed(triggers: Sequence[Trigger]) -> str:
    return ", ".join(f"{each.chord} ({' / '.join(behind.name for behind in each.bindings)})" for each in triggers)
