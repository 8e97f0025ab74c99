"""Whether hotkeys can be listened to here, and whether those in the settings go together."""

from __future__ import annotations

from daemon.doctor.check import Check, Machine
from policies.visible import visible

SETTINGS = "Change them in section [hotkeys] of config.toml."


def hotkeys(machine: Machine) -> Check:
    """By which way they come in; nothing is pressed for it."""
    from daemon.app import INTENTS
    from daemon.hotkeys.bindings import BadBindings, bindings_of
    from daemon.hotkeys.hotkeys import NO_WAY, way_for

    name, settings = "hotkeys", machine.settings.hotkeys
    if not settings.on:
        return Check(name, "skipped", "They are off; on = true in section [hotkeys] switches them on.")
    try:
        count = len(bindings_of(settings, INTENTS))
    except BadBindings as problem:
        return Check(name, "failed", visible(str(problem), lines=False), SETTINGS)
    if told := machine.sense("hotkeys").get("problem"):
        return Check(name, "warning", visible(str(told), lines=False), "devos press --list")
    way = way_for(machine.environment, machine.platform)
    if way is None:
        return Check(name, "warning", NO_WAY, "devos press --list")
    proving = "devos doctor hotkeys proves each one"
    if machine.platform == "darwin":
        return _on_a_mac(name, count, proving)
    return Check(name, "ok", f"{count} hotkeys come in by {way[0]}; {proving}.")


def _on_a_mac(name: str, count: int, proving: str) -> Check:
    from importlib import import_module

    from daemon.hotkeys.macos import ALLOW

    try:
        allowed = import_module("HIServices").AXIsProcessTrusted()
    except ImportError as missing:
        return Check(name, "failed", f"Keys cannot be heard here: {missing}.", "pip install pynput")
    if not allowed:
        return Check(name, "failed", ALLOW, "open 'x-apple.systempreferences:com.apple.preference.security'")
    return Check(name, "ok", f"{count} hotkeys come in by macOS; {proving}.")
