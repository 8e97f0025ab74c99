"""Trying the wake word."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted_sound import Plug, ScriptedSound
from virtual_sound import RATE, spoken

from daemon.doctor.wake import listened
from daemon.hearing.wake import UnknownWakeWord

CLIPS = Path(__file__).parents[4] / "shared/audio/wakeword/alexa"


@pytest.fixture
def alexa() -> Iterator[Any]:
    """Somebody who says it, three times."""
    from faster_whisper.audio import decode_audio

    if not CLIPS.is_dir():
        pytest.skip(f"there are no recordings of people who say it: {CLIPS}")
    clips = [decode_audio(str(each), sampling_rate=RATE) for each in sorted(CLIPS.glob("*.flac"))[:3]]
    gap = np.zeros(RATE // 2, np.float32)
    yield (np.concatenate([each for clip in clips for each in (clip, gap)]) * 32_767).astype(np.int16)


def test_a_person_says_it(alexa: Any, sound: Any, tmp_path: Path) -> None:
    heard = listened(None, ["alexa"], 0.5, tmp_path, 30, lambda: sound.say(alexa))
    assert (heard.word, heard.spoke) == ("alexa", True) and heard.ms is not None
    assert heard.check(["alexa"], 30).says.startswith("'alexa' was heard, and known within ")


def test_something_else_is_said(sound: Any, tmp_path: Path) -> None:
    heard = listened(None, ["alexa"], 0.5, tmp_path, 2.5, lambda: sound.say(spoken("the train leaves at noon")))
    assert heard.word is None and heard.spoke
    found = heard.check(["alexa"], 2.5)
    assert found.status == "failed" and found.says == "Speech was heard, but none of 'alexa'." and found.mend


def test_nobody_speaks(sound: Any, tmp_path: Path) -> None:
    found = listened(None, ["alexa"], 0.5, tmp_path, 0.3).check(["alexa"], 0.3)
    assert (found.status, found.mend) == ("failed", "devos doctor microphone") and "0.3 seconds" in found.says


def test_no_microphone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", ScriptedSound([]))
    found = listened(None, ["alexa"], 0.5, tmp_path, 30).check(["alexa"], 30)
    assert found.status == "failed" and found.says.startswith("There is no microphone here")


def test_an_unknown_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = ScriptedSound([Plug("Desk")])
    monkeypatch.setitem(sys.modules, "sounddevice", script)
    with pytest.raises(UnknownWakeWord):
        listened(None, ["open sesame"], 0.5, tmp_path, 30)
    assert not script.opened
