"""A refusal for everything that is not certain, whatever Cedar itself would have said."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import cedarpy
import pytest
from cedarpy import pst
from deciding import ACTIONS, APPROVALS, SCALE, load

from policies.action import Effect, Target
from policies.annotations import RESERVED
from policies.decision import Decision, Level
from policies.weighing import weigh


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


def test_arguments_that_cedar_has_no_type_for_do_not_disturb(tmp_path: Path) -> None:
    rules = load(tmp_path, '@id("seen") permit (principal, action, resource) when { context.args has key };')
    args = {"key": "DEV-1", "body": {"$text": []}, "hours": 1.5, "labels": [10**5000]}
    facts = replace(SCALE, action="jira.comment", args=args)
    assert rules.decide(facts).rule == "seen"


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
