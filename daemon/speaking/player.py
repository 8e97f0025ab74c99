"""Plays one sound at a time on a loudspeaker, and stops within milliseconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from daemon.portaudio import NoSound, open_output

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daemon.portaudio import Stream
    from daemon.speaking.clip import Clip

LATENCY = 0.1
"""Seconds that the device is filled ahead: what a busy machine needs to play without gaps. A sound that is cut off
does not wait for them: they are dropped."""
STUCK = 5.0
"""Seconds past its end after which a sound counts as lost, because the device takes nothing any more."""
HANGS = 6.0
"""Seconds after which opening or closing the device is not expected to end: PortAudio can turn in circles for ever
where a device fails in a moment that it does not expect."""
HANGING = "The sound system does not answer for the loudspeaker; start DevOS again: systemctl --user restart devos"
TORN = 0.2
"""Seconds that the device may seem to be off its own count of samples before that counts as a gap."""

logger = logging.getLogger("devos.speaking")
T = TypeVar("T")


class SoundLost(NoSound):
    """The device, or the sound server, went away before all was played."""


class Heard(Protocol):
    """Who wants to know what is played, and when: the echo."""

    def opened(self) -> None:
        """The loudspeaker was opened."""

    def playing(self, samples: NDArray[np.float32], at: float) -> None:
        """These samples, at 16 kHz, are being played from that moment on."""

    def stopped(self, at: float) -> None:
        """What was being played was cut off at that moment."""


class Player:
    """One loudspeaker, opened for its first sound and kept open until `rest`."""

    def __init__(
        self, device: str | None, heard: Heard, *, volume: float = 1.0, open_output: Callable[..., Stream] = open_output
    ) -> None:
        """Make a player.

        Args:
            device: a part of the device's name; None for the default one.
            heard: told what is played.
            volume: 0 to 1.
            open_output: opens the device.
        """
        self._device, self._heard, self._volume, self._open = device, heard, volume, open_output
        self._stream: Stream | None = None
        self._current: _Playing | None = None
        self._count: float | None = None
        """When the next sample will be heard. Counted, not taken from the clock, whose trembling would look like a
        loudspeaker that moves; by PortAudio's thread alone."""
        self._rate = 0.0

    def play(self, clip: Clip, cut: threading.Event) -> bool:
        """Play it, and wait until it was heard; by one thread at a time.

        Args:
            clip: what to play.
            cut: once it is set, nothing more is played; call `wake` after setting it.

        Returns:
            Whether it was played to its end.

        Raises:
            NoSound: the device does not open.
            SoundLost: it went away meanwhile.
        """
        stream = self._opened(clip.rate)
        playing = _Playing(self._samples(clip, stream.rate), stream.rate, cut)
        self._current = playing
        try:
            return self._wait(playing, clip, stream)
        finally:
            self._current = None
            if cut.is_set() or stream.dead:
                self.rest()

    def wake(self) -> None:
        """Have `play` look at its `cut` at once; from any thread."""
        playing = self._current
        if playing is not None:
            playing.changed.set()

    def rest(self) -> None:
        """Give the device back until the next sound; by the thread that plays."""
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                _in_time(stream.close, lambda _: None)
            except NoSound as hanging:  # it plays silence from now on
                logger.warning("%s", hanging)

    def _wait(self, playing: _Playing, clip: Clip, stream: Stream) -> bool:
        until = time.monotonic() + clip.seconds + STUCK
        told = False
        while not playing.cut.is_set():
            playing.changed.wait(max(0.0, min(until, playing.ends or until) - time.monotonic()))
            playing.changed.clear()
            if playing.began is not None and clip.speech and not told:
                told = True
                self._heard.playing(clip.heard * self._volume, playing.began)
            if playing.cut.is_set():
                break
            now = time.monotonic()
            if playing.ends is not None and now >= playing.ends:
                return True
            if stream.dead or now >= until:
                if told:
                    self._heard.stopped(now)
                self.rest()
                raise SoundLost("The loudspeaker went away while something was being said; plug it in again")
        if told:
            self._heard.stopped(time.monotonic() + LATENCY)
        return False

    def _opened(self, rate: int) -> Stream:
        stream = self._stream
        if stream is not None and stream.dead:
            self.rest()
            stream = None
        if stream is None:
            self._count, self._rate = None, 0.0

            def opened() -> Stream:
                return self._open(self._device, self._fill, rate=rate, latency=LATENCY, ended=self.wake)

            stream = self._stream = _in_time(opened, lambda late: late.close())
            self._rate = stream.rate
            self._heard.opened()
        return stream

    def _samples(self, clip: Clip, rate: float) -> NDArray[np.float32]:
        import numpy as np

        if rate == clip.rate:
            return clip.samples * np.float32(self._volume)
        import soxr

        return np.asarray(soxr.resample(clip.samples, clip.rate, rate), np.float32) * np.float32(self._volume)

    def _fill(self, out: Any, count: int, times: Any, _flags: Any) -> None:
        """Called on PortAudio's thread for the next samples; silence where there are none."""
        out[:] = 0
        ahead = times.outputBufferDacTime - times.currentTime
        now = time.monotonic() + (ahead if 0 <= ahead < 1 else LATENCY)
        if self._count is None or abs(self._count - now) > TORN:
            self._count = now
        playing = self._current
        if playing is not None:
            playing.fill(out[:, 0], self._count)
        self._count = self._count + count / self._rate if self._rate else None


class _Playing:
    """How far a sound has got. Written by PortAudio's thread, read by the one that waits."""

    def __init__(self, samples: NDArray[np.float32], rate: float, cut: threading.Event) -> None:
        self.samples, self.rate, self.cut = samples, rate, cut
        self.at = 0
        self.began: float | None = None
        self.ends: float | None = None
        """When its last sample will have been heard; known once it was handed over."""
        self.changed = threading.Event()

    def fill(self, out: NDArray[np.float32], now: float) -> None:
        """Write the next samples, the first of which will be heard at `now`."""
        if self.cut.is_set() or self.ends is not None:
            return
        piece = self.samples[self.at : self.at + len(out)]
        out[: len(piece)] = piece
        self.at += len(piece)
        if self.began is None:
            self.began = now
            self.changed.set()
        if self.at >= len(self.samples):
            self.ends = now + len(piece) / self.rate
            self.changed.set()


def _in_time(do: Callable[[], T], late: Callable[[T], None]) -> T:
    """Do it on a thread of its own, which is left behind where it hangs.

    Args:
        do: opens or closes a device.
        late: given what comes of it all the same, when nobody waits any more.

    Raises:
        NoSound: it hangs, or says so.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(do())
        except Exception as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="loudspeaker", daemon=True).start()
    try:
        return outcome.result(HANGS)
    except TimeoutError:
        outcome.add_done_callback(lambda done: late(done.result()) if done.exception() is None else None)
        raise NoSound(HANGING) from None
