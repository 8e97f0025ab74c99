"""The shipped rules against their cases: policies/rules/*/cases/*.yaml."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from policies.action import Content, Effect, Target, action, actions_of
from policies.cases import Case, read_cases, try_case
from policies.decision import Facts, Level
from policies.engine import SHIPPED, RuleError, Rules
from policies.packs import PACKS, folders, layers, pack_files


class Kubernetes:
    @action(Effect.READ)
    async def deployment(self, name: str, namespace: str) -> None: ...

    @action(Effect.CHANGE, bound=50)
    async def scale(self, deployment: str, namespace: str, replicas: int) -> None: ...


class Cdk:
    @action(Effect.CHANGE)
    async def deploy(self, service: str, environment: str, change: str) -> None: ...


class Jira:
    @action(Effect.READ)
    async def issue(self, key: str) -> None: ...

    @action(Effect.CHANGE)
    async def comment(self, key: str, body: Content) -> None: ...

    @action(Effect.DESTROY)
    async def delete_comment(self, key: str, comment: str) -> None: ...


class ServiceNow:
    @action(Effect.DESTROY)
    async def cancel_change(self, number: str, because: Content) -> None: ...


ACTIONS = {**actions_of(Kubernetes), **actions_of(Cdk), **actions_of(Jira), **actions_of(ServiceNow)}
GROUPS = {"reviewers": ["ada", "grace", "edsger"]}
PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
RULES = {pack: Rules.load(pack_files(pack), ACTIONS, GROUPS) for pack in PACKS}
CASES = {pack: read_cases(layers(pack)[-1][1], ACTIONS, GROUPS) for pack in PACKS}
CAREFUL = RULES["careful"]


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
    )


@pytest.mark.parametrize(
    ("pack", "case"), [pytest.param(pack, case, id=f"{pack}-{case.where}") for pack in PACKS for case in CASES[pack]]
)
def test_case(pack: str, case: Case) -> None:
    assert try_case(case, RULES[pack]).wrong == ()


@pytest.mark.parametrize("pack", PACKS)
def test_every_rule_decides_one_case_and_stays_out_of_another(pack: str) -> None:
    own = {rule.id for rule in RULES[pack].rules} - {rule.id for rule in CAREFUL.rules if pack != "careful"}
    deciding = {try_case(case, RULES[pack]).decision.rule for case in CASES[pack]}
    never = {name for case in CASES[pack] for name in case.never}
    assert own <= deciding
    assert own <= never


@pytest.mark.parametrize("folder", {folder for pack in PACKS for folder in folders(pack)})
def test_every_file_of_rules_has_its_cases(folder: Path) -> None:
    names = [file.stem for file in sorted(folder.glob("*.cedar"))]
    assert names
    assert names == [file.stem for file in sorted((folder / "cases").glob("*.yaml"))]


@pytest.mark.parametrize("pack", PACKS)
def test_every_shipped_rule_gives_its_reason(pack: str) -> None:
    assert [rule.id for rule in RULES[pack].rules if not rule.because] == []


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_is_never_less_strict_than_the_careful_one(pack: str) -> None:
    for case in CASES["careful"]:
        assert RULES[pack].decide(case.facts).level >= CAREFUL.decide(case.facts).level


# What the shipped rules must say, written down from the requirement and not from the rules.

TABLE = {
    # environment:   read        change       destroy      cdk.deploy
    "production": (Level.AUTO, Level.CONFIRM, Level.CONFIRM, Level.CHANGE),
    "unknown": (Level.AUTO, Level.CONFIRM, Level.CONFIRM, Level.CHANGE),
    "staging": (Level.AUTO, Level.AUTO, Level.CONFIRM, Level.CONFIRM),
    "development": (Level.AUTO, Level.AUTO, Level.CONFIRM, Level.CONFIRM),
    "none": (Level.AUTO, Level.AUTO, Level.CONFIRM, Level.CONFIRM),
}
COLUMNS = ("kubernetes.deployment", "kubernetes.scale", "jira.delete_comment", "cdk.deploy")
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
    assert CAREFUL.decide(asked).level == expected


def test_shipped_defaults_need_none_of_the_named_systems() -> None:
    rules = Rules.load([SHIPPED / "careful.cedar"], actions_of(Jira))
    asked = facts({"call": "jira.issue", "args": {"key": "DEV-456"}, "id": "DEV-456", "environment": "none"})
    assert rules.decide(asked).level == Level.AUTO


def test_the_rules_that_the_docs_show_are_right(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```cedar\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mine.cedar").write_text(shown, "utf-8")
    rules = Rules.load([*pack_files(), tmp_path / "mine.cedar"], ACTIONS)
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
    assert f"$ devos policy check\n{error.value.problems[0].drawn()}\n```" in PAGE


def test_the_docs_name_every_shipped_file() -> None:
    files = {file for pack in PACKS for file in pack_files(pack)}
    assert [file.name for file in files if f"`{file.name}`" not in PAGE] == []
