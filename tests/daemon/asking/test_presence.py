"""A person at a terminal can read the word and a program cannot; with real processes at real terminals."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from daemon.asking import presence as module
from daemon.asking.presence import SECONDS, TRIES, WHILE, WRONG, NotPresent, Presence

if TYPE_CHECKING:
    from tests.daemon.asking.conftest import Window

Open = Callable[..., "Window"]

TELLS = "import os, sys; print('pid', os.getpid(), flush=True); sys.stdin.readline()"
BOUND = ("k7m2xq", "d1", "yes")
WORD = re.compile(r"[a-z]+-[a-z]+-\d{3}")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals are told by /proc, which is Linux's")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presence(clock: Clock) -> Presence:
    return Presence(clock=clock)


@pytest.fixture
def person(window: Open) -> tuple[Window, int]:
    """A window, and the program in it."""
    opened = window(sys.executable, "-c", TELLS)
    opened.reads("pid ")
    return opened, int(opened.line())


def other(word: str) -> str:
    return "alfa-alfa-100" if word != "alfa-alfa-100" else "alfa-alfa-101"


def test_the_word_is_shown_on_the_persons_terminal_with_what_it_answers(
    presence: Presence, person: tuple[Window, int]
) -> None:
    opened, pid = person
    word = presence.challenge(pid, "DevOS: to say yes to k7m2xq\n  1. Scale it\x1b[2J", *BOUND)
    assert WORD.fullmatch(word)
    shown = opened.reads(word).replace("\r", "")
    assert shown == "\nDevOS: to say yes to k7m2xq\n  1. Scale it\nIf you mean it, type this within 2 minutes: "
    presence.check(pid, f" {word.upper().replace('-', ' ')}\n", *BOUND)


def test_the_line_of_the_word_is_the_callers_own(presence: Presence, person: tuple[Window, int]) -> None:
    opened, pid = person
    word = presence.challenge(pid, "The dashboard.", "dashboard", how="Type this there")
    assert opened.reads(word).replace("\r", "") == "\nThe dashboard.\nType this there: "


def test_a_word_counts_once(presence: Presence, person: tuple[Window, int]) -> None:
    _, pid = person
    word = presence.challenge(pid, "this", *BOUND)
    presence.check(pid, word, *BOUND)
    with pytest.raises(NotPresent, match="No word was shown for this answer"):
        presence.check(pid, word, *BOUND)


def test_a_word_counts_for_what_it_was_shown_for(presence: Presence, person: tuple[Window, int]) -> None:
    _, pid = person
    word = presence.challenge(pid, "this", *BOUND)
    for bound in (("other2", "d1", "yes"), ("k7m2xq", "d2", "yes"), ("k7m2xq", "d1", "no"), ()):
        with pytest.raises(NotPresent, match="No word was shown for this answer"):
            presence.check(pid, word, *bound)
    presence.check(pid, word, *BOUND)


def test_a_word_counts_on_the_terminal_it_stands_on(
    presence: Presence, person: tuple[Window, int], window: Open
) -> None:
    _, pid = person
    elsewhere = window(sys.executable, "-c", TELLS)
    elsewhere.reads("pid ")
    word = presence.challenge(pid, "this", *BOUND)
    with pytest.raises(NotPresent, match="at this terminal"):
        presence.check(int(elsewhere.line()), word, *BOUND)


def test_a_word_counts_for_two_minutes(presence: Presence, person: tuple[Window, int], clock: Clock) -> None:
    _, pid = person
    word = presence.challenge(pid, "this", *BOUND)
    clock.now += SECONDS
    with pytest.raises(NotPresent, match="too late"):
        presence.check(pid, word, *BOUND)
    word = presence.challenge(pid, "this", *BOUND)
    clock.now += SECONDS - 0.001
    presence.check(pid, word, *BOUND)


def test_a_word_may_be_mistyped_twice(presence: Presence, person: tuple[Window, int]) -> None:
    _, pid = person
    word = presence.challenge(pid, "this", *BOUND)
    for left in range(TRIES - 1, -1, -1):
        with pytest.raises(NotPresent, match="not the word") as wrong:
            presence.check(pid, other(word), *BOUND)
        assert wrong.value.left == left
    with pytest.raises(NotPresent, match="No word was shown"):
        presence.check(pid, word, *BOUND)
    word = presence.challenge(pid, "this", *BOUND)
    with pytest.raises(NotPresent, match=r"try again \(\d left\)"):
        presence.check(pid, "\ud83d", *BOUND)
    presence.check(pid, word, *BOUND)


def test_a_new_word_makes_the_one_before_it_none(presence: Presence, person: tuple[Window, int]) -> None:
    _, pid = person
    first, second = (presence.challenge(pid, "this", *BOUND) for _ in range(2))
    if first != second:
        with pytest.raises(NotPresent):
            presence.check(pid, first, *BOUND)
    presence.check(pid, second, *BOUND)


def test_who_guesses_is_stopped_for_a_while(presence: Presence, person: tuple[Window, int], clock: Clock) -> None:
    _, pid = person
    for number in range(WRONG):
        if number % TRIES == 0:
            word = presence.challenge(pid, "this", *BOUND)
        with pytest.raises(NotPresent, match="not the word"):
            presence.check(pid, other(word), *BOUND)
    with pytest.raises(NotPresent, match="Too many words"):
        presence.challenge(pid, "this", *BOUND)
    clock.now += WHILE
    presence.check(pid, presence.challenge(pid, "this", *BOUND), *BOUND)


def test_a_program_without_a_terminal_is_no_person(presence: Presence) -> None:
    child = subprocess.Popen([sys.executable, "-c", TELLS], stdin=subprocess.PIPE, start_new_session=True)
    try:
        for act in (lambda: presence.challenge(child.pid, "this"), lambda: presence.check(child.pid, "word")):
            with pytest.raises(NotPresent, match=r"needs a person at a terminal.*devos open"):
                act()
    finally:
        child.communicate(b"\n")
    with pytest.raises(NotPresent, match="needs a person"):
        presence.challenge(child.pid, "this")


def test_a_terminal_that_takes_nothing_is_said(
    presence: Presence, person: tuple[Window, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, pid = person

    def full(*_: object) -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(module.os, "write", full)
    with pytest.raises(NotPresent, match="could not be shown on /dev/pts/"):
        presence.challenge(pid, "this", *BOUND)


AGENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print(child.stdout.readline(), end="", flush=True)
sys.stdin.readline()
print("CAPTURED", repr(child.communicate("\\n")[0]), flush=True)
"""


