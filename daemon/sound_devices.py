"""The microphones and loudspeakers that PortAudio lists, and how one is found by its name."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from daemon.sound_server import Kind, hears_itself, named, server_devices
from policies.visible import visible

SERVER = ("pulse", "default")
"""How ALSA calls the sound server, in the order of what is taken; what it then plays to can be chosen."""
CHOOSE = "pactl list short sources, then pactl set-default-source NAME"
RESTART = (
    "sudo killall coreaudiod"
    if sys.platform == "darwin"
    else "systemctl --user restart pipewire-pulse || pulseaudio --start"
)


class NoSound(RuntimeError):
    """There is nothing to hear or to play with; the message is one sentence for a person, with what mends it."""


@dataclass(frozen=True)
class Device:
    """One microphone or loudspeaker, as PortAudio lists it."""

    index: int
    name: str
    channels: int
    rate: float
    """Samples per second that it works at by itself."""
    default: bool
    server_name: str | None = None
    """What the sound server is to take, where this is the way to the server and a device of its own was named."""


def listed(module: Any, kind: Kind) -> tuple[Device, ...]:
    """What PortAudio lists.

    Raises:
        NoSound: it does not answer.
    """
    try:
        known, (first, second) = module.query_devices(), module.default.device
    except module.PortAudioError as error:
        raise NoSound(f"PortAudio does not list its devices: {plainly(error)}") from None
    default = first if kind == "input" else second
    return tuple(
        Device(index, visible(each["name"], lines=False), channels, float(each["default_samplerate"]), index == default)
        for index, each in enumerate(known)
        if (channels := int(each[f"max_{kind}_channels"]))
    )


def found(kind: Kind, name: str | None, devices: tuple[Device, ...]) -> Device:
    """The device with that in its name, or the default one; names of the sound server count, where it is there.

    Raises:
        NoSound: there is none.
    """
    thing = "microphone" if kind == "input" else "loudspeaker"
    if not devices:
        raise NoSound(f"There is no {thing} here; plug one in, or start the sound system: {RESTART}")
    if name is None:
        device = next((each for each in devices if each.default), devices[0])
        if kind == "input" and device.name in SERVER and hears_itself():
            raise NoSound(f"There is no microphone here; plug one in, or choose one: {CHOOSE}")
        return device
    way = next((each for server in SERVER for each in devices if each.name == server), None)
    known = server_devices(kind) if way else ()
    if way is not None and (chosen := named(name, known)) is not None:
        shown = visible(chosen.description or chosen.name, lines=False)
        return Device(way.index, shown, way.channels, way.rate, default=False, server_name=chosen.name)
    for each in devices:
        if name.casefold() in each.name.casefold():
            return each
    others = [visible(each.description, lines=False) for each in known]
    names = ", ".join(repr(each) for each in [*others, *(each.name for each in devices if each.name not in SERVER)])
    raise NoSound(f"No {thing} has {name!r} in its name; plug it in, or name another in config.toml: {names}")


def does_not_open(thing: str, device: Device, problem: str) -> str:
    """One sentence for the person."""
    mend = "allow it in System Settings, Privacy & Security" if sys.platform == "darwin" else "see `devos doctor`"
    return f"The {thing} {device.name!r} does not open ({problem}); it may be in use by another program: {mend}"


def plainly(error: Exception) -> str:
    """What PortAudio said, without its numbers."""
    return visible(str(error.args[0] if error.args else error), lines=False)
