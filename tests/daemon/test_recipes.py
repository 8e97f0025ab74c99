"""The recipes in the documentation: each says what its cases expect, and the page shows just what the file holds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from daemon.config import Config
from daemon.systems import known_actions
from policies.cases import read_cases, try_case, unreached
from policies.decision import Level
from policies.engine import Rules
from policies.packs import PACKS, pack_files

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "recipes.md").read_text("utf-8")
(SETTINGS,) = re.findall(r"^```toml\n(.*?)^```", PAGE, flags=re.M | re.S)
GROUPS = Config.model_validate(tomllib.loads(SETTINGS)).groups
ACTIONS = known_actions()
RECIPES = sorted((DOCS / "recipes").glob("*.cedar"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda file: file.stem)
def test_a_recipe_says_what_its_cases_expect_beside_the_careful_rules(recipe: Path) -> None:
    rules = Rules.load([*pack_files(), recipe], ACTIONS, GROUPS)
    cases = read_cases([DOCS / "recipes" / "cases" / f"{recipe.stem}.yaml"], ACTIONS, GROUPS)
    outcomes = [try_case(case, rules) for case in cases]
    assert {outcome.case.where: outcome.wrong for outcome in outcomes if outcome.wrong} == {}
    own = {rule.id for rule in rules.rules if rule.statement.file == recipe.name}
    assert not own & {rule.id for rule in unreached(rules, outcomes)}
    decisions = [outcome.decision for outcome in outcomes]
    concerned = [outcome for outcome in outcomes if own & set(outcome.matched)]
    assert 0 < len(concerned) < len(decisions), "a recipe's cases show where it holds and where it does not"


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda file: file.stem)
def test_a_recipe_only_ever_asks_for_more(recipe: Path) -> None:
    """What it permits by itself would permit what the pack refuses."""
    (rule, *others) = Rules.load([recipe], ACTIONS, GROUPS).rules
    assert (others, rule.id) == ([], recipe.stem)
    assert rule.level > Level.AUTO and rule.because


def test_the_page_shows_every_recipe_as_it_is() -> None:
    shown = re.findall(r"^```cedar\n(.*?)^```", PAGE, flags=re.M | re.S)
    assert sorted(shown) == sorted(recipe.read_text("utf-8") for recipe in RECIPES)
    assert len(RECIPES) >= 10
    for recipe in RECIPES:
        assert f"](recipes/{recipe.name})" in PAGE
        assert f"](recipes/cases/{recipe.stem}.yaml)" in PAGE


@pytest.mark.parametrize("pack", PACKS)
def test_all_recipes_go_together_with_every_pack(pack: str) -> None:
    rules = Rules.load([*pack_files(pack), *RECIPES], ACTIONS, GROUPS | {"reviewers": ["ada", "grace"]})
    assert len(rules.rules) == len(RECIPES) + len(
        Rules.load(pack_files(pack), ACTIONS, GROUPS | {"reviewers": ["a", "b"]}).rules
    )
