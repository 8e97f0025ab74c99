"""What is wrong with a rule reads like a compiler's message, and offers the nearest word."""

from __future__ import annotations

import pytest

from policies.problem import Problem, RuleError, did_you_mean


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("careful.cedar", 21, "wrong."), "careful.cedar:21: wrong."),
        (Problem("careful.cedar", 0, "wrong."), "careful.cedar: wrong."),
        (Problem("", 0, "wrong."), "wrong."),
    ],
)
def test_says_where(problem: Problem, text: str) -> None:
    assert str(problem) == text


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        (Problem("a.cedar", 3, "wrong."), ["a.cedar:3: wrong."]),
        (
            Problem("a.cedar", 3, "wrong.", 9, 4, "permit (prin)"),
            ["a.cedar:3:9: wrong.", "  permit (prin)", "          ^^^^"],
        ),
        (Problem("a.cedar", 1, "wrong.", 2, 1, "\tx y"), ["a.cedar:1:2: wrong.", "  \tx y", "  \t^"]),
        (Problem("a.cedar", 1, "wrong.", 6, 2, '"部署" xy'), ["a.cedar:1:6: wrong.", '  "部署" xy', "         ^^"]),
        (
            Problem("a.cedar", 1, "no \x1b[31m'x\u202e'.", 6, 1, "\x1b[31mx\u202e"),
            ["a.cedar:1:6: no 'x'.", "  x", "  ^"],
        ),
    ],
)
def test_draws_the_line_and_underlines_the_word(problem: Problem, lines: list[str]) -> None:
    assert problem.drawn().splitlines() == lines


def test_error_lists_each_problem_once_in_order() -> None:
    late, early = Problem("b.cedar", 9, "late."), Problem("a.cedar", 1, "early.")
    error = RuleError([late, early, late])
    assert error.problems == (late, early)
    assert str(error) == "b.cedar:9: late.\na.cedar:1: early."


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("confrm", ["approve", "change", "confirm"], "; did you mean 'confirm'?"),
        ("yes", ["change", "approve"], "; it can be 'approve', 'change'."),
        ("zzz", ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf"], "."),
        ("yes", ["change"], "; it can be 'change'."),
        ("anything", [], "."),
    ],
)
def test_offers_the_nearest_word_or_the_few_there_are(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint
