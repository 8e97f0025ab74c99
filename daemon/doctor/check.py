"""One thing that was looked at: how it stands, in a sentence, and the command that mends it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from daemon.config import BadConfig, load
from daemon.sections import Config
from policies.visible import visible

Status: TypeAlias = Literal["ok", "warning", "failed", "skipped"]

ANSWERING = 5.0
"""Seconds in which the daemon has to say how its senses are."""


@dataclass(frozen=True)
class Check:
    """What was found."""

    name: str
    status: Status
    """failed: something does not work that was to. warning: it works, and will not or not well. skipped: it is not
    used here."""
    says: str
    """One sentence for the person."""
    mend: str = ""
    """The command that mends it, or what to do where no command does."""


COMMANDS = ("sudo ", "brew ", "pip ", "pactl ", "systemctl ", "pulseaudio ", "devos ", "open ")
"""How a command begins, where a sentence ends with one."""


def troubled(name: str, problem: str, otherwise: str) -> Check:
    """A failed check of a sentence that may end with the command that mends it ("…; install it: sudo apt-get …").

    Args:
        name: of the check.
        problem: the sentence.
        otherwise: what to do where it names no command.
    """
    says, _, mend = visible(problem, lines=False).rpartition(": ")
    if says and mend.startswith(COMMANDS):
        return Check(name, "failed", f"{says}.", mend)
    return Check(name, "failed", f"{visible(problem, lines=False).rstrip('.')}.", otherwise)


@dataclass(frozen=True)
class Machine:
    """What is examined: one home, in one session of one machine."""

    home: Path
    environment: Mapping[str, str]
    platform: str = sys.platform
    settings: Config = field(default_factory=Config)
    """The defaults, where config.toml is wrong."""
    wrong: str = ""
    """What is wrong with config.toml."""
    senses: Mapping[str, Any] | None = None
    """What the running daemon says about its senses; None where none runs, or it does not say."""

    @classmethod
    def of(cls, home: Path, environment: Mapping[str, str], platform: str = sys.platform) -> Machine:
        """Read the settings, and ask the daemon."""
        settings, wrong = Config(), ""
        try:
            settings = load(home)
        except BadConfig as problem:
            wrong = str(problem)
        return cls(home, environment, platform, settings, wrong, _senses(home))

    def sense(self, name: str) -> Mapping[str, Any]:
        """What the daemon says about one of its senses; empty where it says nothing."""
        found = (self.senses or {}).get(name)
        return found if isinstance(found, Mapping) else {}


def _senses(home: Path) -> Mapping[str, Any] | None:
    from daemon.client import Told, ask_once

    try:
        return bounded(lambda: ask_once(home, "senses"), ANSWERING)
    except (Told, TimeoutError, OSError):
        return None


Result = TypeVar("Result")


class _Outcome(Generic[Result]):
    def __init__(self) -> None:
        self.results: list[Result] = []
        self.errors: list[Exception] = []


def bounded(what: Callable[[], Result], seconds: float) -> Result:
    """Do something that may hang for ever: a bus, a driver, a daemon that was stopped.

    Raises:
        TimeoutError: it has not come back in that time; the thread that it hangs in is left behind.
    """
    outcome: _Outcome[Result] = _Outcome()

    def do() -> None:
        try:
            outcome.results.append(what())
        except Exception as error:
            outcome.errors.append(error)

    thread = threading.Thread(target=do, name="examination", daemon=True)
    thread.start()
    thread.join(seconds)
    if outcome.errors:
        raise outcome.errors[0]
    if not outcome.results:
        raise TimeoutError(f"no answer in {seconds:g} seconds")
    return outcome.results[0]
