"""What the desktop session offers: a screen, the portal for hotkeys, notifications, a keyring."""

from __future__ import annotations

from daemon.doctor.bus import NoBus, session_bus
from daemon.doctor.check import Check, Machine
from policies.visible import visible

NOTIFICATIONS = "org.freedesktop.Notifications"
SESSION = "Start DevOS from within your desktop session: devos install does."


def display_server(machine: Machine) -> Check:
    """X11, Wayland, macOS, or none."""
    from daemon.hotkeys.display import connect, leave
    from daemon.hotkeys.way import NoHotkeys

    name, environment = "display server", machine.environment
    if machine.platform == "darwin":
        return Check(name, "ok", "macOS.")
    if _is_wayland(machine):
        return Check(name, "ok", "Wayland: hotkeys come by the desktop's portal.")
    if not (display := environment.get("DISPLAY", "")):
        says = "There is no screen here (neither $WAYLAND_DISPLAY nor $DISPLAY is set): no hotkeys, no notifications."
        return Check(name, "warning", says, SESSION)
    try:
        leave(connect(display))
    except NoHotkeys as problem:
        return Check(name, "failed", visible(str(problem), lines=False), SESSION)
    return Check(name, "ok", f"X11, {visible(display, lines=False)}.")


def portal(machine: Machine) -> Check:
    """Whether a Wayland desktop lets programs listen to hotkeys."""
    name = "portal"
    if machine.platform == "darwin" or not _is_wayland(machine):
        return Check(name, "skipped", "Hotkeys need the desktop's portal on Wayland only.")
    try:
        found = session_bus(machine.environment)
    except NoBus as problem:
        return Check(name, "failed", visible(str(problem), lines=False), SESSION)
    if found.shortcuts is None:
        says = "This desktop's portal has no GlobalShortcuts, so your desktop has to bind the keys itself."
        return Check(name, "warning", says, "devos press --snippet sway (or gnome, kde, hyprland)")
    return Check(name, "ok", f"The portal has GlobalShortcuts, version {found.shortcuts}.")


def notifications(machine: Machine) -> Check:
    """Whether something shows them."""
    name = "notifications"
    if machine.platform == "darwin":
        return Check(name, "ok", "macOS shows them where System Settings, Notifications allows it.")
    try:
        found = session_bus(machine.environment)
    except NoBus as problem:
        return Check(name, "warning", visible(f"None are shown: {problem}", lines=False), SESSION)
    if NOTIFICATIONS not in found.names:
        return Check(name, "warning", "Nothing on this desktop shows notifications.", "sudo apt-get install dunst")
    return Check(name, "ok", "The desktop shows them.")


def keyring(machine: Machine) -> Check:
    """Whether there is one that keeps secrets from others."""
    from policies.audit.keys import system_keyring

    name = "keyring"
    if machine.settings.audit.keyring == "file":
        return Check(name, "skipped", "The settings keep the key of the audit log in a file.")
    found = system_keyring()
    if found is None:
        says = "There is none, so the key of the audit log lies in a file that only you can read."
        return Check(name, "warning", says, "sudo apt-get install gnome-keyring, and log in again")
    return Check(name, "ok", f"{visible(str(getattr(found, 'name', type(found).__name__)), lines=False)}.")


def _is_wayland(machine: Machine) -> bool:
    environment = machine.environment
    return bool(environment.get("WAYLAND_DISPLAY")) or environment.get("XDG_SESSION_TYPE") == "wayland"
