"""Says one thing after another, aloud or as a notification, and falls silent at once when it is told to."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from daemon.portaudio import NoSound
from daemon.sense_sections import Speech, hours_of
from daemon.speaking.clip import Clip
from daemon.speaking.earcons import Earcon, earcon
from daemon.speaking.echo import Echo
from daemon.speaking.player import Player, SoundLost
from daemon.speaking.voice import NoVoice, Voice
from daemon.speaking.wording import for_the_ear, sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BACK = 5.0
"""Seconds that a loudspeaker which went away may take to come back, before what was being said is shown instead."""
AGAIN = 1.0
"""Seconds between two looks whether it is back."""
REST = 3.0
"""Seconds after the last sound until the device is given back; the echo has to learn a device anew that was opened
again, so it stays open in a conversation."""


@dataclass(frozen=True)
class SpeakerState:
    """How it stands with the voice."""

    status: Literal["ready", "speaking", "quiet", "off", "broken"]
    """Quiet: it only notifies, by its settings or by the hour."""
    problem: str = ""
    """One sentence for the person, with what mends it; empty unless it is broken."""


class Speaker:
    """The one voice of DevOS; everything but the waiting for `say` is done by a thread of its own."""

    def __init__(
        self,
        settings: Speech,
        *,
        notify: Callable[[str], None] | None = None,
        clock: Callable[[], datetime] = datetime.now,
        voice: Voice | None = None,
        echo: Echo | None = None,
        player: Player | None = None,
        back: float = BACK,
    ) -> None:
        """Make a speaker; nothing is started or opened before the first sentence.

        Args:
            settings: how it speaks.
            notify: shows a text to the person, where it is not said; called from any thread, and must not block long.
            clock: the local time, for the quiet hours.
            voice: what renders.
            echo: told what is played.
            player: what plays.
            back: seconds that a device which went away is waited for.
        """
        self.echo = echo or Echo()
        """What was played, for whoever has to tell it from what a person says."""
        self._settings, self._notify, self._clock, self._back = settings, notify, clock, back
        self._quiet = [hours_of(each) for each in settings.quiet]
        self._voice = voice or Voice(settings.voice, rate=settings.rate)
        self._player = player or Player(settings.device, self.echo, volume=settings.volume)
        self._changed = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._current: _Job | None = None
        self._thread: threading.Thread | None = None
        self._renderer: ThreadPoolExecutor | None = None
        self._problem = ""
        self._worked = False
        self._closed = False

    @property
    def speaking(self) -> bool:
        """Whether something is being said, or waits to be."""
        with self._changed:
            return any(each.text and not each.said.done() for each in self._jobs())

    @property
    def state(self) -> SpeakerState:
        """How it stands now."""
        if self._settings.mode == "off":
            return SpeakerState("off")
        if self._is_quiet():
            return SpeakerState("quiet")
        if self.speaking:
            return SpeakerState("speaking")
        return SpeakerState("broken", self._problem) if self._problem else SpeakerState("ready")

    @property
    def aloud(self) -> bool:
        """Whether what is said now would be heard; a broken voice is not, and is tried again at the next news."""
        return self._settings.mode == "voice" and not (self._closed or self._problem or self._is_quiet())

    def is_own(self, samples: NDArray[np.float32], began: float, ended: float) -> bool:
        """Whether a sentence that was heard is DevOS's own output (`Echo.is_own`)."""
        return self.echo.is_own(samples, began, ended)

    async def say(self, text: str, *, secret: bool = False) -> bool:
        """Say it after what is being said already; cancelled, it is cut off.

        Args:
            text: what to say.
            secret: whether it is heard or nothing: it is not shown where it cannot be said.

        Returns:
            Whether it was said to its end: False when it was cut off, only notified, or neither is wanted.
        """
        pieces = sentences(for_the_ear(text))
        if self._settings.mode == "off" or self._closed:
            return False
        if self._is_quiet():
            if not secret:
                self._show(text)
            return False
        if not pieces:
            return True
        job = _Job(text=text, pieces=pieces, secret=secret)
        self._add(job)
        try:
            return await asyncio.wrap_future(job.said)
        except asyncio.CancelledError:
            job.stop()
            self._player.wake()
            raise

    def hush(self) -> None:
        """Fall silent at once, and forget what was still to be said; from any thread."""
        with self._changed:
            cut = self._jobs()
            self._waiting.clear()
        for each in cut:
            each.stop()
        self._player.wake()
        for each in cut:
            each.end(False)

    def sound(self, name: Earcon) -> None:
        """Play a short sound, unless something is being said or sounds are not wanted; returns at once."""
        if not self._settings.earcons or self._settings.mode != "voice" or self._is_quiet():
            return
        self._add(_Job(earcon=name), unless_speaking=True)

    def close(self) -> None:
        """Fall silent for good, and end what was started."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.hush()
        if self._thread is not None:
            self._thread.join()
        self._voice.close()  # what is being rendered may hang
        if self._renderer is not None:
            self._renderer.shutdown()

    def _jobs(self) -> list[_Job]:
        return [*([self._current] if self._current else []), *self._waiting]

    def _is_quiet(self) -> bool:
        if self._settings.mode == "notify":
            return True
        now = self._clock().time()
        return any(first <= now < last if first <= last else now >= first or now < last for first, last in self._quiet)

    def _show(self, text: str) -> None:
        if self._notify is not None:
            self._notify(text)

    def _add(self, job: _Job, *, unless_speaking: bool = False) -> None:
        with self._changed:
            if self._closed or (unless_speaking and any(each.text for each in self._jobs())):
                job.end(False)
                return
            if self._thread is None:
                self._renderer = ThreadPoolExecutor(1, "voice")
                self._thread = threading.Thread(target=self._work, name="speaker", daemon=True)
                self._thread.start()
            self._waiting.append(job)
            self._changed.notify_all()

    def _work(self) -> None:
        """Take one job after another, until it is closed; the device is given back while there are none."""
        while (job := self._next()) is not None:
            try:
                job.end(self._done(job))
            except Exception as error:  # whoever waits for it is told, and the next one is said all the same
                job.fail(error)
            finally:
                with self._changed:
                    self._current = None
        self._player.rest()

    def _next(self) -> _Job | None:
        resting = False
        with self._changed:
            while not self._waiting and not self._closed:
                if not self._changed.wait(None if resting else REST) and not resting:
                    resting = True
                    self._player.rest()
            if self._closed:
                return None
            self._current = self._waiting.popleft()
            return self._current

    def _done(self, job: _Job) -> bool:
        """Do it; False when it was cut off or only shown."""
        if job.earcon is not None:
            return self._sounded(job, job.earcon)
        ahead = self._render(job, 0)
        for index in range(len(job.pieces)):
            try:
                clip = self._rendered(job, ahead)
                if clip is None:
                    return False
                if index + 1 < len(job.pieces):
                    ahead = self._render(job, index + 1)
                if not self._played(job, clip):
                    return False
            except (NoVoice, NoSound) as error:
                if not job.cut.is_set():
                    self._problem = str(error)
                    if not job.secret:
                        self._show(job.text if index == 0 else " ".join(job.pieces[index:]))
                return False
        self._problem = ""
        return True

    def _sounded(self, job: _Job, name: Earcon) -> bool:
        try:
            return self._player.play(earcon(name), job.cut)
        except NoSound as error:
            self._problem = str(error)
            return False

    def _render(self, job: _Job, index: int) -> Future[Clip]:
        assert self._renderer is not None
        return self._renderer.submit(self._voice.render, job.pieces[index])

    def _rendered(self, job: _Job, ahead: Future[Clip]) -> Clip | None:
        """The sound, or None when it is not wanted any more."""
        ahead.add_done_callback(lambda _: job.rendered.set())
        job.rendered.wait()
        job.rendered.clear()
        return None if job.cut.is_set() else ahead.result()

    def _played(self, job: _Job, clip: Clip) -> bool:
        """Play it; where the device goes away, once more when it is back in time.

        Raises:
            NoSound: it is not.
        """
        until: float | None = None
        lost = 0
        while not job.cut.is_set():
            try:
                played = self._player.play(clip, job.cut)
                self._worked = True
                return played
            except NoSound as error:
                now = time.monotonic()
                until = until or now + self._back
                lost += isinstance(error, SoundLost)
                if not self._worked or lost > 1 or now >= until:
                    self._worked = False
                    raise
            job.cut.wait(AGAIN)
        return False


@dataclass(eq=False)
class _Job:
    """Something to be said, or a short sound."""

    text: str = field(default="", repr=False)  # which may be secret
    pieces: tuple[str, ...] = field(default=(), repr=False)
    secret: bool = False
    earcon: Earcon | None = None
    cut: threading.Event = field(default_factory=threading.Event)
    rendered: threading.Event = field(default_factory=threading.Event)
    """Set when the next piece is ready, or when nobody wants it any more."""
    said: Future[bool] = field(default_factory=Future)

    def end(self, said: bool) -> None:
        """Tell whoever waits; only the first time counts."""
        with suppress(InvalidStateError):
            self.said.set_result(said)

    def fail(self, error: Exception) -> None:
        """Tell whoever waits that it went wrong."""
        with suppress(InvalidStateError):
            self.said.set_exception(error)

    def stop(self) -> None:
        """Nothing of it is wanted any more."""
        self.cut.set()
        self.rendered.set()
