"""A rule is read, or refused at the word that is wrong."""

from __future__ import annotations

import pytest

from policies.decision import Level
from policies.problem import RuleError
from policies.rule import Rule, parse
from policies.statement import statements


def rules(text: str) -> list[Rule]:
    return [parse(statement) for statement in statements("mine.cedar", text)]


def refused(text: str) -> str:
    with pytest.raises(RuleError) as error:
        rules(text)
    return str(error.value)


@pytest.mark.parametrize(
    ("annotation", "level"),
    [
        ("", Level.AUTO),
        ('@approval("confirm")', Level.CONFIRM),
        ('@approval("approve")', Level.APPROVE),
        ('@approval("change")', Level.CHANGE),
    ],
)
def test_the_approval_of_a_permit_is_its_level(annotation: str, level: Level) -> None:
    (rule,) = rules(f'@id("a") {annotation} permit (principal, action, resource);')
    assert rule.level == level


@pytest.mark.parametrize(
    ("text", "line", "column", "word"),
    [
        ('@id("one")\n  @aproval("confirm")\npermit (principal, action, resource);', 2, 4, "aproval"),
        ('@id("one")\n@approval("confrm") permit (principal, action, resource);', 2, 12, "confrm"),
        ('@id("one") @because("It is {befor} now") permit (principal, action, resource);', 1, 28, "{befor"),
        ('// a comment\n\n@id("one") permti (principal, action, resource);', 3, 12, "permti"),
        ('@id("one") permit (principal,\n\taction resource);', 2, 9, "resource"),
        ('@id("one") permit (principal, action, resource) when { "ä" == resource.id wen };', 1, 75, "wen"),
    ],
)
def test_a_problem_knows_its_word(text: str, line: int, column: int, word: str) -> None:
    with pytest.raises(RuleError) as error:
        rules(text)
    problem = error.value.problems[0]
    assert (problem.line, problem.column, problem.length) == (line, column, len(word))
    assert problem.source == text.split("\n")[line - 1]
    assert problem.source[column - 1 :].startswith(word)


def test_a_long_broken_rule_is_judged_in_a_moment() -> None:
    """What is tried grows with the logarithm of the rule's length, so a file cannot keep DevOS busy."""
    condition = " || ".join(f'resource.id == "thing-{n}"' for n in range(3000))
    text = f'@id("a") permit (principal, action, resource) when {{ {condition} || }};'
    found = refused(text)
    assert found.startswith("mine.cedar:1: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("permit (principal,\naction resource);", "mine.cedar:2: unexpected token `resource`."),
        (
            "\npermti (principal, action, resource);",
            "mine.cedar:2: invalid policy effect: permti; did you mean 'permit'?",
        ),
        (
            "permit (principal, action, resource)\nwen { true };",
            "mine.cedar:2: invalid policy condition: wen; did you mean 'when'?",
        ),
        (
            'permit (principal, action, resource) when {\n["a"].contain(resource.id) };',
            "mine.cedar:2: `contain` is not a valid method; did you mean 'contains'?",
        ),
        (
            "permit (principal, action, resource) when {\n\nctx.before > 1 };",
            "mine.cedar:3: invalid member access `ctx.before`, `ctx` has no fields or methods; did you mean 'context'?",
        ),
        ("permit (principal, action, resource) when { 1 # 2 };", "mine.cedar:1: invalid token."),
        ("\npermit (principal, action, resource)", "mine.cedar:1: the rule that begins here does not end"),
        (
            'permit (principal, action, resource)\n@id("b") permit (principal, action, resource);',
            "mine.cedar:2: unexpected token `@`; is the `;` of the rule before it missing?",
        ),
        (
            "permit (principal, action, resource)\n\nforbid (principal, action, resource);",
            "mine.cedar:3: unexpected token `(`.",
        ),
        ("permit (principal, action, resource);\n;", "mine.cedar:2: unexpected token `;`."),
        ('\n@because("a)\npermit (principal, action, resource);', "mine.cedar:2: a text in quotes begins here"),
        ("permit (principal == ?principal, action, resource);", "mine.cedar:1: a rule with ?principal or ?resource"),
        (
            'permit (principal, action, resource) when {\nresource.id == "a\\q" };',
            "mine.cedar:2: the input `\\q` is not a valid escape",
        ),
    ],
)
def test_broken_grammar_is_refused_at_the_word_that_breaks_it(text: str, message: str) -> None:
    assert refused(f'@id("one"){text}').startswith(message)


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 5000 + "true" + ")" * 5000,
        "[" * 5000 + "1" + "]" * 5000 + ".contains(1)",
        '{"a":' * 5000 + "1" + "}" * 5000 + " == 1",
        " && ".join(["true"] * 5000),
        " || ".join(['resource.id == "x"'] * 5000),
        "if true then " * 5000 + "true" + " else false" * 5000,
        "context" + ".args" * 5000 + " == 1",
        "context has " + ".".join(["args"] * 5000),
        "1" + " - 1" * 5000 + " == 1",
        "!" * 5000 + "true",
        "true }" + " when { true }" * 5000 + " when { true",
    ],
)
def test_a_rule_that_would_end_the_process_is_refused(condition: str) -> None:
    """Cedar's parser overflows the stack on each of these, and takes DevOS with it."""
    found = refused(f'@id("a")\npermit (principal, action, resource) when {{ {condition} }};')
    assert found.startswith(("mine.cedar:2: brackets nest more than 32 deep", "mine.cedar:2: more than 400 parts are"))


def test_an_expression_too_deep_for_cedar_is_refused() -> None:
    deep = " && ".join(["true"] * 120)
    assert refused(f'@id("a")\npermit (principal, action, resource) when {{ {deep} }};').startswith("mine.cedar:1: ")


def test_a_long_list_is_not_deep() -> None:
    names = ", ".join(f'"web-{n}"' for n in range(2000))
    (rule,) = rules(f'@id("a") permit (principal, action, resource) when {{ [{names}].contains(resource.id) }};')
    assert rule.id == "a"
