"""The microphone: at a real sound server, and at devices that follow a script."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
import pytest
from scripted_sound import Plug, PortAudioError, ScriptedSound
from virtual_sound import spoken

from daemon.hearing.frames import FRAME, Frame
from daemon.hearing.intake import KEPT
from daemon.hearing.microphone import HANGS, STALL, Microphone, MicrophoneState

SECONDS = 30.0
"""What takes longer than this hangs."""


class Listener:
    """A microphone, and each state that it told."""

    def __init__(self, name: str | None = None, **more: Any) -> None:
        self.told: Queue[MicrophoneState] = Queue()
        self.microphone = Microphone(name, changed=self.told.put, **more)

    def until(self, status: str) -> MicrophoneState:
        """Wait until that is told."""
        while (state := self.told.get(timeout=SECONDS)).status != status:
            pass
        return state

    def frames(self, count: int) -> list[Frame]:
        found = [self.microphone.read(SECONDS) for _ in range(count)]
        assert None not in found
        return [each for each in found if each is not None]

    def hears(self, sound: Any) -> bool:
        """Whether what is said now arrives."""
        sound.say(spoken("can you hear me"))
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if (self.microphone.read(SECONDS)) is not None and self.microphone.level > 0.2:
                return True
        return False


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.microphone.close()


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ScriptedSound:
    """A desk microphone that only knows its own rate, as the one device."""
    scripted = ScriptedSound([Plug("Desk", rates=(48_000.0,))])
    monkeypatch.setitem(sys.modules, "sounddevice", scripted)
    return scripted


def listened_to() -> int:
    """How many programs take sound from the server's microphone."""
    listed = subprocess.run(["pactl", "list", "source-outputs"], capture_output=True, text=True, check=True).stdout
    return listed.count("ALSA plug-in")


def start_again(sound: Any) -> None:
    """Start the sound server after a kill; the pipe that it left behind would keep its microphone away."""
    sound.pipe.unlink(missing_ok=True)
    sound.start()


def test_speech_comes_in_frames_of_16_khz(sound: Any, listener: Listener) -> None:
    listener.microphone.open()
    state = listener.microphone.state
    assert (state.status, state.device, state.rate, state.overruns) == ("open", "default", 16_000, 0)
    before = time.monotonic()
    assert listener.hears(sound)
    frames = listener.frames(20)
    assert all(each.samples.shape == (FRAME,) and each.samples.dtype == np.float32 for each in frames)
    assert frames[0].at > before and all(one.at <= two.at for one, two in pairwise(frames))
    assert frames[-1].at <= time.monotonic() and not any(each.missed for each in frames)


def test_muted_the_device_itself_is_closed(sound: Any, listener: Listener) -> None:
    microphone = listener.microphone
    microphone.open()
    assert listened_to() == 1
    microphone.mute(True)
    assert microphone.muted and microphone.state.status == "muted" and listened_to() == 0
    assert microphone.read(0) is None and microphone.level == 0
    microphone.open()  # opening it does not overrule the person
    assert microphone.state.status == "muted" and listened_to() == 0
    microphone.mute(False)
    assert microphone.state.status == "open" and listened_to() == 1 and listener.hears(sound)


def test_muted_before_it_is_opened(sound: Any, listener: Listener) -> None:
    listener.microphone.mute(True)
    listener.microphone.open()
    assert listener.microphone.state.status == "muted" and listened_to() == 0


def test_chosen_by_a_part_of_the_name_that_the_server_gives_it(sound: Any) -> None:
    listener = Listener("fifo SOURCE")
    listener.microphone.open()
    assert (listener.microphone.state.device or "").startswith("Unix FIFO source") and listener.hears(sound)
    listener.microphone.close()
    assert "PULSE_SOURCE" not in os.environ


def test_the_sound_server_is_killed_and_started_again(sound: Any, listener: Listener) -> None:
    microphone = listener.microphone
    microphone.open()
    listener.frames(3)
    sound.stop()
    assert "gone" in listener.until("lost").problem
    assert "There is no microphone here; plug one in, or start the sound system:" in listener.until("lost").problem
    start_again(sound)
    assert listener.until("open").problem == "" and listener.hears(sound)


