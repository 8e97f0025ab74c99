"""What hears and speaks here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_sound import ScriptedSound

from daemon.doctor.check import Machine
from daemon.doctor.sound import loudspeaker, microphone, sound_server, voice


def test_a_real_sound_server(sound: Any, machine: Callable[..., Machine]) -> None:
    made = machine(platform="linux")
    assert sound_server(made).says == "pulseaudio answers."
    assert microphone(made).status == "warning"  # nobody speaks, and nothing hums: digital silence
    assert (loudspeaker(made).status, loudspeaker(made).says[:9]) == ("ok", "'default'")
    wrong = loudspeaker(machine(settings={"speech": {"device": "headset"}}))
    assert wrong.status == "failed" and "'Null Output'" in wrong.says and wrong.mend == "pactl list short sinks"


@pytest.mark.parametrize(("program", "mend"), [("#!/bin/sh\nexit 1\n", "pulseaudio --start"), ("", "pulseaudio-utils")])
@pytest.mark.parametrize(
    ("cards", "status"),
    [(" 0 [PCH]: HDA-Intel\n", "warning"), ("--- no soundcards ---\n", "failed"), (None, "failed")],
)
def test_no_sound_server(
    program: str,
    mend: str,
    cards: str | None,
    status: str,
    machine: Callable[..., Machine],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if program:
        (tmp_path / "pactl").write_text(program)
        (tmp_path / "pactl").chmod(0o755)
    if cards:
        (tmp_path / "cards").write_text(cards)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("daemon.doctor.sound.CARDS", tmp_path / "cards")
    found = sound_server(machine(platform="linux"))
    assert found.status == status and mend in found.mend


def test_no_devices(machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", ScriptedSound([]))
    made = machine()
    assert microphone(made).status == loudspeaker(made).status == "failed"
    assert microphone(made).mend and loudspeaker(made).mend


def test_no_portaudio(machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    found = microphone(machine(platform="linux"))
    assert found.status == "failed" and found.says.startswith("PortAudio is missing") and "portaudio" in found.mend


def test_the_daemon_has_the_microphone(machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)  # it is not opened a second time
    found = microphone(machine(senses={"microphone": {"status": "open", "device": "Desk"}}))
    assert found.status == "ok" and "'Desk'" in found.says
    found = microphone(machine(senses={"microphone": {"status": "muted"}}))
    assert found.status == "warning" and "ctrl+alt+m" in found.mend


def test_a_sentence_becomes_sound(machine: Callable[..., Machine]) -> None:
    found = voice(machine())
    if "espeak-ng" in found.says:
        pytest.skip(f"install with: make system ({found.says})")
    assert found.says == "A sentence becomes sound."
    wrong = voice(machine(settings={"speech": {"voice": "nobody at all"}}))
    assert wrong.status == "failed" and "No voice has 'nobody at all' in its name" in wrong.says
    assert wrong.mend.startswith("Choose another voice in section [speech]")


@pytest.mark.parametrize("mode", ["notify", "off"])
def test_who_does_not_speak_needs_no_loudspeaker(mode: str, machine: Callable[..., Machine]) -> None:
    made = machine(settings={"speech": {"mode": mode}})
    assert voice(made).status == loudspeaker(made).status == "skipped"


def test_a_mac(machine: Callable[..., Machine]) -> None:
    assert sound_server(machine(platform="darwin")).says == "Core Audio."
