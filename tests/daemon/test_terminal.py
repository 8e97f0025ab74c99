"""What is shown at the terminal that DevOS was started at."""

from __future__ import annotations

import io
import logging
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

from daemon.terminal import Terminal

LACKING = "the microphone is not heard: There is no microphone here."


def record(name: str, text: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, text, None, None)


def test_a_warning_of_a_sense_is_shown_once() -> None:
    shown = io.StringIO()
    terminal = Terminal(shown)
    for _ in range(3):
        terminal.handle(record("devos.senses", LACKING))
    assert shown.getvalue() == "The microphone is not heard: There is no microphone here.\n"


def test_what_others_log_is_left_to_the_log() -> None:
    shown = io.StringIO()
    terminal = Terminal(shown)
    logger = logging.Logger("devos.senses")
    logger.addHandler(terminal)
    logger.info("the microphone is open")
    terminal.handle(record("devos.keeping", "one payload was erased"))
    assert shown.getvalue() == ""


def test_a_traceback_is_not_shown() -> None:
    shown = io.StringIO()
    logger = logging.Logger("devos.senses")
    logger.addHandler(Terminal(shown))
    try:
        raise ValueError("deep inside")
    except ValueError:
        logger.exception("what was pressed could not be dealt with")
    assert shown.getvalue() == "What was pressed could not be dealt with\n"


def test_a_notice_does_not_repeat_the_warning_before_it_but_is_shown_when_it_comes_again() -> None:
    shown = io.StringIO()
    terminal = Terminal(shown)
    terminal.handle(record("devos.senses", LACKING))
    terminal.notice("There is no microphone here.")
    terminal.notice("There is no microphone here.")
    terminal.notice("web-app has 4 replicas\x1b[2J\nin production")
    first, second, third = shown.getvalue().splitlines()
    assert first.startswith("The microphone is not heard")
    assert second == "DevOS: There is no microphone here."
    assert "\x1b" not in third and third.startswith("DevOS: web-app has 4 replicas")


def test_who_starts_it_at_a_terminal_sees_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[wake]\non = true\nwords = ["hey nobody"]\n')
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    ours, theirs = pty.openpty()
    devos = [str(Path(sys.executable).with_name("devos")), "run"]
    with subprocess.Popen(
        devos, env=environment | {"DEVOS_HOME": str(tmp_path)}, stdin=theirs, stdout=theirs, stderr=theirs
    ) as daemon:
        os.close(theirs)
        seen = ""
        while "ready" not in seen and select.select([ours], [], [], 60)[0]:
            seen += os.read(ours, 4096).decode()
        daemon.terminate()
        assert daemon.wait(60) == 0
    os.close(ours)
    assert seen.count("There is no wake word 'hey nobody'") == 1
    assert 'devos wakeword train "hey nobody"' in seen
