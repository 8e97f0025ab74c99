"""What the sound server says about its devices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.sound_server import ServerDevice, default_source, hears_itself, named, server_devices, server_name


def test_the_microphones_and_loudspeakers_of_a_real_server(sound: Any) -> None:
    (microphone,) = server_devices("input")
    assert microphone.name == "microphone" and "FIFO" in microphone.description
    assert [each.name for each in server_devices("output")] == ["speaker"]
    assert server_name() == "pulseaudio" and default_source() == "microphone" and not hears_itself()


@pytest.fixture
def unplugging(sound: Any) -> Iterator[Any]:
    """As `sound`; afterwards it is started anew, because whoever listened to its speaker was moved elsewhere."""
    yield sound
    sound.stop()
    sound.pipe.unlink(missing_ok=True)


def test_without_a_microphone_it_hears_itself(unplugging: Any) -> None:
    unplugging.unload("module-pipe-source")
    assert server_devices("input") == () and hears_itself()
    unplugging.microphone_again()
    assert not hears_itself()


@pytest.mark.parametrize("part", ["usb-jabra", "LINK 380", "Jabra Link 380 Mono"])
def test_a_part_of_the_name_or_of_the_description_is_enough(part: str) -> None:
    jabra = ServerDevice("alsa_input.usb-Jabra_Link_380-00.mono-fallback", "Jabra Link 380 Mono")
    assert named(part, (ServerDevice("alsa_input.pci", "Built-in Audio"), jabra)) == jabra
    assert named("usb-rode", (jabra,)) is None


@pytest.mark.parametrize(
    "program", ["", "#!/bin/sh\nexit 1\n", "#!/bin/sh\necho nonsense\n", "#!/bin/sh\necho '[7, {}]'\n"]
)
def test_without_a_server_there_are_no_devices(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if program:
        (tmp_path / "pactl").write_text(program)
        (tmp_path / "pactl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert server_devices("input") == () and not hears_itself()
