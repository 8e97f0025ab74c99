"""doctor: what works on this machine."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result
from virtual_sound import spoken

from daemon.commands import doctor
from daemon.doctor.examination import CHECKS

PROGRAM = "import typer; from daemon.commands import doctor; app = typer.Typer(); doctor.add_to(app); app()"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "devos"


def run(home: Path, *words: str) -> Result:
    app = typer.Typer()
    doctor.add_to(app)
    return CliRunner().invoke(app, ["doctor", *words], env={"DEVOS_HOME": str(home)}, catch_exceptions=False)


def test_a_machine_with_sound_and_without_a_screen(sound: Any, home: Path) -> None:
    found = run(home)
    assert found.exit_code == 0, found.stdout
    lines = found.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines if line and not line.startswith(" ")][:-1] == list(CHECKS)
    assert "below each stands what mends it." in lines[-1] and not found.stderr
    as_json = run(home, "--json")
    assert as_json.exit_code == 0
    listed = json.loads(as_json.stdout)
    assert [each["name"] for each in listed] == list(CHECKS)
    assert all(set(each) == {"name", "status", "says", "mend"} for each in listed)
    assert not home.exists()


def test_one_failure_is_exit_code_1(home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[microfone]\n")
    found = run(home, "--json")
    listed = {each["name"]: each for each in json.loads(found.stdout)}
    assert found.exit_code == 1 and listed["settings"]["status"] == "failed"
    assert "'microfone'" in listed["settings"]["says"]


def test_the_microphones_peak(sound: Any, home: Path) -> None:
    sound.say(spoken("one two three four five six seven"))
    found = run(home, "microphone", "--seconds", "1.2", "--json")
    told = json.loads(found.stdout)
    assert found.exit_code == 0 and told["peak"] > 0.2 and (told["device"], told["rate"]) == ("default", 16_000)


def test_on_a_terminal_the_level_is_shown_live(sound: Any, home: Path) -> None:
    here, there = pty.openpty()
    sound.say(spoken("one two three four five six seven"))
    command = [sys.executable, "-c", PROGRAM, "doctor", "microphone", "--seconds", "1"]
    with subprocess.Popen(command, stdout=there, env=os.environ | {"DEVOS_HOME": str(home)}) as started:
        os.close(there)
        shown = b""
        while True:
            try:
                shown += os.read(here, 4096)
            except OSError:  # it has ended
                break
    os.close(here)
    assert started.returncode == 0 and shown.count(b"\r[") > 10 and b" dB" in shown and b"####" in shown


def test_the_voice(sound: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.doctor.voice.SENTENCE", "Yes.")  # it takes its time
    found = run(home, "voice", "--json")
    assert found.exit_code == 0 and json.loads(found.stdout)["status"] == "ok"


def test_nobody_says_the_wake_word(sound: Any, home: Path) -> None:
    found = run(home, "wake", "--seconds", "0.5")
    assert found.exit_code == 1 and "Say 'hey jarvis'; this listens for 0.5 seconds." in found.stdout
    assert "Nobody was heard to speak" in " ".join(found.stdout.split())
    found = run(home, "wake", "--seconds", "0.5", "--json")
    assert found.exit_code == 1 and json.loads(found.stdout)["word"] is None


def test_a_wake_word_that_does_not_exist(home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text('[wake]\nwords = ["open sesame"]\n')
    found = run(home, "wake", "--json")
    assert found.exit_code == 1 and "open sesame" in json.loads(found.stdout)["error"]


@pytest.mark.parametrize("word", ["microphone", "wake", "voice", "hotkeys"])
def test_wrong_settings_are_said_where_they_are_needed(word: str, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[microfone]\n")
    found = run(home, word)
    assert found.exit_code == 2 and "'microfone'" in found.stdout + found.stderr
