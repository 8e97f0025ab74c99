"""Whether a person answers, and not a program that runs in the person's account.

Any program of an account can use the account's socket, and say yes in its name. What it cannot do is read the person's
screen: so the daemon itself writes a word onto the terminal at which the answer is given, and the answer counts when
the word comes back.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from daemon.asking.programs import Terminal, caller_of, process_tree, terminal_of
from policies.visible import visible

__all__ = ["NotPresent", "Presence", "process_tree"]

SECONDS = 120.0
"""How long a word counts."""
HOW = f"If you mean it, type this within {SECONDS / 60:.0f} minutes"
"""What stands before a word that `Presence.check` takes."""
TRIES = 3
"""How often a word may be mistyped."""
WRONG, WHILE = 15, 600.0
"""How many mistyped words within how many seconds end all answering at terminals for that time."""
# fmt: off
LETTERS = (
    "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima",
    "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey",
    "xray", "yankee", "zulu",
)
# fmt: on


class NotPresent(Exception):
    """No person showed that they are at the terminal; the message says what to do, `left` how often to try again."""

    def __init__(self, text: str, left: int = 0) -> None:
        super().__init__(text)
        self.left = left


@dataclass
class _Word:
    """A word that stands on a terminal."""

    text: str
    ends: float
    left: int = TRIES


class Presence:
    """Asks for a word that only who sees the terminal can know."""

    def __init__(
        self,
        *,
        required: bool = True,
        programs: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            required: whether it matters at all; in the sandbox it does not.
            programs: the full paths of programs that may answer without a person.
            clock: seconds that only go forward.
        """
        self._required, self._clock = required, clock
        self._programs = {str(Path(each).expanduser().resolve()) for each in programs}
        self._lock = Lock()
        self._words: dict[tuple[str, ...], _Word] = {}
        self._wrong: list[float] = []

    def excused(self, pid: int) -> bool:
        """Whether this process may answer without a word: it, or what started it, is named in the settings."""
        return not self._required or (bool(self._programs) and not self._programs.isdisjoint(caller_of(pid)))

    def challenge(self, pid: int, what: str, *bound: str, how: str = HOW) -> str:
        """Write a new word onto the terminal of the person who started a process, and return it.

        Args:
            pid: the process that asks.
            what: what is being answered, in lines; stands above the word.
            bound: what the word answers, and nothing else.
            how: what to do with it, as the beginning of the line that it ends.

        Raises:
            NotPresent: it runs at no person's terminal, or too many words were mistyped.
        """
        terminal = self._terminal(pid)
        with self._lock:
            self._count()
            number = 100 + secrets.randbelow(900)
            word = f"{secrets.choice(LETTERS)}-{secrets.choice(LETTERS)}-{number}"
            self._words[_key(terminal, bound)] = _Word(word, self._clock() + SECONDS)
        text = f"\n{visible(what)}\n{how}: {word}\n"
        try:
            _write(terminal.device, text)
        except OSError as problem:
            raise NotPresent(f"The word could not be shown on {terminal.device}: {problem.strerror}.") from None
        return word

    def check(self, pid: int, word: str, *bound: str) -> None:
        """Take a word that was typed: it counts once, for what it was shown for, from the terminal it stands on.

        Raises:
            NotPresent: it is not the word, or it came too late.
        """
        key = _key(self._terminal(pid), bound)
        with self._lock:
            now = self._count()
            shown = self._words.get(key)
            if shown is None:
                raise NotPresent("No word was shown for this answer at this terminal, or it was too late; ask again.")
            typed = "-".join(word.lower().replace("-", " ").split())
            if hmac.compare_digest(typed.encode(errors="replace"), shown.text.encode()):
                del self._words[key]
                return
            self._wrong.append(now)
            shown.left -= 1
            if not shown.left:
                del self._words[key]
            again = f"try again ({shown.left} left)" if shown.left else "nothing was answered"
            raise NotPresent(f"That is not the word that was shown on your terminal; {again}.", shown.left)

    def _terminal(self, pid: int) -> Terminal:
        terminal = terminal_of(pid)
        if terminal is None:
            raise NotPresent(
                "This answer needs a person at a terminal. Give it in a terminal window of your own, "
                "or at the dashboard (`devos open`)."
            )
        return terminal

    def _count(self) -> float:
        """Forget what is over, and refuse who guesses; the present moment."""
        now = self._clock()
        self._words = {key: word for key, word in self._words.items() if word.ends > now}
        self._wrong = [moment for moment in self._wrong if moment > now - WHILE]
        if len(self._wrong) >= WRONG:
            raise NotPresent("Too many words were mistyped; nobody can answer at a terminal for some minutes.")
        return now


def _key(terminal: Terminal, bound: tuple[str, ...]) -> tuple[str, ...]:
    return (terminal.device, str(terminal.session), *bound)


def _write(device: str, text: str) -> None:
    """Show a text on a terminal, all of it.

    Raises:
        OSError: the terminal is gone, or takes nothing.
    """
    descriptor = os.open(device, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        left = text.replace("\n", "\r\n").encode()
        while left:
            left = left[os.write(descriptor, left) :]
    finally:
        with suppress(OSError):
            os.close(descriptor)
