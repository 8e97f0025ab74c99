"""Trying the voice."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from scripted_sound import ScriptedSound

from daemon.doctor.voice import spoken
from daemon.sense_sections import Speech

QUIET = Speech(mode="notify", quiet=["00:00-23:59"])


def test_it_is_played_whatever_the_hour_and_the_person_is_asked(sound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.doctor.voice.SENTENCE", "Yes.")  # it takes its time
    assert spoken(QUIET, None).status == "ok"
    assert np.abs(sound.heard()).max() > 1_000
    assert spoken(QUIET, lambda: True).says == "The voice was heard."
    unheard = spoken(QUIET, lambda: False)
    assert unheard.status == "failed" and unheard.mend.startswith("pactl set-sink-mute")


def test_no_loudspeaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", ScriptedSound([]))
    found = spoken(Speech(), lambda: True)
    assert found.status == "failed" and found.says.startswith("There is no loudspeaker here") and found.mend


def test_no_such_voice() -> None:
    found = spoken(Speech(voice="nobody at all"), None)
    assert found.status == "failed" and "No voice has 'nobody at all' in its name" in found.says
    assert found.mend.startswith("Choose another voice in section [speech]")
