"""The hotkeys of this session: finds the way by which they come in, keeps it alive, and passes on what is pressed."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from types import MappingProxyType
from typing import Literal, TypeAlias

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import BadChord, Chord
from daemon.hotkeys.press import Press
from daemon.hotkeys.way import MakeWay, NoHotkeys, Way

logger = logging.getLogger("devos.hotkeys")

Status: TypeAlias = Literal["off", "starting", "ready", "lost", "none"]

DELAYS = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between tries to listen again, the last one for good."""
WELL = 60.0
"""Seconds after which a way that works is taken to be well, and its next death for a new one."""

NO_WAY = (
    "There is neither X11 nor Wayland nor macOS here, so no keys can be listened to. "
    "`devos press KEYS` works without: docs/hotkeys.md says how your desktop can start it."
)


class NoSuchKeys(LookupError):
    """Nothing is bound to these keys; the message says what is."""


@dataclass(frozen=True)
class HotkeysState:
    """How it stands with the hotkeys."""

    way: str
    """"X11", "portal", "macOS", or "" where there is none."""
    status: Status
    """off: not started, or closed. starting: for the first time. ready: keys arrive. lost: they do not, and it goes on
    trying. none: they cannot here."""
    problem: str
    """Sentences for the person: what does not work, and what mends it; "" when all does."""
    bindings: tuple[Binding, ...]


