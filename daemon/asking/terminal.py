"""Asking in the terminal that a request was typed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.client import Told, ask_once
from daemon.commands.common import printable
from daemon.showing import question_lines


def ask_here(folder: Path, run: dict[str, Any]) -> bool:
    """Put a run's open questions to the person at the keyboard. False when one was left open (Ctrl-C, end of input).

    Raises:
        Told: the daemon went away.
    """
    for question in run["approvals"]:
        while _is_open(folder, question):
            print("\n".join(question_lines(question)))
            try:
                yes = _yes("Did it happen?" if question["level"] == "outcome" else "Do it?")
                because = (
                    None if yes or question["level"] == "outcome" else input("Why not? (Enter for no reason) ") or None
                )
            except (EOFError, KeyboardInterrupt):
                print(f"\nLeft open; answer later: devos approve {question['id']}, or devos deny {question['id']}")
                return False
            try:
                ask_once(folder, "answer", id=question["id"], yes=yes, because=because, digest=question["digest"])
            except Told as no:
                print(printable(str(no)))
    return True


def _is_open(folder: Path, question: dict[str, Any]) -> bool:
    """Whether a question still stands: what was sent before the last answer may tell of it once more."""
    return any(each["id"] == question["id"] for each in ask_once(folder, "approvals")["approvals"])


def _yes(text: str) -> bool:
    while True:
        answer = input(f"{text} [yes/no] ").strip().lower()
        if answer in ("yes", "y", "no", "n"):
            return answer.startswith("y")
        print("Please say yes or no; Ctrl-C leaves it open.")
