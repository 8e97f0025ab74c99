"""A word that exists nowhere is found wherever it stands, and its neighbours are not blamed."""

from __future__ import annotations

from typing import Literal

import cedarpy
import pytest

from policies.action import Content, Effect, action, actions_of
from policies.names import Names
from policies.problem import RuleError
from policies.rule import parse
from policies.schema import schema_of
from policies.statement import statements


class Kubernetes:
    @action(Effect.READ)
    async def deployment(self, name: str, namespace: str) -> None: ...

    @action(Effect.CHANGE)
    async def scale(self, deployment: str, namespace: str, replicas: int) -> None: ...

    @action(Effect.DESTROY)
    async def delete(self, deployment: str, how: Literal["now", "gently"], labels: list[str]) -> None: ...


class Jira:
    @action(Effect.CHANGE)
    async def move(self, key: str, how: Literal["quietly", "loudly"]) -> None: ...

    @action(Effect.CHANGE)
    async def note(self, key: str, body: Content, hours: float) -> None: ...

    @action(Effect.CHANGE)
    async def label(self, key: str, labels: list[str], how: str) -> None: ...


ACTIONS = {**actions_of(Kubernetes), **actions_of(Jira)}


GROUPS = {"on-call": ["ada", "grace"], "payments": ["ada"], "nobody-yet": []}


def problems(rule: str, groups: dict[str, list[str]] = GROUPS) -> list[str]:
    """Everything wrong with a rule whose head is on line 2 and whose condition begins on line 3."""
    (statement,) = statements("mine.cedar", f'@id("a")\n{rule};')
    return str(RuleError(Names(ACTIONS, groups).problems(parse(statement)))).splitlines()


def condition(text: str, scope: str = "action") -> list[str]:
    return problems(f"permit (principal, {scope}, resource) when {{\n{text} }}")


def never_the_same(left: str, right: str) -> str:
    return f"one side is of type {left}, the other {right}: they are never the same."


