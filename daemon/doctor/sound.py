"""What hears and speaks here: the sound server, the microphone, the loudspeaker, the voice."""

from __future__ import annotations

import subprocess
from pathlib import Path

from daemon.doctor.check import Check, Machine, troubled
from daemon.doctor.hush import hushed
from daemon.doctor.level import measured
from daemon.doctor.voice import voiceless
from daemon.portaudio import NoSound, devices
from daemon.sound_devices import found
from daemon.sound_server import server_name
from policies.visible import visible

CARDS = Path("/proc/asound/cards")
START = "sudo apt-get install pulseaudio libasound2-plugins && pulseaudio --start"
PEEK = 0.5
"""Seconds that the quick check listens for."""


def sound_server(machine: Machine) -> Check:
    """PulseAudio or PipeWire, or the bare sound card, or nothing."""
    name = "sound server"
    if machine.platform == "darwin":
        return Check(name, "ok", "Core Audio.")
    try:
        return Check(name, "ok", f"{visible(server_name(), lines=False)} answers.")
    except OSError:
        without = "No sound server can be asked, because pactl is missing"
        mend = "sudo apt-get install pulseaudio-utils"
    except subprocess.SubprocessError:
        without, mend = "No sound server answers", START
    if _has_card():
        says = f"{without}; sound goes to the card by ALSA, for one program at a time."
        return Check(name, "warning", says, mend)
    return Check(name, "failed", f"{without}, and there is no sound card.", mend)


def microphone(machine: Machine) -> Check:
    """Whether it opens, and gives more than digital silence."""
    told = machine.sense("microphone")
    if told.get("status") == "muted":
        says = "The microphone is muted in DevOS."
        return Check("microphone", "warning", says, f"Press {machine.settings.hotkeys.mute}, or: devos press mute")
    if told.get("status") == "open":
        device = visible(str(told.get("device")), lines=False)
        return Check("microphone", "ok", f"DevOS listens by {device!r}; devos doctor microphone shows how loud.")
    with hushed():
        level = measured(machine.settings.microphone.name, PEEK)
    return level.check(machine.platform)


def loudspeaker(machine: Machine) -> Check:
    """Whether there is the one that is wanted; nothing is played."""
    name, speech = "loudspeaker", machine.settings.speech
    if speech.mode != "voice":
        return Check(name, "skipped", f"DevOS does not speak: mode = {speech.mode!r} in section [speech].")
    try:
        with hushed():
            device = found("output", speech.device, devices("output"))
    except NoSound as problem:
        return troubled(name, str(problem), "pactl list short sinks")
    return Check(name, "ok", f"{device.name!r}; devos doctor voice says something.")


def voice(machine: Machine) -> Check:
    """Whether a sentence becomes sound; nothing is played."""
    from daemon.speaking.voice import NoVoice, Voice

    name, speech = "voice", machine.settings.speech
    if speech.mode != "voice":
        return Check(name, "skipped", f"DevOS does not speak: mode = {speech.mode!r} in section [speech].")
    speaker = Voice(speech.voice, rate=speech.rate)
    try:
        speaker.render("Ready.")
    except NoVoice as problem:
        return voiceless(str(problem), "sudo apt-get install libespeak-ng1 alsa-utils")
    finally:
        speaker.close()
    return Check(name, "ok", "A sentence becomes sound.")


def _has_card() -> bool:
    try:
        return "no soundcards" not in CARDS.read_text()
    except OSError:
        return False
