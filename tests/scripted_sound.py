"""PortAudio as a script: devices that come and go, refuse a rate, or fall silent, which no sound server here does.

It stands where the module `sounddevice` stands, and says what that says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np


class PortAudioError(Exception):
    """As sounddevice's."""


@dataclass
class Plug:
    """One device."""

    name: str
    rate: float = 48_000.0
    rates: tuple[float, ...] = (16_000.0, 48_000.0)
    """What it can be opened at."""
    channels: tuple[int, ...] = (1, 2)
    speaks: bool = True
    """Whether sound comes as soon as it is open."""


@dataclass
class ScriptedSound:
    """The module; `plugs` are what is plugged in, and seen once PortAudio is started anew."""

    plugs: list[Plug] = field(default_factory=list)
    opened: list[Any] = field(default_factory=list)
    """The streams that are open."""
    _initialized: int = 1

    def __post_init__(self) -> None:
        self.PortAudioError = PortAudioError
        self._listed = list(self.plugs)

    @property
    def default(self) -> Any:
        return SimpleNamespace(device=(0, 0) if self._listed else (-1, -1))

    def query_devices(self) -> list[dict[str, Any]]:
        return [
            {
                "name": each.name,
                "max_input_channels": max(each.channels),
                "max_output_channels": 0,
                "default_samplerate": each.rate,
            }
            for each in self._listed
        ]

    def _terminate(self) -> None:
        assert not self.opened, "PortAudio is ended while a stream is open"
        self._initialized -= 1

    def _initialize(self) -> None:
        self._initialized += 1
        self._listed = list(self.plugs)

    def InputStream(self, **wanted: Any) -> _Stream:
        plug = self._listed[wanted["device"]]
        if plug not in self.plugs:
            raise PortAudioError("Device unavailable", -9985)
        if wanted["samplerate"] not in plug.rates:
            raise PortAudioError("Invalid sample rate", -9997)
        if wanted["channels"] not in plug.channels:
            raise PortAudioError("Invalid number of channels", -9998)
        return _Stream(self, plug, wanted)

    def unplug(self, name: str) -> None:
        """Take a device away, as a hand does: what is open on it ends."""
        self.plugs = [each for each in self.plugs if each.name != name]
        for each in [each for each in self.opened if each.plug.name == name]:
            each.wanted["finished_callback"]()


class _Stream:
    def __init__(self, sound: ScriptedSound, plug: Plug, wanted: dict[str, Any]) -> None:
        self.sound, self.plug, self.wanted = sound, plug, wanted
        self.given = 0

    def start(self) -> None:
        self.sound.opened.append(self)
        if self.plug.speaks:
            self.give()

    def give(self, blocks: int = 1, *, overflow: bool = False) -> None:
        """Call back with blocks that each hold their own number, in thousandths."""
        for _ in range(blocks):
            samples = np.full((self.wanted["blocksize"], self.wanted["channels"]), self.given / 1000, np.float32)
            self.given += 1
            self.wanted["callback"](samples, len(samples), None, SimpleNamespace(input_overflow=overflow))
            samples[:] = -1  # PortAudio uses its memory again

    def abort(self, ignore_errors: bool) -> None:
        assert self in self.sound.opened

    def close(self, ignore_errors: bool) -> None:
        self.sound.opened.remove(self)
        self.wanted["finished_callback"]()
