"""A misspelt annotation would go unnoticed by Cedar, so each is checked by its word and value."""

from __future__ import annotations

import pytest

from policies.annotations import PLACEHOLDERS
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
