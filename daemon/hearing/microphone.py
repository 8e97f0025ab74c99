"""The microphone: frames of 16 kHz from whatever device there is, also after it was gone for a while.

A thread of its own, the keeper, opens and closes the device. While all is well it waits for an event, without a
timer; when the device is lost it tries again until it is back. PortAudio's thread copies each block into a queue that
neither side ever waits for; who reads makes frames of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Literal

from daemon import portaudio
from daemon.hearing.framer import Framer
from daemon.hearing.frames import FRAME, RATE, Frame
from daemon.hearing.intake import Block, Intake
from daemon.portaudio import NoPortAudio, NoSound

Status = Literal["closed", "open", "lost", "muted"]

STALL = 3.0
"""Seconds without sound after which an open device counts as lost."""
AGAIN = (0.5, 1.0, 2.0)
"""Seconds between tries to get a lost device back; the last one goes on."""
AGAIN_WITHOUT_LIBRARY = 30.0
HANGS = 3.0
"""Seconds after which closing the device is not expected to end: PortAudio up to 19.7 turns in circles for ever where
a device fails in a moment that it does not expect (its issue 1037), and nothing but the end of the process helps."""
SETTLING = 2.0
"""Seconds that open, close and mute wait at most for the keeper; a sound server that hangs holds up it alone."""

GONE = "The microphone is gone; DevOS listens again as soon as it is back. Why: devos doctor microphone"
SILENT = "The microphone is open and gives no sound; plug it in again. Why: devos doctor microphone"
UNANSWERED = f"The sound system has not answered yet; start it again: {portaudio.RESTART}"
HANGING = "The sound system does not let go of the microphone; end it: systemctl --user restart devos"

logger = logging.getLogger("devos.hearing")


@dataclass(frozen=True)
class MicrophoneState:
    """How the microphone is."""

    status: Status
    device: str | None = None
    """Its name, while it is open."""
    rate: int | None = None
    """Samples per second that the device itself works at."""
    overruns: int = 0
    """How often sound was lost since the first opening, because somebody was too slow."""
    problem: str = ""
    """One sentence with what mends it, while it is lost."""


class Microphone:
    """What is heard, frame by frame, for one reader; everything else may be called from any thread."""

    def __init__(
        self,
        name: str | None,
        *,
        changed: Callable[[MicrophoneState], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build it, closed.

        Args:
            name: a part of the device's name; None for the default one.
            changed: told each new state, on the keeper's thread.
            clock: seconds, from any beginning; it must never jump.
        """
        self._name, self._changed, self._clock = name, changed, clock
        self._queue: SimpleQueue[Block | None] = SimpleQueue()
        self._condition = threading.Condition()
        self._wake = threading.Event()
        self._keeper: threading.Thread | None = None
        self._wanted = self._muted = False
        self._asked = 0.0
        self._source: Intake | None = None
        self._closing: float | None = None
        """Since when the device is being given back."""
        self._overruns = 0
        self._state = MicrophoneState("closed")
        self._told = self._state
        self._framed: Intake | None = None
        self._framer: Framer | None = None
        self._next: int | None = None
        self.level = 0.0
        """How loud the last frame was: its highest sample, from 0 to 1."""

    def open(self) -> None:
        """Open it, or start trying to: nothing is raised for what is missing, `state` says it."""
        with self._condition:
            self._wanted, self._asked = True, self._clock()
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="microphone", daemon=True)
                self._keeper.start()
        self._settle(lambda: self._state.status != "closed")

    def close(self) -> None:
        """Give the device back and end the keeper; it can be opened again."""
        with self._condition:
            self._wanted, keeper = False, self._keeper
        self._wake.set()
        if keeper is not None and keeper is not threading.current_thread():
            keeper.join(SETTLING)

    def mute(self, on: bool) -> None:
        """Close the device until it is switched on again, whatever is opened meanwhile."""
        with self._condition:
            self._muted = on
        self._settle(lambda: self._keeper is None or (self._state.status == "muted") is on)

    @property
    def muted(self) -> bool:
        """Whether it was switched off by the person."""
        return self._muted

    @property
    def state(self) -> MicrophoneState:
        """How it is now."""
        with self._condition:
            overruns = self._overruns + (self._source.overruns if self._source else 0)
            if self._closing is not None and self._clock() - self._closing > HANGS:
                return MicrophoneState("lost", overruns=overruns, problem=HANGING)
            if self._wanted and self._state.status == "closed" and self._clock() - self._asked > SETTLING:
                return MicrophoneState("lost", overruns=overruns, problem=UNANSWERED)
            return replace(self._state, overruns=overruns)

    def read(self, timeout: float) -> Frame | None:
        """The next frame; None when there was none for that many seconds, or the state has changed meanwhile."""
        until = self._clock() + timeout
        while True:
            source = self._source
            if source is not self._framed:
                self._begin(source)
            if self._framer is not None and (frame := self._framer.next()) is not None:
                self.level = float(abs(frame.samples).max())
                return frame
            try:
                block = self._queue.get(timeout=max(0.0, until - self._clock()))
            except Empty:
                self._notice_stall(source)
                return None
            if block is None and source is not self._source:
                return None
            if block is not None and self._framer is not None and block.source is source:
                self._framer.add(block.samples, block.at, 0 if self._next is None else block.number - self._next)
                self._next = block.number + 1

    def drain(self) -> None:
        """Forget what was heard and not yet read; only by the reader. Nothing of it counts as missed."""
        try:
            while True:
                self._queue.get_nowait()
        except Empty:
            self._begin(self._source)

    def _begin(self, source: Intake | None) -> None:
        """Make frames of what comes from now on."""
        self._framed, self._next = source, None
        self._framer = Framer(source.stream.rate) if source and source.stream else None

    def _notice_stall(self, source: Intake | None) -> None:
        """Give up a device that is open and silent as no device is: not even noise comes."""
        if source is not None and self._clock() - source.last > STALL:
            self._lose(source, SILENT)

    def _lose(self, source: Intake, problem: str) -> None:
        with self._condition:
            if source is self._source and self._state.status == "open":
                self._state = MicrophoneState("lost", problem=problem)
        self._wake.set()

    def _settle(self, settled: Callable[[], bool]) -> None:
        """Wake the keeper and wait until it has done what is wanted; not where the keeper itself asks for it."""
        self._wake.set()
        if threading.current_thread() is not self._keeper:
            with self._condition:
                self._condition.wait_for(settled, SETTLING)

    def _keep(self) -> None:
        """Make the device what is wanted, until nothing is."""
        tries = 0
        while True:
            self._wake.clear()
            with self._condition:
                wanted, muted, status, source = self._wanted, self._muted, self._state.status, self._source
            wait: float | None = None
            if not wanted:
                self._give_back()
                if self._end():
                    return
                continue
            if muted:
                self._give_back()
                self._become(MicrophoneState("muted"))
            elif status == "lost" and source is not None:
                tries = 0 if source.blocks else tries + 1
                self._become(self._state)
                self._give_back()
                wait = _pause(tries)  # who is just being unplugged is still listed for a moment
            elif source is None:
                wait = self._try(tries)
                tries = 0 if wait is None else tries + 1
            self._wake.wait(wait)

    def _end(self) -> bool:
        """Stop keeping, unless it was opened again in this moment."""
        with self._condition:
            if self._wanted:
                return False
            self._keeper, self._state = None, MicrophoneState("closed")
        self._tell()
        return True

    def _try(self, tries: int) -> float | None:
        """Open the device; seconds until the next try where that is not possible."""
        source = Intake(self._queue, self._clock, self._wake.set)
        try:
            stream = portaudio.open_input(
                self._name, source.heard, rate=RATE, block=FRAME / RATE, ended=lambda: self._lose(source, GONE)
            )
        except NoSound as missing:
            self._become(MicrophoneState("lost", problem=str(missing)))
            return AGAIN_WITHOUT_LIBRARY if isinstance(missing, NoPortAudio) else _pause(tries)
        source.stream = stream
        with self._condition:
            self._source = source
        problem = self._hears(source, stream)
        if problem:
            self._become(MicrophoneState("lost", problem=problem))
            self._give_back()
            return _pause(tries)
        if source.blocks:
            self._become(MicrophoneState("open", stream.device.name, round(stream.rate)))
        self._wake.set()  # what was asked for meanwhile comes next
        return None

    def _hears(self, source: Intake, stream: portaudio.Stream) -> str:
        """Wait for the first sound, or for being closed; the problem where none comes."""
        until = self._clock() + STALL
        while not source.blocks and self._wanted and not self._muted:
            if stream.dead:
                return GONE
            if self._clock() >= until:
                return SILENT
            self._wake.wait(until - self._clock())
            self._wake.clear()
        return ""

    def _give_back(self) -> None:
        """Close the device, and let nothing that it gave be read."""
        with self._condition:
            source, self._source = self._source, None
            self._overruns += source.overruns if source else 0
            self._closing = self._clock() if source else None
        self.level = 0.0
        if source is not None and source.stream is not None:
            try:
                source.stream.close()
            except NoSound as hanging:
                logger.warning("%s", hanging)
        self._closing = None

    def _become(self, state: MicrophoneState) -> None:
        """Take on a state, and tell it."""
        with self._condition:
            self._state = state
        self._tell()

    def _tell(self) -> None:
        """Tell the state to who waits for it, and to `changed` where it is a new one."""
        with self._condition:
            state, told = self.state, self._told
            self._told = state
            self._condition.notify_all()
        if (told.status, told.problem, told.device) == (state.status, state.problem, state.device):
            return
        if state.status != "open":
            self._queue.put(None)  # wakes who reads
        if self._changed is not None:
            try:
                self._changed(state)
            except Exception:  # the keeper outlives whoever listens to it
                logger.exception("what was to hear of the microphone's state failed")


def _pause(tries: int) -> float:
    """Seconds until a lost device is tried again."""
    return AGAIN[min(tries, len(AGAIN) - 1)]
