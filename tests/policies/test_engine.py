"""What the rules say: the strictest permit, a forbid before all, and a refusal for everything that is not certain."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import cedarpy
import pytest
from cedarpy import pst

from policies.action import Effect, Target, action, actions_of
from policies.decision import Decision, Demand, Facts, Level
from policies.demands import weigh
from policies.engine import SHIPPED, RuleError, Rules, rule_files
from policies.rule import RESERVED


class Kubernetes:
    @action(Effect.READ)
    async def deployment(self, name: str, namespace: str) -> None: ...

    @action(Effect.CHANGE, bound=50)
    async def scale(self, deployment: str, namespace: str, replicas: int, labels: list[str] | None = None) -> None: ...

    @action(Effect.DESTROY)
    async def delete(self, deployment: str, namespace: str) -> None: ...


class Cdk:
    @action(Effect.CHANGE)
    async def deploy(self, service: str, environment: str, change: str) -> None: ...


class Jira:
    @action(Effect.READ)
    async def issue(self, key: str) -> None: ...

    @action(Effect.CHANGE)
    async def comment(self, key: str, body: str, hours: float = 0.0) -> None: ...


ACTIONS = {**actions_of(Kubernetes), **actions_of(Cdk), **actions_of(Jira)}

SCALE = Facts(
    action="kubernetes.scale",
    effect=Effect.CHANGE,
    args={"deployment": "web-app", "namespace": "staging", "replicas": 4, "labels": None},
    target=Target("staging/web-app", "staging"),
    person="ada",
    channel="voice",
    intent="scale_deployment",
    tier="medium",
    before=2,
    after=4,
    bound=50,
)


FRIDAY = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)


def load(folder: Path, text: str) -> Rules:
    file = folder / "mine.cedar"
    file.write_text(text, "utf-8")
    return Rules.load([file], ACTIONS)


@pytest.fixture(scope="module")
def shipped() -> Rules:
    return Rules.load(rule_files(Path("/nowhere")), ACTIONS)


def test_own_rules_come_after_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    for name in ("zebra.cedar", "ant.cedar", "notes.txt"):
        (tmp_path / "rules" / name).write_text("// nothing yet\n")
    names = [file.name for file in rule_files(tmp_path)]
    assert names == ["careful.cedar", "deployments.cedar", "ant.cedar", "zebra.cedar"]


def test_says_which_rule_where_and_why(shipped: Rules) -> None:
    decision = shipped.decide(replace(SCALE, target=Target("production/web-app", "production"), before=4, after=40))
    line = (SHIPPED / "careful.cedar").read_text().splitlines().index('@id("leaps")') + 1
    assert decision == Decision(
        level=Level.CONFIRM,
        rule="leaps",
        where=f"careful.cedar:{line}",
        because="40 is more than three times the 4 before, so it is asked again.",
        ruleset=shipped.ruleset,
        demands=(Demand(Level.CONFIRM),),
    )


@pytest.mark.parametrize(
    ("rule", "level", "because"),
    [
        ("permit", Level.AUTO, "lets kubernetes.scale happen by itself."),
        ('@approval("confirm") permit', Level.CONFIRM, "wants your confirmation of kubernetes.scale."),
        ('@approval("approve") permit', Level.APPROVE, "wants somebody else's approval of kubernetes.scale."),
        ('@approval("change") permit', Level.CHANGE, "wants an approved change request for kubernetes.scale."),
        ("forbid", Level.DENY, "forbids kubernetes.scale."),
    ],
)
def test_a_rule_without_a_sentence_gets_a_plain_one(tmp_path: Path, rule: str, level: Level, because: str) -> None:
    rules = load(tmp_path, f'@id("mine") {rule} (principal, action, resource);')
    decision = rules.decide(SCALE)
    assert (decision.level, decision.rule, decision.because) == (level, "mine", f"Rule mine {because}")


def test_fills_every_placeholder_and_leaves_braces_in_facts_alone(tmp_path: Path) -> None:
    sentence = (
        "{action} {system} {id} {environment} {person} {channel} {intent} {tier} {before} {after} {bound} {{}}"
        " {cost} {weekday} {hour} {date} {outside} {opened} {group} {votes}"
    )
    who = '@approval("approve") @group("on-call") @votes("2")'
    file = tmp_path / "mine.cedar"
    file.write_text(f'@id("a") @because("{sentence}") {who} permit (principal, action, resource);')
    rules = Rules.load([file], ACTIONS, {"on-call": ["ada", "grace"]})
    decision = rules.decide(
        replace(
            SCALE,
            person="{bound}",
            before=None,
            cost=7,
            at=FRIDAY,
            outside=("deployment", "namespace"),
            opened=("jira DEV-1 summary", "jira DEV-2 summary"),
        )
    )
    assert decision.because == (
        "kubernetes.scale kubernetes staging/web-app staging {bound} voice scale_deployment medium "
        "an unknown number 4 50 {} 7 Friday 17 2026-11-20 deployment, namespace jira on-call 2"
    )


APPROVALS = {
    Level.AUTO: "",
    Level.CONFIRM: '@approval("confirm")',
    Level.APPROVE: '@approval("approve")',
    Level.CHANGE: '@approval("change")',
}


@pytest.mark.parametrize("levels", list(product(APPROVALS, repeat=3)))
def test_the_strictest_matching_permit_wins_and_of_equals_the_first(tmp_path: Path, levels: tuple[Level, ...]) -> None:
    text = "".join(
        f'@id("rule-{n}") {APPROVALS[level]} permit (principal, action, resource);\n' for n, level in enumerate(levels)
    )
    elsewhere = '@id("not-here") @approval("change") permit (principal, action in Action::"read", resource);'
    rules = load(tmp_path, text + elsewhere)
    decision = rules.decide(SCALE)
    first = levels.index(max(levels))
    assert (decision.level, decision.rule, decision.where) == (max(levels), f"rule-{first}", f"mine.cedar:{first + 1}")
    assert rules.matched(SCALE)[0].id == f"rule-{first}"
    assert {rule.id for rule in rules.matched(SCALE)} == {"rule-0", "rule-1", "rule-2"}


def test_a_forbid_refuses_whatever_permits(tmp_path: Path) -> None:
    rules = load(
        tmp_path,
        '@id("all") permit (principal, action, resource);\n'
        '@id("frozen") @because("{id} is frozen.")\n'
        'forbid (principal, action, resource == Thing::"kubernetes/staging/web-app");\n'
        '@id("too") forbid (principal, action in Action::"change", resource);',
    )
    decision = rules.decide(SCALE)
    assert (decision.level, decision.rule, decision.where) == (Level.DENY, "frozen", "mine.cedar:2")
    assert decision.because == "staging/web-app is frozen."
    assert [rule.id for rule in rules.matched(SCALE)] == ["frozen", "too"]
    elsewhere = replace(SCALE, action="jira.issue", effect=Effect.READ, target=Target("DEV-1"))
    assert rules.decide(elsewhere).level == Level.AUTO


def test_no_match_refuses(tmp_path: Path) -> None:
    rules = load(tmp_path, '@id("reads") permit (principal, action in Action::"read", resource);')
    decision = rules.decide(SCALE)
    assert decision == Decision(
        Level.DENY, "no-match", "", "No rule permits kubernetes.scale on staging/web-app.", rules.ruleset
    )


ERRING = """\
@id("all") permit (principal, action, resource);