def no_action(group: str) -> str:
    return f'Action::"{group}" is a group of actions and no action itself; write `action in Action::"{group}"`.'


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (
            'principal, action == Action::"kubernetes.scael", resource',
            "there is no Action 'kubernetes.scael'; did you mean 'kubernetes.scale'?",
        ),
        ('principal, action in Action::"chnage", resource', "there is no Action 'chnage'; did you mean 'change'?"),
        (
            'principal, action in [Action::"read", Action::"destory"], resource',
            "there is no Action 'destory'; did you mean 'destroy'?",
        ),
        (
            'principal, action == Action::"change", resource',
            no_action("change"),
        ),
        ("principal is Persn, action, resource", "there is no type 'Persn'; did you mean 'Person'?"),
        (
            "principal, action, resource is Deployment",
            "there is no type 'Deployment'.",
        ),
        (
            'principal, action, resource is Thing in Thng::"kubernetes/x"',
            "there is no type 'Thng'; did you mean 'Thing'?",
        ),
        (
            'principal == Team::Person::"ada", action, resource',
            "there is no type 'Team::Person'; did you mean 'Person'?",
        ),
        (
            'principal, action, resource == Thing::"kubernets/staging/web-app"',
            "a Thing is called system/id, and there is no system 'kubernets'; did you mean 'kubernetes'?",
        ),
    ],
)
def test_finds_a_wrong_word_in_the_head(head: str, message: str) -> None:
    assert problems(f"permit ({head})") == [f"mine.cedar:2: {message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'resource.environment == Environment::"prodution"',
            "there is no Environment 'prodution'; did you mean 'production'?",
        ),
        (
            'context.channel == Channel::"phone"',
            "there is no Channel 'phone'; it can be 'file', 'hotkey', 'typed', 'voice', 'web'.",
        ),
        ('context.tier in [Tier::"simpel"]', "there is no Tier 'simpel'; did you mean 'simple'?"),
        (
            'resource.enviroment == Environment::"staging"',
            "resource has no attribute 'enviroment'; did you mean 'environment'?",
        ),
        ("context.befor > 3", "context has no attribute 'befor'; did you mean 'before'?"),
        ("context has befor", "context has no attribute 'befor'; did you mean 'before'?"),
        ("context has arguments.replicas", "context has no attribute 'arguments'; did you mean 'args'?"),
        ("context.args has replcas", "context.args has no attribute 'replcas'; did you mean 'replicas'?"),
        ("context has args.replcas", "context.args has no attribute 'replcas'; did you mean 'replicas'?"),
        ("principal.age > 3", "principal has no attribute 'age'."),
        ("action has effect", "action has no attribute 'effect'."),
        (
            "(if context has bound then context.bund else 1) > 0",
            "context has no attribute 'bund'; did you mean 'bound'?",
        ),
        ('resource.system == "kubernets"', "resource.system is never 'kubernets'; did you mean 'kubernetes'?"),
        ('"gira" != resource.system', "resource.system is never 'gira'; did you mean 'jira'?"),
        (
            '["jira", "azure"].contains(resource.system)',
            "resource.system is never 'azure'; it can be 'jira', 'kubernetes'.",
        ),
        ('resource.environment == Channel::"voice"', never_the_same("Environment", "Channel")),
        ('resource.environment in [Tier::"simple"]', never_the_same("Environment", "Tier")),
        ('[Tier::"simple"].contains(context.channel)', never_the_same("Tier", "Channel")),
        ('principal == Thing::"jira/DEV-1"', never_the_same("Person", "Thing")),
        ('principal in Group::"on-cal"', "there is no Group 'on-cal'; did you mean 'on-call'?"),
        ('principal == Group::"on-call"', never_the_same("Person", "Group")),
        ('context.weekday == Weekday::"firday"', "there is no Weekday 'firday'; did you mean 'friday'?"),
        ('context.date == "24.12.2026"', "context.date is never '24.12.2026'; it is written like '2026-12-24'."),
        (
            '["2026-13-01"].contains(context.date)',
            "context.date is never '2026-13-01'; it is written like '2026-12-24'.",
        ),
        ("context.csot > 3", "context has no attribute 'csot'; did you mean 'cost'?"),
        ('context.opened.contains("gira")', "context.opened is never 'gira'; did you mean 'jira'?"),
        ('context.outside.contains("replcas")', "context.outside is never 'replcas'; did you mean 'replicas'?"),
        ('context.outside.containsAny(["key", "kay"])', "context.outside is never 'kay'; did you mean 'key'?"),
        ('action == Action::"read"', no_action("read")),
        ('[Action::"change"].contains(action)', no_action("change")),
    ],
)
def test_finds_a_wrong_word_in_a_condition(text: str, message: str) -> None:
    assert condition(text) == [f"mine.cedar:3: {message}"]


