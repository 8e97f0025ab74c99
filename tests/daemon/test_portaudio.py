"""PortAudio: its devices, found by name, and one register of what is open."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from scripted_sound import Plug, PortAudioError, ScriptedSound

from daemon import portaudio
from daemon.portaudio import NoPortAudio, NoSound, devices, open_input, open_output, sounddevice

SECONDS = 30.0


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ScriptedSound:
    scripted = ScriptedSound([Plug("Desk"), Plug("Webcam")])
    monkeypatch.setitem(sys.modules, "sounddevice", scripted)
    return scripted


def nothing(*_: Any) -> None:
    """Take no notice of what is heard."""


def test_the_devices_of_this_machine(sound: Any) -> None:
    names = {each.name: each for each in devices("input")}
    assert names["default"].default and not names["pulse"].default and names["default"].channels
    assert {each.name for each in devices("output")} == {"default", "pulse"}


def test_what_is_played_is_heard(sound: Any) -> None:
    played, ended = threading.Event(), threading.Event()
    blocks = [0]

    def fill(samples: Any, count: int, times: Any, flags: Any) -> None:
        samples[:, 0] = 0.5 * np.sin(2 * np.pi * 500 * (blocks[0] + np.arange(count)) / 16_000)
        blocks[0] += count
        if blocks[0] > 16_000:
            played.set()

    stream = open_output(None, fill, rate=16_000, ended=ended.set)
    assert played.wait(SECONDS) and (stream.rate, stream.channels) == (16_000, 1)
    stream.close()
    stream.close()
    heard = np.zeros(0, np.int16)
    until = time.monotonic() + SECONDS
    while np.count_nonzero(heard) < 4_000 and time.monotonic() < until:
        heard = np.concatenate([heard, sound.heard()])
    loud = heard[np.flatnonzero(heard)[0] :][:4_000]
    assert np.argmax(np.abs(np.fft.rfft(loud))) * 16_000 / len(loud) == pytest.approx(500, abs=8)
    assert not ended.is_set() and not stream.dead


def test_a_loudspeaker_by_the_name_that_the_server_gives_it(sound: Any) -> None:
    stream = open_output("null OUTPUT", lambda samples, *_: samples.fill(0), rate=22_050)
    assert stream.device.name == "Null Output" and stream.device.server_name == "speaker"
    stream.close()
    with pytest.raises(NoSound, match=r"No loudspeaker has 'headset' in its name; .* config.toml: 'Null Output'$"):
        open_output("headset", nothing, rate=16_000)


def test_devices_are_listed_anew_only_while_nothing_is_open(script: ScriptedSound) -> None:
    assert [each.name for each in devices("input")] == ["Desk", "Webcam"]
    stream = open_input("desk", nothing, rate=16_000, block=0.032)
    script.plugs.append(Plug("Headset"))
    assert [each.name for each in devices("input")] == ["Desk", "Webcam"]  # or the open one would end
    with pytest.raises(NoSound, match=r"No microphone has 'headset' in its name; .*: 'Desk', 'Webcam'$"):
        open_input("headset", nothing, rate=16_000, block=0.032)
    stream.close()
    headset = open_input("headset", nothing, rate=16_000, block=0.032)
    assert headset.device.name == "Headset"
    headset.close()


def test_a_dead_stream_that_nobody_closed_is_in_nobodys_way(script: ScriptedSound) -> None:
    ended = threading.Event()
    dead = open_input("desk", nothing, rate=16_000, block=0.032, ended=ended.set)
    script.unplug("Desk")
    assert ended.is_set() and dead.dead
    script.plugs.append(Plug("Headset"))
    headset = open_input("headset", nothing, rate=16_000, block=0.032)
    assert len(script.opened) == 1
    dead.close()
    headset.close()
    assert not script.opened


@pytest.mark.parametrize(
    ("rates", "channels", "opened"),
    [
        ((16_000.0, 48_000.0), (1,), (16_000, 1)),
        ((48_000.0,), (1, 2), (48_000, 1)),
        ((16_000.0,), (2,), (16_000, 2)),
        ((48_000.0,), (2, 8), (48_000, 2)),
    ],
)
def test_one_channel_at_the_wished_rate_or_what_there_is(
    rates: tuple[float, ...], channels: tuple[int, ...], opened: tuple[int, int], script: ScriptedSound
) -> None:
    script.plugs[0].rates, script.plugs[0].channels = rates, channels
    stream = open_input(None, nothing, rate=16_000, block=0.032)
    assert (stream.rate, stream.channels) == opened
    assert script.opened[0].wanted["blocksize"] == round(0.032 * stream.rate)
    stream.close()


def test_a_device_that_does_not_open(script: ScriptedSound) -> None:
    script.plugs[0].rates = ()
    with pytest.raises(
        NoSound, match=r"^The microphone 'Desk' does not open \(Invalid sample rate\); it may be in use"
    ):
        open_input(None, nothing, rate=16_000, block=0.032)
    assert not script.opened


def test_a_stream_that_does_not_start_is_closed(script: ScriptedSound, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, ended = [], threading.Event()

    class Refusing:
        def __init__(self, **wanted: Any) -> None:
            self.finished = wanted["finished_callback"]

        def start(self) -> None:
            raise PortAudioError("Unanticipated host error")

        def close(self, ignore_errors: bool) -> None:
            closed.append(self)
            self.finished()

    monkeypatch.setattr(script, "InputStream", Refusing, raising=False)
    with pytest.raises(NoSound, match="Unanticipated host error"):
        open_input(None, nothing, rate=16_000, block=0.032, ended=ended.set)
    assert closed and not ended.is_set()


def test_who_hangs_while_opening_does_not_hold_up_the_others(
    script: ScriptedSound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portaudio, "PATIENCE", 0.01)
    opening, go_on = threading.Event(), threading.Event()

    def hang(**wanted: Any) -> Any:
        opening.set()
        assert go_on.wait(SECONDS)
        raise PortAudioError("Device unavailable")

    monkeypatch.setattr(script, "InputStream", hang, raising=False)

    def open_it() -> None:
        with pytest.raises(NoSound):
            open_input(None, nothing, rate=16_000, block=0.032)

    first = threading.Thread(target=open_it)
    first.start()
    assert opening.wait(SECONDS)
    with pytest.raises(NoSound, match=r"^The sound system does not answer; start it again: "):
        open_input(None, nothing, rate=16_000, block=0.032)
    go_on.set()
    first.join()


def test_names_from_outside_are_made_harmless(script: ScriptedSound) -> None:
    script.plugs[0].name = "Desk\x1b[2J\nWebcam"
    assert "\x1b" not in devices("input")[0].name and "\n" not in devices("input")[0].name


def test_a_library_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(NoPortAudio, match=r"^PortAudio is missing, .*; install it: "):
        sounddevice()


def test_on_a_mac_the_default_device_is_looked_up_each_time(
    script: ScriptedSound, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices("input")
    monkeypatch.setattr(sys, "platform", "darwin")
    script.plugs.insert(0, Plug("AirPods"))  # plugged in, and so the default one
    stream = open_input(None, nothing, rate=16_000, block=0.032)
    assert stream.device.name == "AirPods"
    stream.close()
