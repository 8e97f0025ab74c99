"""Asking in the terminal that a request was typed in, and taking answers there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from daemon.client import Told, ask_once
from daemon.commands.common import printable
from daemon.questions import painted, question_lines

TERMINAL = Path("/dev/tty")
"""Whatever terminal this process runs at, also where its input and output are somewhere else."""

ABSENT = 3
"""The code with which the daemon says that nobody is there who could answer."""


def ask_here(folder: Path, run: dict[str, Any]) -> bool:
    """Put a run's open questions to the person at the keyboard.

    False when one was left open: by Ctrl-C, by the end of the input, or because somebody else has to answer it.

    Raises:
        Told: the daemon went away.
    """
    for question in run["approvals"]:
        while _is_open(folder, question):
            print("\n".join(painted(line) if sys.stdout.isatty() else line for line in question_lines(question)))
            if question["level"] == "approve":
                print("Somebody else has to say yes; it goes on as soon as they have.")
                return False
            try:
                yes, because = _said(question)
                answer(folder, id=question["id"], yes=yes, because=because, digest=question["digest"])
            except (EOFError, KeyboardInterrupt):
                print(f"\nLeft open; answer later: devos approve {question['id']}, or devos deny {question['id']}")
                return False
            except Told as no:
                print(printable(str(no)))
                if no.code == ABSENT:
                    return False
    return True


def answer(folder: Path, **said: Any) -> dict[str, Any]:
    """Give the daemon an answer, with the word that it writes onto the terminal where it wants one.

    Returns:
        The question as it is then.

    Raises:
        Told: the answer does not count.
        EOFError, KeyboardInterrupt: no word was typed.
    """
    told = ask_once(folder, "answer", **said)
    while "word" in told:
        try:
            told = ask_once(folder, "answer", **said, word=_typed())
        except Told as no:
            if not no.more.get("left"):
                raise
            print(printable(str(no)), file=sys.stderr)
    return dict(told["approval"])


def _typed() -> str:
    """One line that is typed at the terminal.

    Raises:
        EOFError: none was.
        Told: there is no terminal.
    """
    try:
        with TERMINAL.open() as keyboard, TERMINAL.open("w") as screen:
            print("The word: ", end="", file=screen, flush=True)
            line = keyboard.readline()
    except OSError:
        raise Told("This answer needs a person at a terminal, or at the dashboard (`devos open`).", ABSENT) from None
    if not line:
        raise EOFError
    return line.strip()


def _said(question: dict[str, Any]) -> tuple[bool, str | None]:
    """Yes or no, and why where that is wanted."""
    outcome = question["level"] == "outcome"
    yes = _yes("Did it happen?" if outcome else "Do it?")
    if question.get("reason"):
        return yes, input("Why? ")
    if yes or outcome:
        return yes, None
    return yes, input("Why not? (Enter for no reason) ") or None


def _is_open(folder: Path, question: dict[str, Any]) -> bool:
    """Whether a question still stands: what was sent before the last answer may tell of it once more."""
    return any(each["id"] == question["id"] for each in ask_once(folder, "approvals")["approvals"])


def _yes(text: str) -> bool:
    while True:
        answer = input(f"{text} [yes/no] ").strip().lower()
        if answer in ("yes", "y", "no", "n"):
            return answer.startswith("y")
        print("Please say yes or no; Ctrl-C leaves it open.")
