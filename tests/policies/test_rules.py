"""The shipped rules against their cases: policies/rules/cases/*.yaml."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.action import Content, Effect, Target, action, actions_of
from policies.decision import Facts, Level
from policies.engine import SHIPPED, RuleError, Rules


class Kubernetes:
    @action(Effect.READ)
    async def deployment(self, name: str, namespace: str) -> None: ...

    @action(Effect.CHANGE, bound=50)
    async def scale(self, deployment: str, namespace: str, replicas: int) -> None: ...

    @action(Effect.DESTROY)
    async def delete(self, deployment: str, namespace: str) -> None: ...


class Cdk:
    @action(Effect.CHANGE)
    async def deploy(self, service: str, environment: str, change: str) -> None: ...


class Jira:
    @action(Effect.READ)
    async def issue(self, key: str) -> None: ...

    @action(Effect.CHANGE)
    async def comment(self, key: str, body: Content) -> None: ...


ACTIONS = {**actions_of(Kubernetes), **actions_of(Cdk), **actions_of(Jira)}
PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
RULES = Rules.load(sorted(SHIPPED.glob("*.cedar")), ACTIONS)
FILES = sorted((SHIPPED / "cases").glob("*.yaml"))
CASES: list[tuple[Path, int, dict[str, Any]]] = [
    (file, number, case) for file in FILES for number, case in enumerate(yaml.safe_load(file.read_text("utf-8")), 1)
]


def facts(case: dict[str, Any]) -> Facts:
    return Facts(
        action=case["call"],
        effect=ACTIONS[case["call"]].effect,
        args=case["args"],
        target=Target(case["id"], case["environment"]),
        person="ada",
        channel="voice",
        intent="any",
        tier="medium",
        before=case.get("before"),
        after=case.get("after"),
        bound=case.get("bound"),
        outside=tuple(case.get("outside", ())),
        opened=tuple(case.get("opened", ())),
    )


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{file.stem}-{number}") for file, number, case in CASES])
def test_case(case: dict[str, Any]) -> None:
    decision = RULES.decide(facts(case))
    assert (str(decision.level), decision.rule) == (case["level"], case["rule"])
    matched = {rule.id for rule in RULES.matched(facts(case))}
    assert matched.isdisjoint(case["not"])
    assert set(case["not"]) <= {rule.id for rule in RULES.rules}


@pytest.mark.parametrize("rule", [rule.id for rule in RULES.rules])
def test_every_rule_decides_one_case_and_stays_out_of_another(rule: str) -> None:
    assert any(case["rule"] == rule for _, _, case in CASES)
    assert any(rule in case["not"] for _, _, case in CASES)


def test_every_file_of_rules_has_its_cases() -> None:
    assert [file.stem for file in FILES] == [file.stem for file in sorted(SHIPPED.glob("*.cedar"))]


def test_every_shipped_rule_gives_its_reason() -> None:
    assert [rule.id for rule in RULES.rules if not rule.because] == []


# What the shipped rules must say, written down from the requirement and not from the rules.

TABLE = {
    # environment:   read        change       destroy      cdk.deploy
    "production": (Level.AUTO, Level.CONFIRM, Level.CONFIRM, Level.CHANGE),
    "unknown": (Level.AUTO, Level.CONFIRM, Level.CONFIRM, Level.CHANGE),
    "staging": (Level.AUTO, Level.AUTO, Level.CONFIRM, Level.CONFIRM),
    "development": (Level.AUTO, Level.AUTO, Level.CONFIRM, Level.CONFIRM),
    "none": (Level.AUTO, Level.AUTO, Level.CONFIRM, Level.CONFIRM),
}
COLUMNS = ("kubernetes.deployment", "kubernetes.scale", "kubernetes.delete", "cdk.deploy")
NUMBERS = [
    # before, after, bound, whether a change is asked about again
    (None, None, None, False),
    (4, 4, 50, False),
    (10, 1, 50, False),
    (4, 12, 50, False),
    (4, 13, 50, True),
    (0, 0, None, False),
    (0, 1, None, True),
    (40, 50, 50, False),
    (40, 51, 50, True),
    (4, 60, 50, True),
    (None, 50, 50, False),
    (None, 51, 50, True),
    (None, 51, None, False),
    (4, None, 50, False),
]


@pytest.mark.parametrize(("environment", "column", "numbers"), list(product(TABLE, range(4), NUMBERS)))
def test_shipped_rules_follow_the_table(
    environment: str, column: int, numbers: tuple[int | None, int | None, int | None, bool]
) -> None:
    name = COLUMNS[column]
    before, after, bound, again = numbers
    case = {"call": name, "args": {}, "id": "web-app", "environment": environment}
    asked = facts(case | {"before": before, "after": after, "bound": bound})
    expected = TABLE[environment][column]
    if again and name != "kubernetes.deployment":
        expected = max(expected, Level.CONFIRM)
    assert RULES.decide(asked).level == expected


def test_shipped_defaults_need_none_of_the_named_systems() -> None:
    rules = Rules.load([SHIPPED / "careful.cedar"], actions_of(Jira))
    asked = facts({"call": "jira.issue", "args": {"key": "DEV-456"}, "id": "DEV-456", "environment": "none"})
    assert rules.decide(asked).level == Level.AUTO


def test_the_rules_that_the_docs_show_are_right(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```cedar\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mine.cedar").write_text(shown, "utf-8")
    rules = Rules.load([*sorted(SHIPPED.glob("*.cedar")), tmp_path / "mine.cedar"], ACTIONS)
    scale = facts(
        {
            "call": "kubernetes.scale",
            "args": {"deployment": "web-app", "namespace": "staging", "replicas": 21},
            "id": "staging/web-app",
            "environment": "staging",
            "after": 21,
        }
    )
    assert rules.decide(scale).rule == "large-deployments"
    assert rules.decide(replace(scale, target=Target("staging/checkout", "staging"))).rule == "no-changes-to-checkout"


def test_the_errors_that_the_docs_show_are_those_that_come(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    wrong = (
        '@id("a")\npermit (principal,\naction in [Action::"kubernetes.scael", Action::"kubernetes.scale"], resource)\n'
        "when { context.args has replcas };\n"
        '@id("b")\n\n@approval("confrm")\npermit (principal, action, resource);'
    )
    (tmp_path / "mine.cedar").write_text(wrong, "utf-8")
    with pytest.raises(RuleError) as error:
        Rules.load([tmp_path / "mine.cedar"], ACTIONS)
    assert str(error.value) == shown.strip()


def test_the_docs_name_every_shipped_file() -> None:
    assert [file.name for file in sorted(SHIPPED.glob("*.cedar")) if f"`{file.name}`" not in PAGE] == []