@id("not-many")
forbid (principal, action == Action::"kubernetes.scale", resource)
when { context.args.replicas > 20 };
"""


def test_cedar_itself_allows_what_an_erring_forbid_would_have_refused() -> None:
    """The trap that `decide` must not fall into; should Cedar ever close it, this says so."""
    request: dict[str, Any] = {
        "principal": 'Person::"ada"',
        "action": 'Action::"kubernetes.scale"',
        "resource": 'Thing::"kubernetes/staging/web-app"',
        "context": {"args": {}},
    }
    answer = cedarpy.is_authorized(request, ERRING, [])
    assert answer.allowed
    assert answer.diagnostics.errors


def test_a_rule_that_errs_refuses_though_another_permits(tmp_path: Path) -> None:
    rules = load(tmp_path, ERRING)
    assert rules.decide(SCALE).level == Level.AUTO
    assert rules.decide(replace(SCALE, args={"replicas": 21})).rule == "not-many"
    for args in ({}, {"replicas": None}, {"replicas": {"$later": 1}}, {"replicas": "4"}, {"replicas": True}):
        decision = rules.decide(replace(SCALE, args=args))
        assert (decision.level, decision.rule, decision.where) == (Level.DENY, "error", "mine.cedar:3")
        assert decision.because == (
            "Rule not-many could not be evaluated for kubernetes.scale, so it is refused: "
            "record does not have the attribute `replicas`."
        )


def test_an_erring_permit_refuses_too_and_the_first_of_several_is_named(tmp_path: Path) -> None:
    erring = "permit (principal, action, resource) when { context has before && context.before * 9 > 1 };\n"
    rules = load(tmp_path, f'@id("all") permit (principal, action, resource);\n@id("b") {erring}@id("a") {erring}')
    decision = rules.decide(replace(SCALE, before=2**62))
    assert (decision.level, decision.rule, decision.where) == (Level.DENY, "error", "mine.cedar:2")
    assert "integer overflow" in decision.because


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"action": "kubernetes.drain"}, "an action 'kubernetes.drain'"),
        ({"effect": Effect.READ}, "kubernetes.scale as a read"),
        ({"target": Target("web-app", "prod")}, "Environment 'prod'"),
        ({"channel": "telegraph"}, "Channel 'telegraph'"),
        ({"tier": ""}, "Tier ''"),
        ({"before": 2**63}, "numbers that large"),
        ({"after": 10**5000}, "numbers that large"),
        ({"bound": -(2**64)}, "numbers that large"),
        ({"args": {"replicas": 2**63}}, "numbers that large"),
        ({"cost": 2**63}, "numbers that large"),
        ({"groups": frozenset({"on-call"})}, "Group 'on-call'"),
        ({"at": datetime(2026, 11, 20)}, "a moment without a time zone"),
    ],
)
def test_facts_outside_the_schema_refuse(tmp_path: Path, change: dict[str, Any], unknown: str) -> None:
    rules = load(tmp_path, '@id("all") permit (principal, action, resource);')
    decision = rules.decide(replace(SCALE, **change))
    assert decision == Decision(Level.DENY, "error", "", f"The rules do not know {unknown}.", rules.ruleset)
    with pytest.raises(ValueError, match="The rules do not know"):
        rules.matched(replace(SCALE, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"person": "\ud800"},
        {"target": Target("\ud800", "staging")},
        {"intent": "\ud800"},
        {"args": {"deployment": "\ud800"}},
        {"args": {"labels": ["\udfff"]}},
    ],
)
def test_what_cannot_be_put_to_the_rules_refuses(tmp_path: Path, change: dict[str, Any]) -> None:
    rules = load(tmp_path, '@id("all") permit (principal, action, resource);')
    decision = rules.decide(replace(SCALE, **change))
    assert (decision.level, decision.rule, decision.where) == (Level.DENY, "error", "")
    assert decision.because.startswith("The rules could not be asked about kubernetes.scale: ")


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        'quote " and \\',
        "new\nline",
        "nul\0",
        "ünïcödé 部署 🚀",
        '"}]); permit (principal, action, resource);//',
    ],
)
def test_any_other_text_is_only_text(tmp_path: Path, name: str) -> None:
    text = json.dumps(name, ensure_ascii=False).replace("\\u0000", "\\0")
    rules = load(
        tmp_path,
        '@id("all") permit (principal, action, resource);\n'
        f'@id("that") forbid (principal == Person::{text}, action == Action::"kubernetes.scale", resource)\n'
        f"when {{ resource.id == {text} && context.intent == {text} && context.args.deployment == {text} }};",
    )
    named = replace(SCALE, person=name, intent=name, target=Target(name, "staging"), args={"deployment": name})
    assert rules.decide(named).rule == "that"
    assert rules.decide(replace(named, intent="other")).rule == "all"


@pytest.mark.parametrize(
    ("condition", "change"),
    [
        ('principal == Person::"ada"', {"person": "grace"}),
        ('resource == Thing::"kubernetes/staging/web-app"', {"target": Target("staging/checkout", "staging")}),
        ('resource.id like "staging/*"', {"target": Target("blue/web-app", "staging")}),
        ('resource.environment == Environment::"staging"', {"target": Target("staging/web-app", "development")}),
        ('resource.system == "kubernetes"', {"action": "jira.comment"}),
        ('action in Action::"change"', {"action": "kubernetes.delete", "effect": Effect.DESTROY}),
        ('action == Action::"kubernetes.scale"', {"action": "jira.comment"}),
        ('context.channel == Channel::"voice"', {"channel": "typed"}),
        ('context.tier in [Tier::"medium", Tier::"complex"]', {"tier": "simple"}),
        ('context.intent == "scale_deployment"', {"intent": "deploy_service"}),
        ("context has before && context.before == 2", {"before": None}),
        ("context has after && context.after < 5", {"after": 5}),
        ("context has bound && context.bound == 50", {"bound": None}),
        ("context.args has replicas && context.args.replicas == 4", {"args": {"replicas": 5}}),
        ('context.args has labels && context.args.labels.contains("x")', {"args": {"labels": ["y"]}}),
        ("context has cost && context.cost > 100", {"cost": 100}),
        ('context.weekday == Weekday::"friday"', {"at": FRIDAY - timedelta(days=1)}),
        ('[Weekday::"friday"].contains(context.weekday)', {"at": FRIDAY + timedelta(days=1)}),
        ("context.hour == 17", {"at": FRIDAY + timedelta(hours=1)}),
        ('context.date == "2026-11-20"', {"at": FRIDAY + timedelta(days=1)}),
        ('context.date like "2026-11-*"', {"at": FRIDAY + timedelta(days=30)}),
        ('context.outside.contains("deployment")', {"outside": ("namespace",)}),
        ("!context.outside.isEmpty()", {"outside": ()}),
        ('context.opened.contains("jira")', {"opened": ("kubernetes staging/web-app events",)}),
        ('principal in Group::"on-call"', {"groups": frozenset({"payments"})}),
        ('principal in [Group::"on-call"]', {"groups": frozenset()}),
    ],
)
def test_a_rule_can_look_at_each_fact(tmp_path: Path, condition: str, change: dict[str, Any]) -> None:
    (tmp_path / "mine.cedar").write_text(f'@id("seen") permit (principal, action, resource) when {{ {condition} }};')
    rules = Rules.load([tmp_path / "mine.cedar"], ACTIONS, {"on-call": ["ada"], "payments": ["ada"]})
    facts = replace(
        SCALE,
        args={**SCALE.args, "labels": ["x", "z"]},
        cost=101,
        at=FRIDAY,
        groups=frozenset({"on-call"}),
        outside=("deployment",),
        opened=("jira DEV-456 description",),
    )
    assert rules.decide(facts).rule == "seen"
    assert rules.decide(replace(facts, **change)).rule == "no-match"


def test_arguments_that_cedar_has_no_type_for_do_not_disturb(tmp_path: Path) -> None:
    rules = load(tmp_path, '@id("seen") permit (principal, action, resource) when { context.args has key };')
    args = {"key": "DEV-1", "body": {"$text": []}, "hours": 1.5, "labels": [10**5000]}
    facts = replace(SCALE, action="jira.comment", args=args)
    assert rules.decide(facts).rule == "seen"


def test_the_ruleset_is_the_digest_of_names_and_texts_whatever_their_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one.cedar", tmp_path / "two.cedar"
    one.write_text('@id("one") permit (principal, action, resource);')
    two.write_text('@id("two") permit (principal, action, resource);')
    expected = hashlib.sha256(
        b'[[["one.cedar","@id(\\"one\\") permit (principal, action, resource);"],'
        b'["two.cedar","@id(\\"two\\") permit (principal, action, resource);"]],{}]'
    ).hexdigest()
    assert Rules.load([one, two], ACTIONS).ruleset == Rules.load([two, one], ACTIONS).ruleset == expected
    groups = {"on-call": ["grace", "ada"]}
    with_groups = Rules.load([one, two], ACTIONS, groups).ruleset
    assert with_groups != expected
    assert Rules.load([one, two], ACTIONS, {"on-call": ["ada", "grace"]}).ruleset == with_groups
    assert Rules.load([one, two], ACTIONS, {"on-call": ["ada"]}).ruleset != with_groups
    two.write_text('@id("two") permit (principal, action, resource); // said differently')
    assert Rules.load([one, two], ACTIONS).ruleset != expected


@pytest.mark.parametrize(
    ("rule", "because"),
    [
        ('@approval("one-more") permit', "Rule mine asks for one level more than kubernetes.scale needs otherwise."),
        (
            '@approval("approve") @group("on-call") permit',
            "Rule mine wants kubernetes.scale approved by 1 of on-call.",
        ),
    ],
)
def test_a_rule_about_others_gets_a_plain_sentence_too(tmp_path: Path, rule: str, because: str) -> None:
    text = f'@id("mine") {rule} (principal, action, resource);\n@id("all") permit (principal, action, resource);'
    (tmp_path / "mine.cedar").write_text(text)
    decision = Rules.load([tmp_path / "mine.cedar"], ACTIONS, {"on-call": ["ada"]}).decide(SCALE)
    assert (decision.rule, decision.because) == ("mine", because)


def test_one_more_raises_what_the_others_ask_for(tmp_path: Path) -> None:
    more = '@id("more") @approval("one-more") permit (principal, action, resource) when { context has cost };\n'
    rules = load(tmp_path, more + '@id("all") permit (principal, action in Action::"change", resource);')
    assert rules.decide(SCALE).rule == "all"
    raised = rules.decide(replace(SCALE, cost=1))
    assert (raised.level, raised.rule, raised.where) == (Level.CONFIRM, "more", "mine.cedar:1")
    assert raised.demands == (Demand(Level.CONFIRM),)
    alone = rules.decide(replace(SCALE, action="jira.issue", effect=Effect.READ, cost=1))
    assert (alone.level, alone.rule) == (Level.DENY, "no-match")


HEADS = (
    "action",
    'action == Action::"kubernetes.scale"',
    'action == Action::"jira.comment"',
    'action in Action::"change"',
    'action in Action::"read"',
    'action in [Action::"read", Action::"destroy"]',
    'action in [Action::"kubernetes.scale", Action::"jira.issue"]',
    'action in [Action::"destroy", Action::"cdk.deploy"]',
)
CONDITIONS = (
    "",
    "when { context has after && context.after > 3 }",
    "unless { context has before && context.before == 2 }",
    "when { context has after && context.after * 4611686018427387904 > 0 }",  # errs where it is looked at
    'when { resource.environment == Environment::"production" }',
    'when { action == Action::"jira.comment" }',
    'when { action in Action::"change" }',
)


def test_leaving_out_rules_about_other_actions_changes_no_decision(tmp_path: Path) -> None:
    """Cedar asked about all rules at once is what `decide` must agree with, erring rules included."""
    chance = random.Random(20261120)
    levels = [*(f"{text} permit" for text in APPROVALS.values()), '@approval("one-more") permit', "forbid"]
    decided = set()
    for _ in range(60):
        text = "".join(
            f'@id("rule-{n}") {chance.choice(levels)} (principal, {chance.choice(HEADS)}, resource)'
            f" {chance.choice(CONDITIONS)};\n"
            for n in range(chance.randint(1, 12))
        )
        rules = load(tmp_path, text)
        everything = cedarpy.PolicySet.from_pst(pst.PolicySet({}, {rule.id: rule.node for rule in rules.rules}, ()))
        for name, one in ACTIONS.items():
            environment = chance.choice(["production", "staging"])
            facts = replace(
                SCALE,
                action=name,
                effect=one.effect,
                target=Target("web-app", environment),
                before=chance.choice([None, 2, 3]),
                after=chance.choice([None, 1, 9]),
            )
            question = rules.question(facts)
            whole = cedarpy.is_authorized(question.request, everything, question.entities).diagnostics
            decision = rules.decide(facts)
            decided.add(decision.rule if decision.rule in RESERVED else str(decision.level))
            assert (decision.rule == "error") == bool(whole.errors)
            if not whole.errors:
                weighed = weigh([rule for rule in rules.rules if rule.id in whole.reasons])
                assert decision.rule == (weighed.rule.id if weighed else "no-match")
                assert decision.demands == (weighed.demands if weighed else ())
    assert decided == {"auto", "confirm", "approve", "change", "deny", "error", "no-match"}


def test_wrong_rules_are_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"mine\.cedar:2: there is no Action 'kubernetes\.scael'"):
        load(tmp_path, '@id("a")\npermit (principal, action == Action::"kubernetes.scael", resource);')
    with pytest.raises(RuleError, match="no rule"):
        Rules.load([], ACTIONS)
