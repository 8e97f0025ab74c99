"""What the rules say: the strictest permit, a forbid before all, and the rule that decides with its reason."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from deciding import ACTIONS, APPROVALS, FRIDAY, SCALE, load

from policies.action import Effect, Target
from policies.decision import Decision, Demand, Level
from policies.engine import SHIPPED, RuleError, Rules, rule_files


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


def test_wrong_rules_are_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"mine\.cedar:2: there is no Action 'kubernetes\.scael'"):
        load(tmp_path, '@id("a")\npermit (principal, action == Action::"kubernetes.scael", resource);')
    with pytest.raises(RuleError, match="no rule"):
        Rules.load([], ACTIONS)