@pytest.fixture
def unplugging(sound: Any) -> Iterator[Any]:
    """As `sound`; afterwards it is started anew, because whoever listened to its speaker was moved elsewhere."""
    yield sound
    sound.stop()
    sound.pipe.unlink(missing_ok=True)


def test_there_is_no_microphone_at_the_start(unplugging: Any, listener: Listener) -> None:
    unplugging.unload("module-pipe-source")
    listener.microphone.open()
    state = listener.microphone.state
    assert state.status == "lost" and state.problem.startswith("There is no microphone here; plug one in")
    unplugging.microphone_again()
    assert listener.until("open") and listener.hears(unplugging)


def test_unplugged_while_it_is_open_and_back(unplugging: Any, listener: Listener) -> None:
    listener.microphone.open()
    unplugging.unload("module-pipe-source")
    unplugging.microphone_again()
    assert listener.hears(unplugging)


def in_use(of: str) -> int:
    """How many files are open in this process ("fd"), or how many threads the system runs for it ("task")."""
    return len(list(Path("/proc/self", of).iterdir()))


def test_closed_it_leaves_no_thread_and_no_file_open(sound: Any, listener: Listener) -> None:
    listener.microphone.open()
    assert listener.hears(sound)  # so whoever speaks into it has opened the files for that
    listener.microphone.close()
    files, threads = in_use("fd"), in_use("task")
    for _ in range(5):
        listener.microphone.open()
        listener.frames(2)
        assert in_use("fd") > files
        listener.microphone.close()
        assert listener.microphone.state.status == "closed" and in_use("fd") == files
    until = time.monotonic() + SECONDS
    while in_use("task") > threads and time.monotonic() < until:
        os.sched_yield()  # the system takes a moment to clear a thread away that is over
    assert in_use("task") <= threads


def test_without_portaudio_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "from daemon.hearing.microphone import Microphone\n"
        "microphone = Microphone(None)\n"
        "microphone.open()\n"
        "print(microphone.state.status, microphone.state.problem)\n"
        "microphone.close()\n"
        "print(microphone.state.status)\n"
    )
    hidden = "import ctypes.util\nctypes.util.find_library = lambda name: None\n"
    (tmp_path / "sitecustomize.py").write_text(hidden)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    lost, closed = done.stdout.splitlines()
    assert lost.startswith("lost PortAudio is missing, which hears and plays sound; install it: ")
    assert lost.endswith("libportaudio2") or lost.endswith("brew install portaudio")
    assert closed == "closed" and not done.stderr


def test_a_device_is_opened_at_its_own_rate_where_it_must_be(script: ScriptedSound, listener: Listener) -> None:
    listener.microphone.open()
    state = listener.microphone.state
    assert (state.status, state.device, state.rate) == ("open", "Desk", 48_000)
    script.opened[0].give(40)
    assert [each.samples.shape for each in listener.frames(35)] == [(FRAME,)] * 35


def test_a_device_that_only_knows_two_channels(script: ScriptedSound, listener: Listener) -> None:
    script.plugs[0].channels = (2,)
    listener.microphone.open()
    script.opened[0].give(10)
    assert listener.microphone.state.status == "open" and len(listener.frames(5)) == 5


def test_unplugged_it_waits_for_the_same_one(script: ScriptedSound) -> None:
    listener = Listener("desk")
    listener.microphone.open()
    listener.until("open")
    desk = script.plugs[0]
    script.plugs.append(Plug("Webcam"))
    script.unplug("Desk")
    assert "gone" in listener.until("lost").problem
    problem = listener.until("lost").problem
    assert problem.startswith("No microphone has 'desk' in its name; plug it in") and problem.endswith("'Webcam'")
    script.plugs.append(desk)
    assert listener.until("open").device == "Desk"
    listener.microphone.close()
    assert not script.opened


