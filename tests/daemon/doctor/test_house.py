"""What DevOS has on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.doctor.check import Machine
from daemon.doctor.house import ROOM, SCARCE, config, daemon_running, disk, models, permissions, wake_words


def test_settings(machine: Callable[..., Machine]) -> None:
    assert config(machine()).says.startswith("All are the defaults; ")
    made = machine()
    made.home.mkdir()
    (made.home / "config.toml").write_text("")
    assert config(made).says == f"{made.home / 'config.toml'} is in order."
    wrong = config(machine(wrong="config.toml:1: there is no setting 'x'."))
    assert wrong.status == "failed" and wrong.says == "config.toml:1: there is no setting 'x'."
    assert wrong.mend.endswith("config.toml") and "EDITOR" in wrong.mend


def test_the_home_is_made_private_and_nobody_elses(machine: Callable[..., Machine]) -> None:
    made = machine()
    assert permissions(made).says == f"{made.home} is made when DevOS first starts."
    made.home.mkdir(mode=0o755)
    made.home.chmod(0o755)
    open_ = permissions(made)
    assert open_.status == "warning" and open_.mend == f"chmod 700 {made.home}"
    made.home.chmod(0o700)
    assert permissions(made).says == f"{made.home} is yours alone."
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(str(made.home / "devos.sock"))
        (made.home / "devos.sock").chmod(0o666)
        assert permissions(made).mend == f"chmod 600 {made.home / 'devos.sock'}"
        (made.home / "devos.sock").chmod(0o600)
        assert permissions(made).status == "ok"


def test_a_file_where_the_home_should_be(machine: Callable[..., Machine]) -> None:
    made = machine()
    made.home.write_text("")
    found = permissions(made)
    assert (found.status, found.mend) == ("failed", f"mv {made.home} {made.home}.old")


@pytest.mark.parametrize(
    ("free", "status"), [(ROOM, "ok"), (ROOM - 1, "warning"), (SCARCE, "warning"), (SCARCE - 1, "failed")]
)
def test_room_on_the_disk(
    free: int, status: str, machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("shutil.disk_usage", lambda path: asked.append(path) or SimpleNamespace(free=free))
    made = machine()
    found = disk(made)
    assert found.status == status and asked == [made.home.parent]  # the nearest folder that there is
    assert bool(found.mend) == (status != "ok") and "GB are free" in found.says


def test_the_daemon_and_what_it_says(machine: Callable[..., Machine]) -> None:
    absent = daemon_running(machine())
    assert (absent.status, absent.says) == ("warning", "DevOS does not run.") and "devos install" in absent.mend
    senses: dict[str, Any] = {"microphone": {"status": "open", "problem": ""}, "wake": {"status": "off"}}
    assert daemon_running(machine(senses=senses)).says == "DevOS runs (microphone open, wake off)."
    senses["hotkeys"] = {"status": "lost", "problem": "The X server is gone."}  # a finding of its own
    assert daemon_running(machine(senses=senses)).status == "ok"
    senses["speaker"] = {"status": "broken", "problem": "There is no\x07 loudspeaker."}
    troubled = daemon_running(machine(senses=senses))
    assert (troubled.status, troubled.says) == ("warning", "DevOS runs. speaker: There is no loudspeaker.")


def test_a_daemon_that_does_not_tell(machine: Callable[..., Machine]) -> None:
    made = machine()
    made.home.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(str(made.home / "devos.sock"))
        door.listen()
        assert daemon_running(made).says == "DevOS runs, but does not say how its senses are."


def test_the_model_that_listens(machine: Callable[..., Machine], tmp_path: Path) -> None:
    found = models(machine(HF_HOME=str(tmp_path)))
    assert found.status == "ok" and found.says.startswith("tiny.en (embedded): ")
    wrong = models(machine(settings={"hearing": {"model": "tinny"}}))
    assert wrong.status == "failed" and "There is no model 'tinny'" in wrong.says and wrong.mend == "devos models"
    missing = models(machine(settings={"hearing": {"model": f"{tmp_path}/nowhere"}}))
    assert missing.status == "failed" and missing.mend


def test_wake_words(machine: Callable[..., Machine]) -> None:
    assert wake_words(machine()).status == "skipped"
    known = wake_words(machine(settings={"wake": {"on": True, "words": ["alexa", "hey jarvis"]}}))
    assert known.status == "ok" and "'alexa', 'hey jarvis'" in known.says
    unknown = wake_words(machine(settings={"wake": {"on": True, "words": ["open sesame"]}}))
    assert unknown.status == "failed" and "open sesame" in unknown.says and unknown.mend == "devos wakeword list"
