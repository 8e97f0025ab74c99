"""Finding a microphone or a loudspeaker by its name."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from scripted_sound import Plug, PortAudioError, ScriptedSound

from daemon.sound_devices import Device, NoSound, found, listed

DESK = Device(0, "USB Desk: Audio (hw:1,0)", 1, 48_000, default=False)
BUILT_IN = Device(1, "Built-in: ALC (hw:0,0)", 2, 48_000, default=True)
PULSE = Device(2, "pulse", 32, 44_100, default=False)
DEFAULT = Device(3, "default", 32, 44_100, default=True)

PACTL = """#!/bin/sh
if [ "$1" = get-default-source ]; then echo $SOURCE; exit; fi
[ "$3" = sources ] && echo '[{"name": "alsa.usb-Desk", "description": "Desk Mono"},
    {"name": "bluez_source.38_18", "description": "Headset"}, {"name": "alsa.monitor", "description": "Headset Echo"}]'
[ "$3" = sinks ] && echo '[{"name": "bluez_sink.38_18", "description": "Headset"}]'
exit 0
"""


@pytest.fixture
def pactl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound server that knows a headset without a sound card of its own."""
    (tmp_path / "pactl").write_text(PACTL)
    (tmp_path / "pactl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("SOURCE", "alsa.usb-Desk")


@pytest.fixture
def no_pactl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def test_the_default_one_or_the_first(no_pactl: None) -> None:
    assert found("input", None, (DESK, BUILT_IN)) == BUILT_IN
    assert found("input", None, (DESK, PULSE)) == DESK


def test_a_part_of_the_name_is_enough(no_pactl: None) -> None:
    assert found("input", "usb desk", (BUILT_IN, DESK)) == DESK
    with pytest.raises(NoSound, match=r"^No loudspeaker has 'usb mic' in its name; .*: 'Built-in: ALC \(hw:0,0\)'$"):
        found("output", "usb mic", (BUILT_IN, PULSE))


def test_the_sound_servers_own_names_go_before_the_cards_which_it_holds(pactl: None) -> None:
    chosen = found("input", "desk", (DESK, DEFAULT, PULSE))
    assert (chosen.index, chosen.name, chosen.server_name) == (PULSE.index, "Desk Mono", "alsa.usb-Desk")
    assert found("input", "headset", (DESK, DEFAULT)).server_name == "bluez_source.38_18"
    assert found("output", "headset", (DESK, DEFAULT)).server_name == "bluez_sink.38_18"
    # Without a way to the server, its names lead nowhere.
    assert found("input", "desk", (BUILT_IN, DESK)) == DESK
    with pytest.raises(NoSound, match=r": 'Desk Mono', 'Headset', 'Built-in: ALC \(hw:0,0\)'$"):
        found("input", "rode", (BUILT_IN, PULSE))


def test_what_the_loudspeaker_plays_is_no_microphone(pactl: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("input", None, (DEFAULT,)) == DEFAULT
    monkeypatch.setenv("SOURCE", "alsa.monitor")
    with pytest.raises(NoSound, match=r"^There is no microphone here; plug one in, or choose one: pactl "):
        found("input", None, (DEFAULT,))
    assert found("output", None, (DEFAULT,)) == DEFAULT
    assert found("input", None, (BUILT_IN,)) == BUILT_IN


def test_none_at_all(no_pactl: None) -> None:
    with pytest.raises(NoSound, match=r"^There is no loudspeaker here; plug one in, or start the sound system: "):
        found("output", None, ())


def test_what_portaudio_lists() -> None:
    sound = ScriptedSound([Plug("Desk\x1b[2J", channels=(2,)), Plug("Webcam")])
    first, second = listed(sound, "input")
    assert (first.channels, first.rate, first.default, second.index, second.default) == (2, 48_000, True, 1, False)
    assert "\x1b" not in first.name and listed(sound, "output") == ()


def test_a_library_that_does_not_list() -> None:
    def refuse() -> None:
        raise PortAudioError("PortAudio not initialized", -10_000)

    module = SimpleNamespace(query_devices=refuse, PortAudioError=PortAudioError)
    with pytest.raises(NoSound, match=r"^PortAudio does not list its devices: PortAudio not initialized$"):
        listed(module, "input")
