"""What can be missing of a screen, a bus and the libraries: one clear message each, and the rest goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from room import DEVOS
from talker import SETTINGS, visited
from virtual_sound import VirtualSound

if TYPE_CHECKING:
    from tests.senses.talker import Talker

NOTHING = {"DISPLAY": "", "DBUS_SESSION_BUS_ADDRESS": "", "XDG_RUNTIME_DIR": ""}
COUNT = "how many replicas does web-app have in production"


@pytest.fixture(scope="module")
def talker(_sound: VirtualSound) -> Iterator[Talker]:
    with visited(_sound) as talker:
        yield talker


def goes_on(talker: Talker) -> bool:
    """Whether what is typed is answered."""
    said = subprocess.run([DEVOS, "say", COUNT], env=talker.environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return "replicas" in said.stdout


def test_the_x_server_is_killed_and_started_again(talker: Talker) -> None:
    talker.start(SETTINGS)
    talker.screen.kill()
    talker.until(lambda: talker.senses()["hotkeys"]["status"] == "lost")
    assert (
        talker.senses()["hotkeys"]["problem"].count("\n") == 0 and "X server" in talker.senses()["hotkeys"]["problem"]
    )
    assert goes_on(talker) and talker.lives
    assert talker.senses()["microphone"]["status"] == "open", "the wake word is still listened for"
    talker.screen.start()
    talker.until(lambda: talker.senses()["hotkeys"]["status"] == "ready")
    for muted in ("muted", "open"):
        talker.screen.press("ctrl+alt+m")
        talker.until(lambda now=muted: talker.senses()["microphone"]["status"] == now)
    assert talker.senses()["hotkeys"]["problem"] == ""
    assert talker.end() == 0


def test_without_screen_bus_and_portaudio_what_is_typed_is_answered(talker: Talker, tmp_path: Path) -> None:
    hidden = "import ctypes.util\nctypes.util.find_library = lambda name: None\n"
    (tmp_path / "sitecustomize.py").write_text(hidden)
    talker.launch(SETTINGS, PYTHONPATH=str(tmp_path), **NOTHING)
    talker.until(lambda: talker.senses()["microphone"]["status"] == "lost")
    senses = talker.senses()
    assert senses["microphone"]["problem"].startswith("PortAudio is missing, which hears and plays sound; install it: ")
    assert senses["hotkeys"]["status"] == "none"
    assert senses["hotkeys"]["problem"].startswith("There is neither X11 nor Wayland nor macOS here")
    assert goes_on(talker)
    run = talker.wants("scale web-app to 5 replicas in production")
    talker.until(lambda: talker.senses()["speaker"]["status"] == "broken")
    assert talker.senses()["speaker"]["problem"].startswith("PortAudio is missing")
    talker.until(lambda: talker.run(run)["status"] == "asking")  # on the dashboard and in the terminal
    pressed = subprocess.run([DEVOS, "press", "talk"], env=talker.environment, capture_output=True, text=True)
    assert pressed.returncode == 0 and talker.lives
    log = (talker.home / "logs" / "devos.log").read_text()
    assert "Traceback" not in log and log.count("There is neither X11") == 1
    assert talker.end() == 0
    assert "Traceback" not in (talker.home / "stderr").read_text()
