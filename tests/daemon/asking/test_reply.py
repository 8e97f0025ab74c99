from __future__ import annotations

import pytest

from daemon.asking.reply import LONGEST, Said, is_attempt, read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("approve k7m2qd", Said(True, "k7m2qd", None)),
        ("  Approve K7M2QD \n", Said(True, "k7m2qd", None)),
        ("approve k7m2qd because tested on staging", Said(True, "k7m2qd", "tested on staging")),
        ("deny k7m2qd because not on a Friday: DEV-1", Said(False, "k7m2qd", "not on a Friday: DEV-1")),
        ("DENY k7m2qd", Said(False, "k7m2qd", None)),
        ("approve k7m2qd BECAUSE ça va", Said(True, "k7m2qd", "ça va")),
        (f"deny k7m2qd because {'x' * LONGEST}", Said(False, "k7m2qd", "x" * LONGEST)),
        ("deny k7m2qd because x", Said(False, "k7m2qd", "x")),
    ],
)
def test_an_answer(text: str, said: Said) -> None:
    assert read(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "approve",
        "approve k7m",
        "approve k7m2qd because ",
        "approve k7m2qd because  two",
        f"deny k7m2qd because {'x' * (LONGEST + 1)}",
        "approve k7m2qd\ndeny k7m2qd",
        "approve k7m2qd because a\u200bb",
        "approve k7m2qd because \x1b[2Ja",
        "approve \u212a7m2qd",
        "approve k7m2qd because a\u2028b",
        "yes approve k7m2qd",
    ],
)
def test_everything_else_is_none(text: str) -> None:
    assert read(text) is None


def test_who_seems_to_have_meant_an_answer_should_hear_of_it() -> None:
    for text in ("approve it", "> Deny", "what is K7M2QD?", "\u200bapprove k7m2qd", "**approve** x"):
        assert is_attempt(text, "k7m2qd"), text
    for text in ("", "looks good to me", "I would approve that", "approved"):
        assert not is_attempt(text, "k7m2qd"), text
