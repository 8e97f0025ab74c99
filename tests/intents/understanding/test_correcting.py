"""Which sentences change what was said before, and to what."""

import pytest

from intents.understanding.correcting import Correction, corrections, corrects


@pytest.mark.parametrize(
    ("said", "meant", "rejected"),
    [
        ("no i meant staging", "staging", ""),
        ("i said staging", "staging", ""),
        ("make that 5", "5", ""),
        ("make it 5 in staging", "5 in staging", ""),
        ("change that to 5", "5", ""),
        ("it should be checkout", "checkout", ""),
        ("sorry no actually 5", "5", ""),
        ("5 instead", "5", ""),
        ("staging not production", "staging", "production"),
        ("no not production but staging", "staging", "production"),
        ("i meant staging not production", "staging", "production"),
    ],
)
def test_a_correction_says_what_is_meant(said: str, meant: str, rejected: str) -> None:
    assert corrections(said) == [Correction(meant, rejected)]


def test_where_a_rejected_name_ends_is_left_open() -> None:
    assert corrections("not web app checkout") == [
        Correction("", "web app checkout"),
        Correction("checkout", "web app"),
        Correction("app checkout", "web"),
    ]


@pytest.mark.parametrize("said", ["no", "nope", "staging", "scale web-app to 5", "wait", "actually", "how many", ""])
def test_everything_else_corrects_nothing(said: str) -> None:
    assert corrections(said) == []


def test_what_was_heard_is_brought_into_one_form_first() -> None:
    assert corrects("No, I meant... staging!")
    assert corrects("Make that five.")
    assert not corrects("No.")
    assert not corrects("I meant staging. " * 1000)