def test_a_program_in_the_persons_window_that_takes_all_output_does_not_see_the_word(
    presence: Presence, window: Open
) -> None:
    opened = window(sys.executable, "-c", AGENT.format(child=TELLS))
    opened.reads("pid ")
    pid = int(opened.line())
    word = presence.challenge(pid, "this", *BOUND)
    opened.reads(word)  # the person sees it
    opened.types("\n")
    opened.reads("CAPTURED ")
    assert opened.line() == "''", "the program has seen nothing of it"


MAKES_UP = """
import os, pty, select, sys
pid, screen = pty.fork()
if pid == 0:
    os.execv(sys.executable, [sys.executable, "-c", {child!r}])
seen = b""
while b"\\n" not in seen:
    seen += os.read(screen, 4096)
os.write(1, seen)
sys.stdin.readline()
while select.select([screen], [], [], 0)[0]:
    seen += os.read(screen, 4096)
print("CAPTURED", repr(seen), flush=True)
os.write(screen, b"\\n")
os.waitpid(pid, 0)
"""


def test_nor_does_one_that_makes_up_a_terminal(presence: Presence, window: Open) -> None:
    opened = window(sys.executable, "-c", MAKES_UP.format(child=TELLS))
    opened.reads("pid ")
    pid = int(opened.line())
    word = presence.challenge(pid, "this", *BOUND)
    opened.reads(word)
    opened.types("\n")
    opened.reads("CAPTURED ")
    assert word not in opened.line()


def test_who_may_do_without_a_word(tmp_path: object) -> None:
    me = os.getpid()
    assert not Presence().excused(me)
    assert Presence(required=False).excused(me) and Presence(required=False).excused(0)
    assert Presence(programs=[sys.executable]).excused(me)
    assert not Presence(programs=["/bin/true", "python3"]).excused(me)
    assert not Presence(programs=[sys.executable]).excused(0)


def test_whoever_was_started_by_such_a_program_may_too() -> None:
    child = subprocess.Popen(["/bin/sleep", "60"])
    try:
        assert Presence(programs=[sys.executable]).excused(child.pid)
        assert not Presence(programs=["/bin/true"]).excused(child.pid)
    finally:
        child.kill()
        child.wait()
