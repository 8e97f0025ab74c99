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