def test_a_slow_reader_gets_the_newest_and_is_told_what_it_missed(script: ScriptedSound, listener: Listener) -> None:
    script.plugs[0].rates = (16_000.0,)
    script.plugs[0].rate = 16_000.0
    listener.microphone.open()
    (stream,) = script.opened
    stream.give(KEPT + 99)  # and one when it was opened: a hundred too many
    assert listener.microphone.state.overruns == 100
    listener.microphone.drain()
    stream.give(1)
    assert listener.frames(1)[0].missed == 0  # what was thrown away on purpose was not missed
    stream.give(KEPT + 5)
    first, second = listener.frames(2)
    assert first.samples[0] == pytest.approx((stream.given - KEPT) / 1000)
    assert (first.missed, second.missed) == (5, 0)
    stream.give(1, overflow=True)  # PortAudio lost some of its own
    assert listener.frames(KEPT - 1)[-1].missed == 1 and listener.microphone.state.overruns == 106


def test_a_device_that_falls_silent_counts_as_lost(script: ScriptedSound) -> None:
    now = [100.0]
    listener = Listener(clock=lambda: now[0])
    microphone = listener.microphone
    microphone.open()
    listener.until("open")
    listener.microphone.drain()
    assert microphone.read(0) is None and microphone.state.status == "open"
    now[0] += STALL + 1
    assert microphone.read(0) is None
    assert "gives no sound" in listener.until("lost").problem
    assert listener.until("open")
    microphone.close()


def test_a_device_that_never_gives_sound_is_never_open(script: ScriptedSound) -> None:
    script.plugs[0].speaks = False
    now = iter(range(10_000))
    listener = Listener(clock=lambda: float(next(now)))
    listener.microphone.open()
    assert "gives no sound" in listener.until("lost").problem
    script.plugs[0].speaks = True
    assert listener.until("open")
    listener.microphone.close()


def test_a_sound_system_that_hangs_is_named_and_waited_for(script: ScriptedSound) -> None:
    now, go_on = [100.0], threading.Event()
    listener = Listener(clock=lambda: now[0])
    microphone = listener.microphone
    microphone.open()
    listener.until("open")
    microphone.drain()
    closing = threading.Event()

    def hang(ignore_errors: bool) -> None:
        closing.set()
        assert go_on.wait(SECONDS)

    script.opened[0].abort = hang
    now[0] += STALL + 1
    assert microphone.read(0) is None and closing.wait(SECONDS)
    assert "gives no sound" in microphone.state.problem
    now[0] += HANGS + 1
    state = microphone.state
    assert state.status == "lost" and state.problem.startswith("The sound system does not let go of the microphone")
    go_on.set()
    assert listener.until("lost") and listener.until("open")
    microphone.close()


def test_a_sound_system_that_does_not_answer(script: ScriptedSound, monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked, go_on = [100.0], threading.Event(), threading.Event()
    listener = Listener(clock=lambda: now[0])

    def hang(**wanted: Any) -> Any:
        asked.set()
        assert go_on.wait(SECONDS)
        raise PortAudioError("Device unavailable")

    monkeypatch.setattr("daemon.hearing.microphone.SETTLING", 0.01)
    monkeypatch.setattr(script, "InputStream", hang, raising=False)
    listener.microphone.open()
    assert asked.wait(SECONDS) and listener.microphone.state.status == "closed"
    now[0] += 1
    state = listener.microphone.state
    assert state.status == "lost" and state.problem.startswith("The sound system has not answered yet; start it again")
    go_on.set()
    assert "Device unavailable" in listener.until("lost").problem
    listener.microphone.close()


def test_who_waits_for_sound_is_woken_when_it_is_closed(script: ScriptedSound, listener: Listener) -> None:
    listener.microphone.open()
    listener.microphone.drain()
    found: Queue[Frame | None] = Queue()
    reader = threading.Thread(target=lambda: found.put(listener.microphone.read(10 * SECONDS)))
    reader.start()
    listener.microphone.close()
    assert found.get(timeout=SECONDS) is None
    reader.join()


def test_who_is_told_may_fail_and_may_close_it(script: ScriptedSound) -> None:
    told: Queue[MicrophoneState] = Queue()

    def changed(state: MicrophoneState) -> None:
        told.put(state)
        if state.status == "open":
            microphone.close()
        raise ValueError("what listens has a fault")

    microphone = Microphone(None, changed=changed)
    microphone.open()
    assert [told.get(timeout=SECONDS).status for _ in range(2)] == ["open", "closed"] and not script.opened
