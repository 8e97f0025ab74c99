"""Questions at a terminal, each with its default: Enter takes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policies.visible import visible


class Left(Exception):
    """The person left, by Ctrl-C or Ctrl-D: nothing is written."""


class Asker:
    """Asks one question after another."""

    def __init__(self, read: Callable[[str], str] = input, show: Callable[[str], None] = print) -> None:
        self._read, self._show = read, show

    def tell(self, text: str = "") -> None:
        """Show a text; names of devices and the like come from outside, and are made harmless."""
        self._show(visible(text))

    def heading(self, text: str) -> None:
        """Begin a new subject."""
        self._show(f"\n{visible(text)}")

    def text(self, question: str, default: str = "", problem: Callable[[str], str | None] = lambda text: None) -> str:
        """Ask for a text until there is nothing wrong with it.

        Args:
            question: without its default, which is added.
            default: what Enter means; empty where something has to be typed.
            problem: what is wrong with an answer, if anything.

        Raises:
            Left: the person left.
        """
        while True:
            answer = self._ask(f"{question} [{default}] " if default else f"{question} ") or default
            wrong = problem(answer) if answer else "Something has to stand here."
            if wrong is None:
                return answer
            self.tell(wrong)

    def optional(self, question: str) -> str:
        """Ask for a text that may be left out.

        Raises:
            Left: the person left.
        """
        return self._ask(f"{question} [none] ")

    def yes(self, question: str, default: bool) -> bool:
        """Ask for yes or no.

        Raises:
            Left: the person left.
        """
        while True:
            answer = self._ask(f"{question} [{'Y/n' if default else 'y/N'}] ").casefold()
            if not answer:
                return default
            if answer in ("y", "yes", "n", "no"):
                return answer.startswith("y")
            self.tell("Please answer yes or no.")

    def choose(self, question: str, options: Sequence[str], default: int = 0) -> int:
        """Ask for one of several, shown with numbers from 1 and taken by name too; the place of the chosen one.

        Raises:
            Left: the person left.
        """
        for number, option in enumerate(options, 1):
            self.tell(f"  {number}  {option}")
        while True:
            answer = self._ask(f"{question} [{default + 1}] ")
            if not answer:
                return default
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                return int(answer) - 1
            named = [at for at, option in enumerate(options) if option.casefold() == answer.casefold()]
            if named:
                return named[0]
            self.tell(f"Please answer with a number from 1 to {len(options)}.")

    def _ask(self, prompt: str) -> str:
        try:
            return self._read(visible(prompt, lines=False)).strip()
        except (EOFError, KeyboardInterrupt):
            raise Left from None