class Hotkeys:
    """All hotkeys, by whichever way this session has.

    Args:
        bindings: the keys and what they stand for.
        deliver: told of each press, on any thread; it returns at once.
        seconds: how long after its last letter a word that is being spelled waits for the next one.
        environment: where the session says what it is. The X server is always the one of this process's own $DISPLAY.
        platform: as sys.platform.
        hold: whether the talk key is held while speaking; otherwise one press begins and the next one ends, and who is
            told gets `down` and not `down` all the same.
        listening: whether the microphone is open now, for a talk key that is not held and for `press`; without, what
            was told last counts.
        changed: told of each new state, on any thread.
        summaries: what each request does, for a desktop that asks whether its key may be taken.
        delays: seconds between tries to listen again.
    """

    def __init__(
        self,
        bindings: Sequence[Binding],
        deliver: Callable[[Press], None],
        *,
        seconds: float = 2.0,
        environment: Mapping[str, str] = os.environ,
        platform: str = sys.platform,
        hold: bool = True,
        listening: Callable[[], bool] | None = None,
        changed: Callable[[HotkeysState], None] | None = None,
        summaries: Mapping[str, str] = MappingProxyType({}),
        delays: Sequence[float] = DELAYS,
    ) -> None:
        self._bindings, self._deliver, self._seconds = tuple(bindings), deliver, seconds
        self._environment, self._platform, self._summaries = environment, platform, summaries
        self._hold, self._changed, self._delays = hold, changed, tuple(delays)
        self._talking = False
        self._listening = listening or (lambda: self._talking)
        self._watching: list[Callable[[Press], object]] = []
        self._way: Way | None = None
        self._name, self._problem = "", ""
        self._status: Status = "off"
        self._lock = threading.RLock()
        self._signal, self._closing = threading.Event(), threading.Event()
        self._keeper: threading.Thread | None = None

    @property
    def state(self) -> HotkeysState:
        """How it stands now."""
        with self._lock:
            problem = self._problem or (self._way.problem if self._way and self._status == "ready" else "")
            return HotkeysState(self._name, self._status, problem, self._bindings)

    def start(self) -> None:
        """Begin to listen, on a thread of its own that goes on trying; what became of it is in `state`.

        Without any bindings nothing is listened to.
        """
        if not self._bindings:
            return
        found = way_for(self._environment, self._platform, self._summaries)
        if found is None:
            self._set("none", NO_WAY)
            return
        self._name, make = found
        self._set("starting")
        self._keeper = threading.Thread(target=self._keep, args=[make], name="hotkeys", daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """Stop listening, and give every key back."""
        self._closing.set()
        self._signal.set()
        with self._lock:
            way = self._way
        if way is not None:
            way.close()
        if self._keeper and self._keeper is not threading.current_thread():
            self._keeper.join(30)
        self._set("off")

    def press(self, keys: str, *, release: bool = False, asked_from: tuple[str, ...] = ()) -> Press:
        """Press keys as `devos press` does, whether or not they can be listened to.

        Args:
            keys: "ctrl+alt+k", or the name of what they stand for: "talk", "scale_deployment".
            release: the talk key was let go of: it ends what is being said, and begins nothing.
            asked_from: the programs that press it.

        Returns:
            What was told. The talk key begins, and when pressed again ends, what is said.

        Raises:
            NoSuchKeys: nothing is bound to them, or they are no keys that are let go of.
        """
        binding = self._bound(keys)
        if release and binding.kind != "talk":
            raise NoSuchKeys(f"{binding.chord} ({binding.name}) is not held down; only the talk key is let go of.")
        listening = self._listening()
        down = binding.kind != "talk" or not (listening or release)
        press = Press(binding, down, time.monotonic(), "command", asked_from)
        if listening or not release:
            self._pass_on(press)
        return press

    def watch(self, callback: Callable[[Press], object]) -> Callable[[], None]:
        """Show what is pressed instead of doing it, for who wants to prove the keys.

        Args:
            callback: told of each press, on any thread, until the function that comes back is called. Meanwhile
                nothing is delivered, but for the end of what was being said.
        """
        with self._lock:
            self._watching.append(callback)

        def stop() -> None:
            with self._lock:
                if callback in self._watching:
                    self._watching.remove(callback)

        return stop

    def _bound(self, keys: str) -> Binding:
        name = "_".join(keys.lower().replace("-", " ").replace("_", " ").split())
        chord: Chord | None = None
        why = f"Nothing is called {keys!r}."
        if "+" in keys:
            try:
                chord = Chord.parse(keys)
                why = f"No hotkey is {chord}."
            except BadChord as bad:
                why = str(bad)
        for each in self._bindings:
            if each.name == name or each.chord == chord:
                return each
        words = [each.chord.text for each in self._bindings if each.chord.is_word]
        near = get_close_matches(keys.strip().lower(), [*(each.name for each in self._bindings), *words], 1)
        if near and (chord is None or chord.is_word):
            raise NoSuchKeys(f"{why} Did you mean {near[0]!r}?")
        there = ", ".join(f"{each.chord} ({each.name})" for each in self._bindings)
        raise NoSuchKeys(f"{why} There are: {there or 'none'}.")

    def _keep(self, make: MakeWay) -> None:
        """Have a way that works, until closed."""
        tries = 0
        while not self._closing.is_set():
            self._signal.clear()
            if self._closing.is_set():
                return
            problem = ""
            way = make(self._bindings, self._arrived, self._died, seconds=self._seconds)
            began = time.monotonic()
            with self._lock:
                self._way = way  # so that it can be closed while it starts: a desktop may ask, and wait for the answer
            try:
                way.start()
            except NoHotkeys as no:
                problem = str(no)
                if not no.again or self._closing.is_set():
                    self._set("none", problem)
                    return
            except Exception as error:
                logger.exception("listening to the hotkeys could not begin")
                problem = (
                    f"The hotkeys could not be listened to ({type(error).__name__}: {error}); DevOS goes on trying."
                )
            else:
                if not self._signal.is_set():
                    self._set("ready")
                self._signal.wait()
                problem = self._problem
                way.close()
                tries = 0 if time.monotonic() - began > WELL else tries
            with self._lock:
                self._way = None
            if self._closing.is_set():
                return
            self._set("lost", problem)
            self._closing.wait(self._delays[min(tries, len(self._delays) - 1)])
            tries += 1

    def _died(self, problem: str) -> None:
        """The way no longer works."""
        if not self._closing.is_set():
            self._set("lost", problem)
        self._signal.set()

    def _set(self, status: Status, problem: str = "") -> None:
        with self._lock:
            before = self._status, self._problem
            self._status, self._problem = status, problem
            news = before != (status, problem)
        if news and problem:
            logger.warning("hotkeys: %s", problem)
        if news and self._changed:
            self._changed(self.state)

    def _arrived(self, press: Press) -> None:
        """A press by the way; a talk key that is not held is turned into beginning and end."""
        if press.binding.kind == "talk" and not self._hold:
            if not press.down:
                return
            press = replace(press, down=not self._listening())
        self._pass_on(press)

    def _pass_on(self, press: Press) -> None:
        with self._lock:
            watching = tuple(self._watching)
            ends = press.binding.kind == "talk" and not press.down and self._talking
            if press.binding.kind == "talk" and (ends or not watching):
                self._talking = press.down
        told: Sequence[Callable[[Press], object]] = (*watching, *([self._deliver] if ends or not watching else []))
        for each in told:
            try:
                each(press)
            except Exception:
                logger.exception("%s was pressed, and could not be passed on", press.binding.chord)


def way_for(
    environment: Mapping[str, str], platform: str, summaries: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, MakeWay] | None:
    """The way by which keys come in here, with its name; None where there is none.

    Wayland goes before X11, because its X server hears keys only while a window of its own has the focus.
    """
    if platform == "darwin":
        from daemon.hotkeys.macos import MacOS

        return "macOS", MacOS
    if environment.get("WAYLAND_DISPLAY") or environment.get("XDG_SESSION_TYPE") == "wayland":
        from daemon.hotkeys.portal import Portal

        return "portal", partial(Portal, environment=environment, summaries=summaries)
    if environment.get("DISPLAY"):
        from daemon.hotkeys.x11 import X11

        return X11.name, X11
    return None
