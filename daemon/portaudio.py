"""PortAudio, which is one for the whole process: its devices, and the streams that the microphone and the voice open.

It lists the devices when it is started and never again, so that one that was plugged in later, or a sound server that
was started again, is seen by starting PortAudio anew alone; and that ends every stream. So one lock and one register
of what is open are kept here, for everything of DevOS that hears or plays.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from daemon.sound_devices import RESTART, Device, NoSound, does_not_open, found, listed, plainly
from daemon.sound_server import Kind
from policies.visible import visible

__all__ = [
    "RESTART",
    "Device",
    "NoPortAudio",
    "NoSound",
    "Stream",
    "devices",
    "open_input",
    "open_output",
    "sounddevice",
]

PATIENCE = 5.0
"""Seconds that a stream's opening or closing by somebody else is waited for."""
CHOOSES: dict[str, str] = {"input": "PULSE_SOURCE", "output": "PULSE_SINK"}
INSTALL = {"darwin": "brew install portaudio", "linux": "sudo apt-get install libportaudio2"}

Callback = Callable[[Any, int, Any, Any], None]
"""As sounddevice wants it: (samples, shape (n, channels), float32; n; times; flags). It must not block or raise."""


class NoPortAudio(NoSound):
    """The library itself is missing, and stays so until somebody installs it."""


def sounddevice() -> Any:
    """The module, imported when it is first needed.

    Raises:
        NoPortAudio: the library that it is a door to is not installed.
        NoSound: the library does not start.
    """
    try:
        import sounddevice
    except (OSError, ImportError):
        mend = INSTALL.get(sys.platform, "install PortAudio")
        raise NoPortAudio(f"PortAudio is missing, which hears and plays sound; install it: {mend}") from None
    except Exception as error:  # its own class cannot be named: importing it is what failed
        raise NoSound(f"PortAudio does not start: {visible(str(error), lines=False)}") from None
    return sounddevice


class Stream:
    """A device that is open. Closing it twice is as good as once."""

    def __init__(self, register: _Register, device: Device, rate: float, channels: int) -> None:
        self._register = register
        self.device, self.rate, self.channels = device, rate, channels
        self.dead = False
        """Whether it ended by itself: unplugged, or the sound server is gone."""
        self.closing = False
        self.stream: Any = None

    def close(self) -> None:
        """Drop what is still to be heard or played, and give the device back, within milliseconds.

        Raises:
            NoSound: another stream is being opened or closed, and that hangs; this one stays as it is.
        """
        with self._register.held():
            self._register.release(self)


class _Register:
    """What is open, and whether PortAudio's list of devices has to be made again."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open: set[Stream] = set()
        self._stale = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep everybody else from opening and closing.

        Raises:
            NoSound: somebody has been at it for too long.
        """
        if not self._lock.acquire(timeout=PATIENCE):
            raise NoSound(f"The sound system does not answer; start it again: {RESTART}")
        try:
            yield
        finally:
            self._lock.release()

    def devices(self, kind: Kind) -> tuple[Device, ...]:
        """What PortAudio lists; listed anew where that is due and possible."""
        with self.held():
            module = sounddevice()
            if self._stale or not self._open:
                self._list_again(module)
            return listed(module, kind)

    def open(self, kind: Kind, name: str | None, start: Callable[[Any, Device], Stream]) -> Stream:
        """Open a device, and once more with a fresh list where the list at hand does not lead to one."""
        with self.held():
            module = sounddevice()
            # On a Mac the list says which device is the default one, and that may have changed since.
            fresh = (self._stale or sys.platform == "darwin") and self._list_again(module)
            try:
                return self._start(module, kind, name, start)
            except NoSound:
                if fresh or not self._list_again(module):
                    self._stale = True
                    raise
            try:
                return self._start(module, kind, name, start)
            except NoSound:
                self._stale = True
                raise

    def _start(self, module: Any, kind: Kind, name: str | None, start: Callable[[Any, Device], Stream]) -> Stream:
        device = found(kind, name, listed(module, kind))
        with _server_takes(kind, device.server_name):
            stream = start(module, device)
        self._open.add(stream)
        return stream

    def _list_again(self, module: Any) -> bool:
        """Start PortAudio anew, which ends every stream: only where all that are open are dead already."""
        for each in [each for each in self._open if each.dead]:
            self.release(each)
        if self._open:
            return False
        try:
            while module._initialized:
                module._terminate()
            module._initialize()
        except module.PortAudioError as error:
            raise NoSound(f"PortAudio does not start: {visible(str(error), lines=False)}") from None
        self._stale = False
        return True

    def release(self, stream: Stream) -> None:
        """Close it; only by who holds the lock."""
        self._open.discard(stream)
        opened, stream.stream, stream.closing = stream.stream, None, True
        if opened is not None:
            self._stale = self._stale or stream.dead
            opened.abort(ignore_errors=True)
            opened.close(ignore_errors=True)


