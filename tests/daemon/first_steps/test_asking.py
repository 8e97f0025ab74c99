"""Questions and their defaults."""

from __future__ import annotations

import pytest

from daemon.first_steps.asking import Asker, Left


class Person:
    """Somebody at a terminal, who gives these answers."""

    def __init__(self, *answers: str | type[BaseException]) -> None:
        self._answers = list(answers)
        self.shown: list[str] = []

    def read(self, prompt: str) -> str:
        self.shown.append(prompt)
        answer = self._answers.pop(0)
        if isinstance(answer, str):
            return answer
        raise answer

    @property
    def asker(self) -> Asker:
        return Asker(self.read, self.shown.append)


def test_every_question_shows_its_default_and_enter_takes_it() -> None:
    person = Person("", "", "", "")
    asker = person.asker
    assert asker.text("Your name", "anna") == "anna" and asker.yes("Really?", False) is False
    assert asker.choose("Which?", ["a", "b"], 1) == 1 and asker.optional("More") == ""
    assert person.shown == ["Your name [anna] ", "Really? [y/N] ", "  1  a", "  2  b", "Which? [2] ", "More [none] "]


def test_a_wrong_answer_is_explained_and_asked_for_again() -> None:
    person = Person("x", "", " 12 ", "perhaps", "YES", "3", "0", "2")
    asker = person.asker

    def wrong(text: str) -> str | None:
        return None if text.isdigit() else "a number, please"

    assert asker.text("Number", "", wrong) == "12" and asker.yes("Sure?", False) and asker.choose("Which?", "ab") == 1
    assert "a number, please" in person.shown and "Something has to stand here." in person.shown
    assert "Please answer yes or no." in person.shown
    assert person.shown.count("Please answer with a number from 1 to 2.") == 2


def test_a_choice_is_taken_by_its_name_too() -> None:
    asker = Person("alexa").asker
    assert asker.choose("Which word?", ["hey jarvis", "Alexa"]) == 1


def test_what_only_looks_like_a_number_is_none() -> None:
    person = Person("\u00b2", "2")
    assert person.asker.choose("Which?", ["a", "b"]) == 1
    assert "Please answer with a number from 1 to 2." in person.shown


@pytest.mark.parametrize("way", [KeyboardInterrupt, EOFError])
def test_leaving_is_one_thing_however_it_is_done(way: type[BaseException]) -> None:
    for ask in (lambda each: each.text("?"), lambda each: each.yes("?", True), lambda each: each.choose("?", ["a"])):
        with pytest.raises(Left):
            ask(Person(way).asker)


def test_names_from_outside_steer_no_terminal() -> None:
    person = Person("")
    person.asker.choose("Which \x1b[2J?", ["USB \x1b]0;x\x07audio"])
    assert "\x1b" not in "".join(person.shown)
