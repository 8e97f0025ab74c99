from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from daemon.speaking.voice import NoVoice, Voice


@pytest.fixture
def real() -> Voice:
    if not shutil.which("espeak-ng"):
        pytest.skip("install with: make system (it wants espeak-ng, which speaks)")
    return Voice()


def test_renders_one_sentence_after_another_in_one_process(real: Voice) -> None:
    first = real.render("Scale web app in production from 3 to 10.")
    pid = real.pid
    second = real.render("Yes.")
    assert real.pid == pid
    assert first.seconds > 2 * second.seconds > 0.4
    assert first.samples.dtype == np.float32
    assert 0.2 < np.abs(first.samples).max() <= 1
    real.close()
    assert pid is not None and not psutil.pid_exists(pid)


def test_what_is_said_is_in_memory_only_and_gone_with_the_daemon(real: Voice, tmp_path: Path) -> None:
    real.close()
    script = (
        "import os; from daemon.speaking.voice import Voice; voice = Voice(); voice.render('Confirm tango seven.');"
        "print(voice.pid, *os.listdir(os.environ['XDG_RUNTIME_DIR']), flush=True); os._exit(0)"
    )
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    pid, *folders = done.stdout.split()
    assert any(each.startswith("devos-voice-") for each in folders), "in memory, and not on a disk"
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(pid)).wait(20)
    assert not list(tmp_path.glob("devos-voice-*"))


def test_takes_the_voice_and_the_rate_that_are_set(real: Voice) -> None:
    text = "Three replicas are ready."
    slow, other = Voice(rate=90), Voice("scotland")
    usual = real.render(text).seconds
    assert slow.render(text).seconds > 1.5 * usual
    assert other.render(text).seconds != usual
    for each in (real, slow, other):
        each.close()


def test_says_which_voices_there_are(real: Voice) -> None:
    real.close()
    voice = Voice("nobody")
    with pytest.raises(NoVoice, match=r"No voice has 'nobody' in its name; there are .*English"):
        voice.render("hello")
    voice.close()


def test_says_how_a_missing_engine_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyttsx3.py").write_text("def init():\n    raise RuntimeError('you do not have eSpeak')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    voice = Voice()
    with pytest.raises(NoVoice, match=r"espeak-ng does not load; install it: .*install.* (lib)?espeak-ng"):
        voice.render("hello")
    assert voice.pid is None, "once it is installed, a new process has to look for it"
    voice.close()


def test_starts_the_engine_anew_when_it_hangs(voice_of: Callable[..., Voice], asked: Path) -> None:
    voice = voice_of(limit=1)
    assert voice.render("number 3").rate == 22_050
    pid = voice.pid
    clip = voice.render("hang once, number 4")
    assert np.allclose(clip.samples, 1400 / 32768)
    assert voice.pid != pid
    assert pid is not None and not psutil.pid_exists(pid)
    assert asked.read_text().split("\n")[:-1] == ["number 3", "hang once, number 4", "hang once, number 4"]


@pytest.mark.parametrize("text", ["hang for ever", "end", "nonsense"])
def test_gives_up_an_engine_that_does_not_get_well(voice_of: Callable[..., Voice], text: str) -> None:
    voice = voice_of(limit=0.3, starting=5)
    voice.render("one")
    with pytest.raises(NoVoice, match="does not answer"):
        voice.render(text)
    assert voice.pid is None
    assert len(voice.render("number 2").samples) > 0


def test_passes_on_what_the_engine_cannot_do(voice_of: Callable[..., Voice]) -> None:
    with pytest.raises(NoVoice, match=r"^It is broken\.$"):
        voice_of().render("broken")


def test_gives_the_memory_back_when_nothing_is_said(voice_of: Callable[..., Voice]) -> None:
    voice = voice_of(idle_minutes=0.001)
    voice.render("one")
    pid = voice.pid
    assert pid is not None
    for each in threading.enumerate():
        if each.name == "voice-idle":
            each.join(20)
    assert voice.pid is None and not psutil.pid_exists(pid)
    assert len(voice.render("two").samples) > 0


def test_leaves_no_file_behind(voice_of: Callable[..., Voice], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    voice = voice_of()
    voice.render("one")
    folders = list(tmp_path.glob("devos-voice-*"))
    assert [each.stat().st_mode & 0o777 for each in folders] == [0o700]
    voice.close()
    assert not list(tmp_path.glob("devos-voice-*"))


def test_ends_an_engine_that_hangs_when_it_is_closed(voice_of: Callable[..., Voice], asked: Path) -> None:
    voice = voice_of(limit=60)
    voice.render("one")
    problems: list[str] = []

    def render() -> None:
        try:
            voice.render("hang for ever")
        except NoVoice as problem:
            problems.append(str(problem))

    thread = threading.Thread(target=render)
    thread.start()
    while "hang" not in asked.read_text():
        os.sched_yield()
    voice.close()
    thread.join(20)
    assert problems and voice.pid is None


def test_says_that_the_engine_does_not_start() -> None:
    with pytest.raises(NoVoice, match="does not start: No such file"):
        Voice(program=["/no/such/program"]).render("hello")


def test_runs_the_engine_without_the_modules_of_the_folder_at_hand() -> None:
    from daemon.speaking.voice import PROGRAM

    assert PROGRAM[:2] == (sys.executable, "-P")
