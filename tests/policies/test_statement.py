"""A rule file is taken apart at its semicolons, and every word knows where it stands."""

from __future__ import annotations

import pytest

from policies.decision import Level
from policies.problem import RuleError
from policies.rule import Rule, parse
from policies.statement import statements

TWO = """\
// The first rule; it is not "closed
@id("first") // a comment; with a semicolon
@because("It says ; and // and {after}.")
permit (principal, action, resource)
when { resource.id == "a;b\\"c" };

@id("second")
forbid (principal, action, resource);
// the end
"""


def rules(text: str) -> list[Rule]:
    return [parse(statement) for statement in statements("mine.cedar", text)]


def refused(text: str) -> str:
    with pytest.raises(RuleError) as error:
        rules(text)
    return str(error.value)


def test_splits_a_file_at_its_semicolons_alone() -> None:
    first, second = rules(TWO)
    assert (first.id, first.where, first.level) == ("first", "mine.cedar:2", Level.AUTO)
    assert first.because == "It says ; and // and {after}."
    assert (second.id, second.where, second.level) == ("second", "mine.cedar:7", Level.DENY)
    assert first.node.id == "first"


def test_a_file_of_comments_has_no_rules() -> None:
    assert rules("// nothing\n\n") == []


def test_every_word_knows_its_line_and_column() -> None:
    (statement,) = statements("mine.cedar", '\n// no\n  permit (a,\n\tb == "x y"); // end')
    assert [(token.text, token.line, token.column) for token in statement.tokens] == [
        ("permit", 3, 3),
        ("(", 3, 10),
        ("a", 3, 11),
        (",", 3, 12),
        ("b", 4, 2),
        ("==", 4, 4),
        ('"x y"', 4, 7),
        (")", 4, 12),
        (";", 4, 13),
    ]
    assert all(statement.text[: token.end].endswith(token.text) for token in statement.tokens)
    assert (statement.file, statement.line, statement.lines[2]) == ("mine.cedar", 3, "  permit (a,")


def test_a_problem_is_placed_at_a_word_or_within_one_or_at_the_beginning() -> None:
    (statement,) = statements("mine.cedar", '@because("say {that}")\npermit that;')
    places = {word: statement.problem("wrong.", word) for word in ("that", "{that}", "permit", "nowhere", "")}
    assert {word: (each.line, each.column, each.length) for word, each in places.items()} == {
        "that": (2, 8, 4),
        "{that}": (1, 15, 6),
        "permit": (2, 1, 6),
        "nowhere": (1, 1, 1),
        "": (1, 1, 1),
    }


def test_a_text_in_quotes_that_does_not_end_is_refused_where_it_begins() -> None:
    with pytest.raises(RuleError) as error:
        list(statements("mine.cedar", 'permit;\n  "never closed;\n"'))
    (problem,) = error.value.problems
    assert str(problem) == "mine.cedar:2: a text in quotes begins here and does not end on this line."
    assert (problem.column, problem.source) == (3, '  "never closed;')
