"""How loud the microphone hears."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from scripted_sound import ScriptedSound
from virtual_sound import spoken

from daemon.doctor.level import COLUMNS, Level, bar, decibels, measured


def test_a_sentence_at_a_real_microphone(sound: Any) -> None:
    shown: list[str] = []
    sound.say(spoken("one two three four five six seven eight"))
    level = measured(None, 1.5, shown.append)
    assert level.peak > 0.2 and (level.device, level.rate, level.problem) == ("default", 16_000, "")
    assert len(shown) > 30 and any("####" in each for each in shown)
    assert level.check("linux", spoken=True).status == "ok"


def test_digital_silence_means_muted(sound: Any) -> None:
    level = measured(None, 0.2)
    assert level.peak == 0
    found = level.check("linux")
    assert found.status == "warning" and "digital silence" in found.says and found.mend.startswith("pactl set-source")
    assert "System Settings" in level.check("darwin").mend


def test_no_microphone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", ScriptedSound([]))
    found = measured(None, 30).check("linux")
    assert found.status == "failed" and found.says.startswith("There is no microphone here") and found.mend


def test_it_goes_away_while_it_is_listened_to(sound: Any) -> None:
    def show(line: str) -> None:
        if sound._server.poll() is None:
            sound.stop()

    level = measured(None, 30, show)
    sound.pipe.unlink(missing_ok=True)  # or its microphone would be missing from the next server
    assert "gone" in level.problem and level.check("linux").mend == "devos doctor microphone"


@pytest.mark.parametrize(("peak", "spoke", "status"), [(0.3, True, "ok"), (0.01, True, "warning"), (0.01, False, "ok")])
def test_hardly_loud_enough(peak: float, spoke: bool, status: str) -> None:
    assert Level("Desk", 48_000, peak, 0, "").check("linux", spoken=spoke).status == status


def test_the_bar() -> None:
    assert (decibels(1), decibels(0), decibels(0.1)) == (0, -60, pytest.approx(-20))
    assert bar(1, 1) == f"[{'#' * COLUMNS}]    0 dB"
    assert bar(0, 0) == f"[{'.' * COLUMNS}]  -60 dB"
    assert bar(0, 1) == f"[{'.' * (COLUMNS - 1)}|]  -60 dB"
