"""All quick checks, in the order in which they build upon one another. None asks for anything, or makes a sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from daemon.doctor.check import Check, Machine, bounded
from daemon.doctor.desktop import display_server, keyring, notifications, portal
from daemon.doctor.house import config, daemon_running, disk, models, permissions, wake_words
from daemon.doctor.keys import hotkeys
from daemon.doctor.sound import loudspeaker, microphone, sound_server, voice
from policies.visible import visible

CHECKS: Mapping[str, Callable[[Machine], Check]] = MappingProxyType(
    {
        "settings": config,
        "permissions": permissions,
        "disk": disk,
        "daemon": daemon_running,
        "sound server": sound_server,
        "microphone": microphone,
        "loudspeaker": loudspeaker,
        "voice": voice,
        "speech model": models,
        "wake word": wake_words,
        "display server": display_server,
        "hotkeys": hotkeys,
        "portal": portal,
        "notifications": notifications,
        "keyring": keyring,
    }
)

LIMIT = 20.0
"""Seconds after which a check is given up."""


def examine(
    machine: Machine, checks: Mapping[str, Callable[[Machine], Check]] = CHECKS, *, limit: float = LIMIT
) -> Iterator[Check]:
    """Look at everything, one after the other; a check that breaks is a finding itself."""
    for name, check in checks.items():
        try:
            yield bounded(partial(check, machine), limit)
        except TimeoutError:
            yield Check(name, "failed", f"It does not answer within {limit:g} seconds.", "Log out and in again.")
        except Exception as error:  # whatever this machine comes up with, the other checks go on
            why = visible(f"{type(error).__name__}: {error}", lines=False)
            yield Check(name, "failed", f"It could not be looked at ({why}).", "Report this as a bug of DevOS.")
