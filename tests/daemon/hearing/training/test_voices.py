"""The voices of this machine."""

from __future__ import annotations

import stat
from pathlib import Path
from random import Random

import numpy as np
import pytest

from daemon.hearing.frames import RATE
from daemon.hearing.training import voices
from daemon.hearing.training.voices import Manner, NoVoices, Voice, installed, phonemes, speak

USUAL = Manner("en-us", 1.0, 50, 1.0)


@pytest.mark.usefixtures("espeak_ng")
def test_there_are_dozens_of_voices_and_none_that_whispers() -> None:
    found = installed()
    assert len({each.family for each in found}) > 40
    assert not [each for each in found if "whisper" in each.name or "Robo" in each.name]


@pytest.mark.usefixtures("espeak_ng")
def test_a_voice_speaks_without_silence_around_it_and_faster_where_it_should() -> None:
    usual = speak("scale the web app", Voice("espeak-ng", "f3"), USUAL)
    assert usual.dtype == np.float32 and 0.6 * RATE < len(usual) < 2 * RATE
    assert np.abs(usual).max() == pytest.approx(1) and np.abs(usual[:160]).max() > 0.01
    quick = speak("scale the web app", Voice("espeak-ng", "f3"), Manner("en-us", 1.3, 50, 1.0))
    large = speak("scale the web app", Voice("espeak-ng", "f3"), Manner("en-us", 1.0, 50, 1.12))
    assert len(quick) < 0.9 * len(usual) < len(usual) < 0.95 * len(large)
    assert len(speak("", Voice("espeak-ng", "f3"), USUAL)) == 0


@pytest.mark.usefixtures("espeak_ng")
def test_flite_speaks_as_well_where_it_is_installed() -> None:
    if not (found := [each for each in installed() if each.engine == "flite"]):
        pytest.skip("install with: apt-get install flite")
    assert len(speak("hello there", found[0], USUAL)) > RATE // 4


@pytest.mark.usefixtures("espeak_ng")
def test_words_are_pronounced_sound_by_sound() -> None:
    assert phonemes(["hey", "hay", "day"])[:2] == [phonemes(["hey"])[0]] * 2
    assert len(phonemes(["hey", "one. two. three.", "day"])) == 3
    assert len(phonemes(["day"])[0]) == 2


def test_voices_that_differ_in_little_are_one_family() -> None:
    assert Voice("flite", "awb").natural and not Voice("espeak-ng", "f1").natural
    families = [Voice("espeak-ng", name).family for name in ("Gene", "Gene2", "f1", "f2")]
    assert families[0] == families[1] and len(set(families)) == 3
    assert Voice("flite", "kal16").family == Voice("flite", "kal").family != Voice("say", "kal").family


def test_every_manner_is_one_in_which_people_speak() -> None:
    random = Random(1)
    for each in [Manner.any(random) for _ in range(200)]:
        assert each.accent in voices.ACCENTS and 0.7 < each.speed < 1.4 and 0.85 < each.size < 1.17


@pytest.mark.parametrize(("platform", "command"), [("linux", "apt-get install espeak-ng"), ("darwin", "brew install")])
def test_without_espeak_ng_it_says_the_command(platform: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(voices.sys, "platform", platform)
    with pytest.raises(NoVoices, match=f"espeak-ng is not installed.*{command}"):
        installed()


def _program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(stat.S_IRWXU)


def test_a_mac_has_voices_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(
        tmp_path, "espeak-ng", "echo 'Pty Language Age/Gender VoiceName File'\necho ' 5 variant --/M Adam !v/adam'"
    )
    _program(
        tmp_path, "say", "echo 'Alex                en_US    # Hello'\necho 'Anna                de_DE    # Hallo'"
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(voices.sys, "platform", "darwin")
    assert installed() == [Voice("espeak-ng", "adam"), Voice("say", "Alex")]


def test_an_engine_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "espeak-ng", "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoVoices, match="espeak-ng does not speak"):
        speak("hello", Voice("espeak-ng", "f1"), USUAL)
