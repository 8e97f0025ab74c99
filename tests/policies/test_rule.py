"""A rule file's text becomes rules that know their lines, or an error that knows them."""

from __future__ import annotations

import pytest

from policies.decision import Level
from policies.problem import RuleError
from policies.rule import PLACEHOLDERS, Rule, parse, statements

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
    ("annotations", "message"),
    [
        ('\n@id("a")\n@aproval("confirm")', "mine.cedar:3: there is no annotation @aproval; did you mean 'approval'?"),
        ('@id("a")\n@owner("ada")', "mine.cedar:2: there is no annotation @owner; it can be"),
        (
            '@id("a")\n@approval("confrm")',
            "mine.cedar:2: there is no approval 'confrm'; did you mean 'confirm'? Without @approval, it is automatic.",
        ),
        ('@id("a")\n@approval', "mine.cedar:2: there is no approval ''; it can be"),
        ('\n@because("x")', 'mine.cedar:2: a rule needs an @id("…")'),
        ('@id("")', "mine.cedar:1: '' is no @id"),
        ('@because("x")\n@id("Not This")', "mine.cedar:2: 'Not This' is no @id; write small letters"),
        ('\n@id("no-match")', "mine.cedar:2: no rule may be called 'no-match'"),
        ('@id("error")', "mine.cedar:1: no rule may be called 'error'"),
        ('@id("a")\n@because("{befor}")', "mine.cedar:2: @because cannot name {befor}; did you mean 'before'?"),
        ('@id("a") @because("{before!r}")', "mine.cedar:1: @because cannot name {before}"),
        ('@id("a") @because("{before:>9}")', "mine.cedar:1: @because cannot name {before}"),
        ('@id("a") @because("{before.real}")', "mine.cedar:1: @because cannot name {before.real}"),
        ('@id("a")\n@because("{")', "mine.cedar:2: @because: Single '{'"),
        ('@id("a")\n@id("b")', "mine.cedar:1: duplicate annotation: @id"),
    ],
)
def test_a_wrong_annotation_is_refused_where_it_stands(annotations: str, message: str) -> None:
    assert refused(f"{annotations}\npermit (principal, action, resource);").startswith(message)


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ('@group("payments")', 'mine.cedar:2: @group means something only beside @approval("approve").'),
        (
            '@approval("confirm") @group("payments")',
            'mine.cedar:2: @group means something only beside @approval("approve").',
        ),
        ('@approval("change") @votes("2")', 'mine.cedar:2: @votes means something only beside @approval("approve").'),
        (
            '@approval("change") @reason("required")',
            'mine.cedar:2: @reason means something only beside @approval("confirm") or @approval("approve").',
        ),
        ('@approval("one-more") @reason("required")', "mine.cedar:2: @reason means something only beside"),
        ('@approval("approve") @votes("0")', "mine.cedar:2: @votes is a number from 1 to 9, not '0'."),
        ('@approval("approve") @votes("10")', "mine.cedar:2: @votes is a number from 1 to 9, not '10'."),
        ('@approval("approve") @votes("two")', "mine.cedar:2: @votes is a number from 1 to 9, not 'two'."),
        ('@approval("approve") @votes("²")', "mine.cedar:2: @votes is a number from 1 to 9, not '²'."),
        ('@approval("approve") @votes', "mine.cedar:2: @votes is a number from 1 to 9, not ''."),
        ('@approval("approve") @group("")', "mine.cedar:2: @group names a group from the settings."),
        ('@approval("confirm") @reason("wanted")', "mine.cedar:2: @reason can only be 'required', not 'wanted'"),
        ('@approval("confirm") @reason', "mine.cedar:2: @reason can only be 'required', not ''"),
        ('@approval("one-mor")', "mine.cedar:2: there is no approval 'one-mor'; did you mean 'one-more'?"),
        (
            '@approval("approve") @because("{group}")',
            "mine.cedar:2: @because names {group}, and the rule has no @group.",
        ),
    ],
)
def test_what_says_who_agrees_must_make_sense(annotations: str, message: str) -> None:
    assert refused(f'@id("a")\n{annotations} permit (principal, action, resource);').startswith(message)


def test_what_says_who_agrees_is_read() -> None:
    who = '@approval("approve") @group("payments") @votes("3") @reason("required")'
    rule, plain = rules(
        f'@id("a") {who} permit (principal, action, resource);\n@id("b") permit (principal, action, resource);'
    )
    assert (rule.level, rule.group, rule.votes, rule.reason) == (Level.APPROVE, "payments", 3, True)
    assert (plain.level, plain.group, plain.votes, plain.reason) == (Level.AUTO, None, 1, False)
    assert not rule.one_more and not plain.one_more
    (more,) = rules('@id("c") @approval("one-more") permit (principal, action, resource);')
    assert (more.level, more.one_more) == (Level.AUTO, True)


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


def test_a_forbid_takes_no_approval() -> None:
    text = '@id("a")\n@approval("confirm")\nforbid (principal, action, resource);'
    assert refused(text) == "mine.cedar:2: a forbid refuses whoever agrees; leave @approval out."


def test_every_placeholder_and_doubled_braces_are_taken() -> None:
    sentence = " ".join(f"{{{name}}}" for name in PLACEHOLDERS) + " {{}}"
    who = '@approval("approve") @group("g")'
    (rule,) = rules(f'@id("a") @because("{sentence}") {who} permit (principal, action, resource);')
    assert rule.because == sentence


def test_all_wrong_annotations_of_a_rule_are_named_at_once() -> None:
    text = '@idd("a")\n@approval("x")\npermit (principal, action, resource);'
    assert [line.split(": ")[0] for line in refused(text).splitlines()] == ["mine.cedar:1"] * 2 + ["mine.cedar:2"]


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