_register = _Register()


def devices(kind: Kind) -> tuple[Device, ...]:
    """The microphones ("input") or loudspeakers ("output") of this machine, by a fresh list where nothing is open.

    Raises:
        NoSound: PortAudio is missing or does not start.
    """
    return _register.devices(kind)


def open_input(
    name: str | None, heard: Callback, *, rate: int, block: float, ended: Callable[[], None] | None = None
) -> Stream:
    """Open a microphone: one channel at `rate` where the device can, else at its own rate and channels.

    Args:
        name: a part of the device's name; None for the default one.
        heard: given the samples of each block, on PortAudio's thread.
        rate: samples per second that are wished for; `Stream.rate` says what it became.
        block: seconds of each block.
        ended: called once when the device ends by itself, on PortAudio's thread; it must not open or close anything.

    Raises:
        NoSound: there is no such device, or it does not open.
    """

    def start(module: Any, device: Device) -> Stream:
        problem = ""
        for channels in sorted({1, min(2, device.channels)}):
            for each in dict.fromkeys([float(rate), device.rate]):
                stream = Stream(_register, device, each, channels)
                try:
                    return _started(module, "input", stream, heard, round(each * block), ended)
                except module.PortAudioError as error:
                    problem = problem or plainly(error)
        raise NoSound(does_not_open("microphone", device, problem))

    return _register.open("input", name, start)


def open_output(
    name: str | None,
    fill: Callback,
    *,
    rate: int,
    channels: int = 1,
    block: int = 0,
    latency: float | Literal["low", "high"] = "low",
    ended: Callable[[], None] | None = None,
) -> Stream:
    """Open a loudspeaker.

    Args:
        name: a part of the device's name; None for the default one.
        fill: writes the next samples into its first argument, on PortAudio's thread.
        rate: samples per second; where the device cannot, its own: see `Stream.rate`.
        channels: how many.
        block: samples that are wanted at once; 0 leaves it to the device.
        latency: seconds, or how PortAudio names them.
        ended: as for `open_input`.

    Raises:
        NoSound: there is no such device, or it does not open.
    """

    def start(module: Any, device: Device) -> Stream:
        problem = ""
        for each in dict.fromkeys([float(rate), device.rate]):
            stream = Stream(_register, device, each, channels)
            try:
                return _started(module, "output", stream, fill, block, ended, latency)
            except module.PortAudioError as error:
                problem = problem or plainly(error)
        raise NoSound(does_not_open("loudspeaker", device, problem))

    return _register.open("output", name, start)


def _started(
    module: Any,
    kind: Kind,
    stream: Stream,
    callback: Callback,
    block: int,
    ended: Callable[[], None] | None,
    latency: float | str = "low",
) -> Stream:
    """The stream, running; raises sounddevice's PortAudioError where it does not."""

    def finished() -> None:
        if not stream.closing:
            stream.dead = True
            if ended is not None:
                ended()

    opened = (module.InputStream if kind == "input" else module.OutputStream)(
        device=stream.device.index,
        samplerate=stream.rate,
        channels=stream.channels,
        dtype="float32",
        blocksize=block,
        latency=latency,
        callback=callback,
        finished_callback=finished,
    )
    try:
        opened.start()
    except module.PortAudioError:
        stream.closing = True
        opened.close(ignore_errors=True)
        raise
    stream.stream = opened
    return stream


@contextmanager
def _server_takes(kind: Kind, name: str | None) -> Iterator[None]:
    """Have the sound server take that device of its own for what is opened meanwhile."""
    if name is None:
        yield
        return
    variable = CHOOSES[kind]
    before = os.environ.get(variable)
    os.environ[variable] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before