@pytest.mark.parametrize(
    ("scope", "text", "message"),
    [
        (
            'action == Action::"jira.move"',
            'context.args.how == "quitely"',
            "context.args.how is never 'quitely'; did you mean 'quietly'?",
        ),
        (
            'action == Action::"jira.move"',
            "context.args has replicas",
            "context.args has no attribute 'replicas'; it can be 'how', 'key'.",
        ),
        (
            'action in Action::"destroy"',
            'context.args.how == "loudly"',
            "context.args.how is never 'loudly'; it can be 'gently', 'now'.",
        ),
        (
            'action in [Action::"kubernetes.delete", Action::"jira.move"]',
            'context.args.how == "never"',
            "context.args.how is never 'never'",
        ),
        (
            'action == Action::"jira.note"',
            'context.outside.contains("body")',
            "context.outside is never 'body'; it can be 'hours', 'key'.",
        ),
    ],
)
def test_looks_at_the_arguments_of_the_actions_in_the_head(scope: str, text: str, message: str) -> None:
    (problem,) = condition(text, scope)
    assert problem.startswith(f"mine.cedar:3: {message}")


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        ("action", 'resource.system == "jira" && resource.id like "DEV-*"'),
        ("action", "context has before && context.before > 3 && context has bound"),
        ("action", 'context.args has replicas || context.args has key && context.intent == "whatever"'),
        ("action", 'resource == Thing::"kubernetes/staging/web-app" || principal in [Person::"ada"]'),
        ("action", 'action == Action::"jira.move" || action in [Action::"read", Action::"jira.label"]'),
        ("action", '[Environment::"none", Environment::"staging"].contains(resource.environment)'),
        ('action == Action::"kubernetes.delete"', 'context.args.labels.containsAny(["any", "word"])'),
        (
            'action in [Action::"kubernetes.delete", Action::"jira.move"]',
            '["now", "quietly"].contains(context.args.how)',
        ),
        (
            'action in [Action::"jira.label", Action::"jira.move"]',
            'context.args.how == "any word: jira.label takes all"',
        ),
        ('action == Action::"kubernetes.scale"', 'context.args.namespace == "any word" && context.args.replicas == 3'),
        ('action == Action::"jira.move"', '{"how": "any word"}.how == "any word"'),
        ("action", 'principal in Group::"on-call" && !(principal in [Group::"payments"])'),
        ("action", 'context.opened.contains("jira") || context.opened.contains("mcp")'),
        ('action == Action::"jira.note"', 'context.outside.contains("hours") && context.date == "2026-12-24"'),
        ("action", '{"how": 1}.how == 1 && {"how": "x"} has how'),
    ],
)
def test_leaves_right_words_alone(scope: str, text: str) -> None:
    assert condition(text, scope) == []


@pytest.mark.parametrize(
    "text",
    [
        "context.args has replcas && context.args.replcas > 20",
        'resource.environment == Channel::"voice"',
        'resource.system == "kubernets"',
        'action == Action::"change"',
    ],
)
def test_finds_what_cedar_itself_lets_pass(text: str) -> None:
    schema = cedarpy.Schema.from_str(schema_of(ACTIONS))
    forbid = f"forbid (principal, action, resource) when {{ {text} }};"
    assert cedarpy.validate_policies(forbid, schema).validation_passed
    assert condition(text) != []


@pytest.mark.parametrize(
    ("who", "groups", "message"),
    [
        (
            '@approval("approve") @group("paymets")',
            GROUPS,
            "there is no Group 'paymets'; did you mean 'payments'?",
        ),
        (
            '@approval("approve") @group("payments")',
            {},
            "there is no Group 'payments': the settings name no groups; add [groups] to config.toml.",
        ),
        (
            '@approval("approve") @group("on-call") @votes("3")',
            GROUPS,
            "only 2 are in the group 'on-call', so 3 yeses can never come together.",
        ),
        (
            '@approval("approve") @group("nobody-yet")',
            GROUPS,
            "nobody is in the group 'nobody-yet', so 1 yes can never come together.",
        ),
    ],
)
def test_who_is_asked_must_exist_and_be_enough(who: str, groups: dict[str, list[str]], message: str) -> None:
    assert problems(f"{who} permit (principal, action, resource)", groups) == [f"mine.cedar:2: {message}"]


@pytest.mark.parametrize("who", ['@group("payments")', '@group("on-call") @votes("2")', '@votes("9")'])
def test_who_is_asked_is_left_alone_where_it_could_come_together(who: str) -> None:
    assert problems(f'@approval("approve") {who} permit (principal, action, resource)') == []


def test_names_every_wrong_word_of_a_rule() -> None:
    found = condition('context has befor &&\nresource.enviroment == Environment::"live"')
    assert [line.split(": ")[0] for line in found] == ["mine.cedar:3", "mine.cedar:4", "mine.cedar:4"]
