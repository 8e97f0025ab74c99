"""What PulseAudio, or PipeWire in its place, says about its devices: the names that people know them by."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["input", "output"]

SECONDS = 2.0
"""What takes longer than this is a server that hangs."""
MONITOR = ".monitor"
"""How the names of sources end that are no microphones: they give what a loudspeaker plays."""
LISTS = {"input": "sources", "output": "sinks"}


@dataclass(frozen=True)
class ServerDevice:
    """One microphone or loudspeaker of the sound server."""

    name: str
    """As the server calls it: alsa_input.usb-Jabra_Link_380-00.mono-fallback."""
    description: str
    """As people call it: Jabra Link 380 Mono."""


def server_devices(kind: Kind) -> tuple[ServerDevice, ...]:
    """The microphones or loudspeakers of the sound server; none where there is no server, or no `pactl` to ask it."""
    try:
        listed = json.loads(_pactl("--format=json", "list", LISTS[kind]))
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()
    return tuple(
        ServerDevice(str(each.get("name", "")), str(each.get("description", "")))
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and each.get("name") and not _is_monitor(kind, each)
    )


def named(part: str, devices: tuple[ServerDevice, ...]) -> ServerDevice | None:
    """The first one whose name or description has that part, in upper or lower case."""
    part = part.casefold()
    return next((each for each in devices if part in f"{each.name}\n{each.description}".casefold()), None)


def server_name() -> str:
    """What the sound server calls itself: "PulseAudio (on PipeWire 1.2.7)".

    Raises:
        OSError: there is no `pactl`.
        subprocess.SubprocessError: no server answers it.
    """
    lines = _pactl("info").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("Server Name:")), "a sound server")


def default_source() -> str:
    """The name of the microphone that is listened to by default.

    Raises:
        OSError, subprocess.SubprocessError: as `server_name`.
    """
    return _pactl("get-default-source").strip()


def hears_itself() -> bool:
    """Whether what is listened to by default is what the loudspeaker plays: so it is where there is no microphone."""
    try:
        return default_source().endswith(MONITOR)
    except (OSError, subprocess.SubprocessError):
        return False


def _is_monitor(kind: Kind, device: dict[str, Any]) -> bool:
    return kind == "input" and str(device.get("name", "")).endswith(MONITOR)


def _pactl(*words: str) -> str:
    done = subprocess.run(
        ["pactl", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=SECONDS,
        check=True,
        errors="replace",
        text=True,
    )
    return done.stdout
