"""What can go wrong with sound, with the disk and with the process: one clear message, and the rest goes on."""

from __future__ import annotations

import ast
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from room import DEVOS
from talker import SETTINGS, visited
from virtual_sound import VirtualSound, said_by_flite

if TYPE_CHECKING:
    from tests.senses.talker import Talker

REPOSITORY = Path(__file__).parents[2]
COUNT = "how many replicas does web-app have in production"
SCALE = "scale web-app to {} replicas in production"
BACK = 5.0
"""Seconds after which DevOS hears again once the sound server is there again."""
SLOW = 3.0
"""How much longer a machine that is busy with other tests may take."""


@pytest.fixture(scope="module")
def _talker(_sound: VirtualSound) -> Iterator[Talker]:
    with visited(_sound) as talker:
        yield talker


@pytest.fixture
def talker(_talker: Talker) -> Iterator[Talker]:
    """Somebody in a room, with a daemon that hears; it is started anew where a test ended it."""
    if not _talker.lives:
        _talker.start(SETTINGS)
    yield _talker
    if not _talker.lives:
        _talker.sound.pipe.unlink(missing_ok=True)
    _talker.sound.revive()


def goes_on(talker: Talker) -> bool:
    """Whether what is typed is answered."""
    said = subprocess.run([DEVOS, "say", COUNT], env=talker.environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return "replicas" in said.stdout


def hears(talker: Talker) -> bool:
    """Whether a spoken question is heard and answered."""
    before = talker.newest().get("run")
    for _ in range(3):  # a busy machine may swallow a word, as a person may
        talker.tells("how many replicas does web app have in production?")
        talker.rests()
        if talker.newest().get("run") != before:
            break
    run = talker.newest()
    return (run["utterance"]["channel"], talker.ends(run["run"])["status"]) == ("voice", "done")


def one_sentence(problem: str, *, mend: str) -> bool:
    """Whether it says in one line what is missing, and how that is mended."""
    return "\n" not in problem and "Traceback" not in problem and mend in problem and len(problem) < 300


def test_the_sound_server_is_killed_and_started_again(talker: Talker) -> None:
    talker.sound.stop()
    talker.until(lambda: talker.senses()["microphone"]["status"] == "lost")
    talker.until(lambda: one_sentence(talker.senses()["microphone"]["problem"], mend="start the sound system: "))
    assert goes_on(talker) and talker.lives
    talker.sound.pipe.unlink(missing_ok=True)  # or it would keep the new server's microphone away
    talker.sound.start()
    again = time.monotonic()
    talker.until(lambda: talker.senses()["microphone"]["status"] == "open")
    assert time.monotonic() - again < BACK * SLOW
    assert talker.senses()["microphone"]["problem"] == "" and hears(talker)


def test_the_microphone_is_not_there_at_the_start_and_plugged_in_later(talker: Talker) -> None:
    talker.end()
    talker.sound.unload("module-pipe-source")
    talker.launch(SETTINGS)
    talker.until(lambda: talker.senses()["microphone"]["status"] == "lost")
    assert one_sentence(talker.senses()["microphone"]["problem"], mend="plug one in")
    assert goes_on(talker)
    talker.sound.microphone_again()
    talker.until(lambda: talker.senses()["microphone"]["status"] == "open")
    assert hears(talker)
    talker.end()
    talker.sound.stop()  # whoever listened to the speaker was moved to another device meanwhile


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
def test_the_disk_is_full_while_it_listens(talker: Talker) -> None:
    talker.tells("how many replicas does web app have in production?")
    assert talker.hears()  # so that the voice is there, whose files are in memory
    before, most = talker.newest()["run"], resource.prlimit(talker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(talker.pid, resource.RLIMIT_FSIZE, (0, most[1]))  # no byte more in any file
    try:
        talker.sound.heard()
        talker.tells("how many replicas does web app have in production?")
        told = talker.hears(patience=20)
    finally:
        resource.prlimit(talker.pid, resource.RLIMIT_FSIZE, most)
    assert "cannot be written" in told
    assert talker.newest()["run"] == before
    talker.rests()
    assert goes_on(talker) and hears(talker)


def test_a_second_one_is_turned_away_and_the_first_hears_on(talker: Talker) -> None:
    second = subprocess.run([DEVOS, "run", "--sandbox"], env=talker.environment, capture_output=True, text=True)
    assert second.returncode == 1 and "DevOS already runs for" in second.stderr and "Traceback" not in second.stderr
    assert talker.senses()["microphone"]["status"] == "open" and talker.senses()["hotkeys"]["status"] == "ready"
    assert hears(talker)


def test_it_is_ended_in_the_middle_of_what_somebody_says(talker: Talker) -> None:
    voice = children(talker.pid)
    with talker.talking():
        talker.sound.say(said_by_flite("scale web app to ten replicas in production and monitor the rollout", "rms"))
        talker.sound.pause(1.0)
        assert talker.senses()["hearing"]["status"] == "listening"
        assert talker.end() == 0
    assert streams() == 0 and not any(map(is_alive, voice))


def test_it_is_ended_in_the_middle_of_what_it_says(talker: Talker) -> None:
    talker.end()
    talker.launch(SETTINGS, PATH=str(Path(sys.executable).parent))  # it speaks without aplay, espeak-ng and pactl, too
    run = talker.wants(SCALE.format(7))
    talker.sound.heard()
    talker.until(lambda: np.abs(talker.sound.heard().astype(np.int32)).max(initial=0) > 1000)
    voice = children(talker.pid)
    assert voice and talker.end() == 0
    talker.sound.heard()
    talker.sound.pause(0.5)
    assert np.abs(talker.sound.heard()[-4000:].astype(np.int32)).max() == 0, "it is silent"
    assert streams() == 0
    talker.until(lambda: not any(map(is_alive, voice)))
    talker.start(SETTINGS)
    assert talker.run(run)["status"] == "asking", "and the question is still open"
    talker.cancels(run)


def test_without_the_voice_it_shows_what_it_would_say(talker: Talker, tmp_path: Path) -> None:
    talker.end()
    hidden = "import ctypes\nreal = ctypes.CDLL.__init__\ndef without(self, name, *more, **named):\n"
    hidden += "    if 'espeak' in str(name):\n        raise OSError('it is not there')\n"
    hidden += "    real(self, name, *more, **named)\nctypes.CDLL.__init__ = without\n"
    (tmp_path / "sitecustomize.py").write_text(hidden)
    talker.launch(SETTINGS, PYTHONPATH=str(tmp_path))
    run = talker.wants(SCALE.format(8))
    talker.until(lambda: talker.senses()["speaker"]["status"] == "broken")
    assert one_sentence(talker.senses()["speaker"]["problem"], mend="install it: ")
    assert goes_on(talker) and hears(talker) and talker.run(run)["status"] == "asking"
    talker.cancels(run)
    talker.end()


def test_the_clock_on_the_wall_decides_nothing_but_the_hours_of_quiet() -> None:
    """It jumps: summer time, a laptop that wakes, a server that corrects it."""
    wall = {("time", "time"), ("datetime", "now"), ("datetime", "today"), ("datetime", "utcnow")}
    folders = ("hearing", "hotkeys", "speaking", "conversation", "confirming")
    files = [each for folder in folders for each in (REPOSITORY / "daemon" / folder).glob("*.py")]
    files += [REPOSITORY / "daemon" / name for name in ("senses.py", "portaudio.py", "asking/voice.py")]
    found = {
        (file.name, node.attr)
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in wall
    }
    assert len(files) > 40 and found == {("speaker.py", "now")}


def streams() -> int:
    """How many programs hear or play by the sound server, besides the tests' own recorder."""
    listed = [
        subprocess.run(["pactl", "list", kind], capture_output=True, text=True, check=True).stdout
        for kind in ("source-outputs", "sink-inputs")
    ]
    return sum(each.count("ALSA plug-in") for each in listed)


def children(pid: int) -> list[int]:
    """The processes that a process has started itself."""
    found = (Path("/proc") / str(pid) / "task").glob("*/children")
    return [int(each) for file in found for each in file.read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
