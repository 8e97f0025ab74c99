"""Every rule that was considered, what kept it from matching, and whose yes it takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policies.action import Effect, Target, action, actions_of
from policies.decision import Decision, Demand, Facts, Level
from policies.engine import Rules
from policies.explain import explain, who_could_allow


class Kubernetes:
    @action(Effect.CHANGE)
    async def scale(self, deployment: str, replicas: int, labels: list[str] | None = None) -> None: ...

    @action(Effect.DESTROY)
    async def delete(self, deployment: str) -> None: ...


ACTIONS = actions_of(Kubernetes)
GROUPS = {"on-call": ["grace"], "payments": ["ada", "grace", "edsger"]}
SCALE = Facts(
    action="kubernetes.scale",
    effect=Effect.CHANGE,
    args={"deployment": "web-app", "replicas": 4, "labels": ["a", "b"]},
    target=Target("staging/web-app", "staging"),
    person="ada",
    channel="typed",
    intent="any",
    tier="medium",
    before=2,
    groups=frozenset({"payments"}),
)


def why(folder: Path, head: str, clauses: str = "", facts: Facts = SCALE) -> str:
    file = folder / "mine.cedar"
    file.write_text(
        f'@id("mine")\n@because("It is {{id}}; permit or not, when it is.")\npermit ({head})\n{clauses};\n'
        '@id("all") permit (principal, action, resource);'
    )
    mine, everything = explain(Rules.load([file], ACTIONS, GROUPS), facts).considered
    assert everything.matched
    assert mine.matched is (mine.why == "It is staging/web-app; permit or not, when it is.")
    return mine.why


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("principal, action, resource", "It is staging/web-app; permit or not, when it is."),
        (
            'principal in Group::"on-call", action, resource',
            'needs principal in Group::"on-call"; ada is in payments',
        ),
        ('principal == Person::"grace", action, resource', 'needs principal == Person::"grace"; ada is in payments'),
        ('principal,\n  action in\n  Action::"destroy",\n resource', 'needs action in Action::"destroy"'),
        (
            'principal, action in [Action::"destroy", Action::"read"], resource',
            'needs action in [Action::"destroy", Action::"read"]',
        ),
        (
            'principal, action, resource == Thing::"kubernetes/x"',
            'needs resource == Thing::"kubernetes/x"',
        ),
    ],
)
def test_says_which_part_of_the_head_keeps_it_out(tmp_path: Path, head: str, said: str) -> None:
    assert why(tmp_path, head) == said


@pytest.mark.parametrize(
    ("clauses", "said"),
    [
        ("when { context has before && context.before > 3 }", "needs context.before > 3; context.before is 2"),
        ("when { context has cost && context.cost > 3 }", "needs context has cost"),
        (
            'when { resource.environment == Environment::"production" && context has cost }',
            'needs resource.environment == Environment::"production"; resource.environment is staging',
        ),
        (
            'when { resource.id like "x*" || resource.id == "y, z" && true }',
            'needs resource.id like "x*" || resource.id == "y, z" && true; resource.id is staging/web-app',
        ),
        (
            "when { (if context has before then context.before else 9) > 3 }",
            "needs (if context has before then context.before else 9) > 3; context.before is 2",
        ),
        (
            'when { context.channel == Channel::"typed" } unless { context has before && context.before == 2 }',
            "needs not context has before && context.before == 2; context.before is 2",
        ),
        (
            'when { context.args has labels && !context.args.labels.contains("a") }',
            'needs !context.args.labels.contains("a"); context.args.labels is [a, b]',
        ),
        ('when { context.outside.containsAny(["replicas"]) }', None),
        (
            'when { !(principal in Group::"payments") }',
            'needs !(principal in Group::"payments")',
        ),
    ],
)
def test_says_which_part_of_a_condition_keeps_it_out(tmp_path: Path, clauses: str, said: str | None) -> None:
    found = why(tmp_path, "principal, action, resource", clauses)
    assert found == (said or 'needs context.outside.containsAny(["replicas"]); context.outside is []')


def test_a_rule_that_errs_is_named_with_what_it_stumbles_over(tmp_path: Path) -> None:
    file = tmp_path / "mine.cedar"
    file.write_text(
        '@id("errs") forbid (principal, action, resource) when { context has before && context.before * 9 > 1 };\n'
        '@id("all") permit (principal, action, resource);'
    )
    explanation = explain(Rules.load([file], ACTIONS), replace(SCALE, before=2**62, groups=frozenset()))
    assert explanation.decision.rule == "error"
    errs, everything = explanation.considered
    assert errs.why.startswith("could not be evaluated: context.before * 9 > 1 (integer overflow")
    assert (errs.matched, everything.matched, everything.decides) == (False, True, False)
    assert explanation.who == ("Nobody: what cannot be evaluated is refused.",)


def test_what_a_forbid_goes_before_is_shown_as_matching(tmp_path: Path) -> None:
    file = tmp_path / "mine.cedar"
    file.write_text('@id("all") permit (principal, action, resource);\n@id("no") forbid (principal, action, resource);')
    explanation = explain(Rules.load([file], ACTIONS), replace(SCALE, groups=frozenset()))
    assert [(each.rule.id, each.matched, each.decides) for each in explanation.considered] == [
        ("all", True, False),
        ("no", True, True),
    ]
    assert explanation.who == ("Nobody: no at mine.cedar:2 forbids it whoever agrees; only the rule could change.",)


def test_what_the_rules_do_not_know_is_said_without_rules(tmp_path: Path) -> None:
    file = tmp_path / "mine.cedar"
    file.write_text('@id("all") permit (principal, action, resource);')
    explanation = explain(Rules.load([file], ACTIONS), replace(SCALE, channel="telegraph"))
    assert explanation.considered == ()
    assert explanation.decision.because == "The rules do not know Channel 'telegraph'."


def test_the_json_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "mine.cedar"
    file.write_text(
        '@id("all") @because("Yes.") permit (principal, action, resource);\n'
        '@id("more") @because("More.") @approval("one-more") permit (principal, action, resource);'
    )
    rules = Rules.load([file], ACTIONS)
    assert explain(rules, replace(SCALE, groups=frozenset())).json() == {
        "level": "confirm",
        "rule": "more",
        "where": "mine.cedar:2",
        "because": "More.",
        "ruleset": rules.ruleset,
        "who": ["ada, who asks."],
        "considered": [
            {
                "rule": "all",
                "where": "mine.cedar:1",
                "level": "auto",
                "matched": True,
                "decides": False,
                "why": "Yes.",
            },
            {
                "rule": "more",
                "where": "mine.cedar:2",
                "level": "one-more",
                "matched": True,
                "decides": True,
                "why": "More.",
            },
        ],
    }


def asked(level: Level, *demands: Demand) -> list[str]:
    return list(who_could_allow(Decision(level, "rule", "a.cedar:1", "", "", demands), SCALE, GROUPS))


def test_says_whose_yes_it_takes() -> None:
    approve = Demand(Level.APPROVE)
    assert asked(Level.AUTO) == ["Nobody has to agree."]
    assert asked(Level.CONFIRM, Demand(Level.CONFIRM, reason=True)) == ["ada, who asks, saying why."]
    assert asked(Level.APPROVE, approve) == ["One other than ada."]
    assert asked(Level.APPROVE, replace(approve, votes=2, reason=True)) == ["2 other than ada, saying why."]
    assert asked(Level.APPROVE, replace(approve, group="payments", votes=2)) == ["2 of payments (edsger, grace)."]
    assert asked(Level.APPROVE, replace(approve, group="payments", votes=3)) == [
        "3 of payments (edsger, grace); that is not enough, as ada cannot approve what ada asks."
    ]
    assert asked(Level.CHANGE, Demand(Level.CONFIRM), replace(approve, group="on-call")) == [
        "ada, who asks.",
        "One of on-call (grace).",
        "The change request that the call names, once ServiceNow has approved it.",
    ]
    nobody = Decision(Level.DENY, "no-match", "", "", "")
    assert list(who_could_allow(nobody, SCALE, GROUPS)) == ["Nobody, as long as no rule permits it."]
