"""What happens while hotkeys are proved: presses, told by the daemon or heard here, and what the person types."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from daemon import home as places
from policies.visible import visible

if TYPE_CHECKING:
    from daemon.hotkeys.bindings import Binding

ENDING = 10.0
"""Seconds in which the terminal has to be given back."""


@dataclass(frozen=True)
class Arrived:
    """A press came in."""

    name: str
    keys: str
    way: str
    at: float
    """When, by time.monotonic(), in seconds."""


@dataclass(frozen=True)
class Ready:
    """Presses are shown from now on, by this way."""

    way: str
    problem: str


@dataclass(frozen=True)
class Skip:
    """The person does not want to press this one."""


@dataclass(frozen=True)
class Broken:
    """No press can come in any more; the text says why."""

    text: str


Happening: TypeAlias = Arrived | Ready | Skip | Broken
Tell: TypeAlias = Callable[[Happening], None]
Source: TypeAlias = Callable[[Tell], AbstractContextManager[object]]
"""What tells of happenings from when it is entered until it is left."""


def running(folder: Path) -> bool:
    """Whether a daemon answers at that home's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(places.socket(folder)))
        except OSError:
            return False
    return True


def by_daemon(folder: Path) -> Source:
    """The presses as the running daemon tells of them, which for as long does not act on them."""

    @contextmanager
    def source(tell: Tell) -> Iterator[None]:
        # Waits for lines until the daemon or this process ends; there is no other way to end it.
        threading.Thread(target=_listen, args=(folder, tell), name="presses", daemon=True).start()
        yield

    return source


def _listen(folder: Path, tell: Tell) -> None:
    from daemon.client import Told, ask, ask_once

    try:
        state = ask_once(folder, "senses")["hotkeys"]
        problem = _plain(state["problem"])
        if state["status"] != "ready":
            tell(
                Broken(
                    problem or "DevOS does not listen to hotkeys; section [hotkeys] of config.toml switches them on."
                )
            )
            return
        for answer in ask(folder, "keys"):
            if "watching" in answer:
                tell(Ready(_plain(answer["way"]), problem))
            elif (press := answer.get("press")) and press["down"]:
                name, keys, way = (_plain(press[each]) for each in ("name", "keys", "way"))
                tell(Arrived(name, keys, way, float(press["at"])))
    except Told as no:
        tell(Broken(_plain(no)))
    else:
        tell(Broken("DevOS tells of no more presses."))


def _plain(text: object) -> str:
    return visible(str(text), lines=False)


def by_ourselves(bindings: Sequence[Binding], seconds: float) -> Source:
    """The presses as this process hears them, where no daemon runs."""

    @contextmanager
    def source(tell: Tell) -> Iterator[None]:
        import logging

        from daemon.hotkeys.hotkeys import Hotkeys, HotkeysState
        from daemon.hotkeys.press import Press

        def arrived(press: Press) -> None:
            if press.down:
                tell(Arrived(press.binding.name, press.binding.chord.text, press.way, press.at))

        def changed(state: HotkeysState) -> None:
            if state.status == "ready":
                tell(Ready(state.way, state.problem))
            elif state.status in ("none", "lost"):
                tell(Broken(state.problem))

        logging.getLogger("devos").addHandler(logging.NullHandler())  # what they log is shown, and only once
        hotkeys = Hotkeys(bindings, arrived, seconds=seconds, changed=changed)
        hotkeys.start()
        try:
            yield
        finally:
            hotkeys.close()

    return source


@contextmanager
def by_terminal(tell: Tell) -> Iterator[None]:
    """Enter and Esc, as they are typed at the terminal; nothing where there is none."""
    import sys
    import termios
    import tty

    if not sys.stdin.isatty():
        yield
        return
    here = sys.stdin.fileno()
    before = termios.tcgetattr(here)
    ending = threading.Event()
    reading, waking = os.pipe()
    reader = threading.Thread(target=_read, args=(here, reading, ending, tell), name="skip", daemon=True)
    try:
        tty.setcbreak(here)
        reader.start()
        yield
    finally:
        ending.set()
        os.write(waking, b"\n")
        reader.join(ENDING)
        with suppress(termios.error):
            termios.tcsetattr(here, termios.TCSAFLUSH, before)  # and forget what the hotkeys typed here
        os.close(reading)
        os.close(waking)


def _read(here: int, woken: int, ending: threading.Event, tell: Tell) -> None:
    import select

    while not ending.is_set():
        ready, _, _ = select.select([here, woken], [], [])
        if here in ready:
            typed = os.read(here, 64)
            # An Esc that something follows is Alt with a letter, which is a hotkey's and not meant here.
            if not typed:
                return
            if typed.endswith((b"\x1b", b"\n", b"\r")):
                tell(Skip())
