"""Which programs a question came through, and whose terminal it is; with real processes at real terminals."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemon.asking import programs
from daemon.asking.programs import ENDED, caller_of, process_tree, programs_of, terminal_of

if TYPE_CHECKING:
    from tests.daemon.asking.conftest import Window

Open = Callable[..., "Window"]

TELLS = "import os, sys; print('pid', os.getpid(), os.ttyname(0), flush=True); sys.stdin.readline()"
"""A program that says who it is and stays."""
STAYS = "import os, sys; print('pid', os.getpid(), flush=True); sys.stdin.readline()"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals are told by /proc, which is Linux's")


def who(window: Window) -> tuple[int, str]:
    """The process id and the terminal that a program in a window tells of."""
    window.reads("pid ")
    pid, _, device = window.line().partition(" ")
    return int(pid), device


def test_a_program_in_a_window_is_at_the_persons_terminal(window: Open) -> None:
    opened = window(sys.executable, "-c", TELLS)
    pid, device = who(opened)
    terminal = terminal_of(pid)
    assert terminal is not None and (terminal.device, terminal.session) == (device, pid)


def test_so_is_one_whose_input_and_output_another_program_took(window: Open) -> None:
    agent = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {STAYS!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print(child.stdout.readline(), flush=True)
sys.stdin.readline()
child.communicate("\\n")
"""
    opened = window(sys.executable, "-c", agent)
    pid, _ = who(opened)
    terminal = terminal_of(pid)
    assert terminal is not None and terminal.device.startswith("/dev/pts/")
    opened.types("\n")
    assert opened.ended() == 0


def test_a_terminal_that_a_program_makes_up_is_not_the_persons(window: Open) -> None:
    outer = window(sys.executable, "-c", TELLS)
    _, outermost = who(outer)
    inside = window(sys.executable, str(Path(__file__).with_name("window.py")), sys.executable, "-c", TELLS)
    pid, made_up = who(inside)
    terminal = terminal_of(pid)
    assert terminal is not None and terminal.device not in (made_up, outermost), "but the window's that it runs in"


def test_a_terminal_that_is_shown_by_nobody_who_started_what_runs_there(window: Open) -> None:
    orphan = """
import os, pty, sys
screen, there = pty.openpty()
if os.fork() == 0:
    os.setsid()
    ended, going = os.pipe()
    if os.fork():
        os._exit(0)
    os.close(going)
    os.read(ended, 1)  # until whoever started this one has ended
    os.setsid()
    os.close(screen)
    os.open(os.ttyname(there), os.O_RDWR)  # becomes the session's terminal
    with open("/dev/tty") as tty:
        os.write({pipe}, str(os.getpid()).encode() + b"\\n")
        tty.readline()
    os._exit(0)
os.wait()
sys.stdin.readline()
"""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    child = subprocess.Popen(
        [sys.executable, "-c", orphan.format(pipe=writing)], stdin=subprocess.PIPE, pass_fds=(writing,)
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            pid = int(told.readline())
            assert programs._session(pid) is not None and programs._session(pid).device  # type: ignore[union-attr]
            assert terminal_of(pid) is None
    finally:
        child.communicate(b"\n")


def test_a_program_without_a_terminal_is_at_none() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", STAYS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    assert terminal_of(child.pid) is None
    child.communicate(b"\n")
    assert terminal_of(child.pid) is None and process_tree(child.pid) == () and caller_of(child.pid) == ()


@pytest.mark.parametrize("pid", [0, -1, 2**31 - 1])
def test_nobody_is_at_none(pid: int) -> None:
    assert terminal_of(pid) is None and process_tree(pid) == () and caller_of(pid) == ()


def test_a_program_that_has_ended_is_no_person() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert process_tree(ended.pid) == ()
    assert asyncio.run(programs_of(ended.pid)) == (ENDED,)
    assert asyncio.run(programs_of(os.getpid())) == process_tree(os.getpid()) != ()


def test_the_programs_that_a_question_came_through(window: Open, tmp_path: Path) -> None:
    script = tmp_path / "agent.sh"
    script.write_text(f'#!/bin/sh\n{sys.executable} -c "$1"\nexit 0\n')
    script.chmod(0o755)
    pid, _ = who(window(str(script), TELLS))
    tree = process_tree(pid)
    assert tree[-2] == "agent.sh" and tree[-1].startswith("python")
    assert not set(tree) & programs.TOPS
    nearest, caller = caller_of(pid)
    assert nearest == str(Path(sys.executable).resolve()) and caller == str(Path("/bin/sh").resolve())


def test_a_programs_name_cannot_steer_a_terminal(tmp_path: Path) -> None:
    odd = tmp_path / "a\x1b[2Jb\nc"
    odd.symlink_to("/bin/sleep")
    child = subprocess.Popen([odd, "60"])
    name = process_tree(child.pid)[-1]
    child.kill()
    child.wait()
    assert name in ("ab c", "sleep")


def test_the_system_s_own_terminals_have_names() -> None:
    assert programs._device(0) == ""
    for path in ("/dev/tty1", "/dev/console"):
        if Path(path).exists():
            number = os.stat(path).st_rdev  # noqa: PTH116 - a device
            packed = os.major(number) << 8 | os.minor(number) & 0xFF
            assert programs._device(packed) == path
    assert programs._device(200 << 8) == ""


def test_elsewhere_ps_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter(["ttys003\n", "??\n"])

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert command == ["/bin/ps", "-o", "tty=", "-p", str(os.getpid())]
        return subprocess.CompletedProcess(command, 0, next(said), "")

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(subprocess, "run", run)
    at = programs._session(os.getpid())
    assert at is not None and (at.device, at.session) == ("/dev/ttys003", os.getsid(0))
    assert programs._session(os.getpid()) == programs.Terminal("", os.getsid(0))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: (_ for _ in ()).throw(OSError))
    assert programs._session(os.getpid()) is None
    assert programs._shown_by("/dev/ttys003") == set()


def in_a_namespace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, does: str) -> None:
    """As it is in a user namespace, with a systemd-run that does this (test_systemd_alive.py has a real one)."""
    program = tmp_path / "systemd-run"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(programs, "shut_in", lambda: True)


def test_what_a_service_that_is_shut_in_cannot_see_is_looked_at_from_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_a_namespace(monkeypatch, tmp_path, 'while test "$1" != -- ; do shift; done; shift; exec "$@"')
    assert caller_of(os.getpid())[0] == str(Path(sys.executable).resolve())
    assert programs._shown_by("/dev/pts/4000000") == set()


def test_where_nobody_can_look_no_terminal_counts_and_nobody_is_excused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, window: Open
) -> None:
    pid, _ = who(window(sys.executable, "-c", TELLS))
    assert terminal_of(pid) is not None
    in_a_namespace(monkeypatch, tmp_path, "exit 1")
    assert terminal_of(pid) is None and caller_of(pid) == ()
