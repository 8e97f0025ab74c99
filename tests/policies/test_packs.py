"""Which files a pack is made of, and which of one's own are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.packs import case_files, folders, layers, pack_files, rule_files
from policies.problem import RuleError


def names(files: list[Path]) -> list[str]:
    return [f"{file.parent.name}/{file.name}" for file in files]


@pytest.mark.parametrize(
    ("pack", "files"),
    [
        ("careful", ["careful/careful.cedar", "careful/deployments.cedar"]),
        ("team", ["careful/careful.cedar", "careful/deployments.cedar", "team/team.cedar"]),
        ("read-only", ["read-only/read-only.cedar"]),
    ],
)
def test_a_pack_and_then_ones_own(pack: str, files: list[str], tmp_path: Path) -> None:
    assert names(pack_files(pack)) == names(rule_files(tmp_path, pack)) == files
    (tmp_path / "rules").mkdir()
    for name in ("zebra.cedar", "ant.cedar", "notes.txt", ".hidden.cedar", "old.cedar~"):
        (tmp_path / "rules" / name).write_text("// nothing yet\n")
    assert names(rule_files(tmp_path, pack)) == [*files, "rules/ant.cedar", "rules/zebra.cedar"]
    assert rule_files(Path("/nowhere"), pack, tmp_path / "rules") == rule_files(tmp_path, pack)


def test_a_misspelt_pack_is_an_error() -> None:
    with pytest.raises(RuleError, match="there is no rule pack 'carful'; did you mean 'careful'"):
        folders("carful")


def test_a_folder_that_cannot_be_looked_into_is_an_error_and_not_empty(tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("no folder")
    with pytest.raises(RuleError, match="rules: cannot be looked into"):
        rule_files(tmp_path)
    with pytest.raises(RuleError, match="cases: cannot be looked into"):
        case_files(tmp_path)


def test_a_folder_that_everybody_may_write_is_an_error(tmp_path: Path) -> None:
    """Whoever may write there may take a forbid away."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules").chmod(0o777)
    with pytest.raises(RuleError, match="everybody on this machine may change it; say `chmod o-w "):
        rule_files(tmp_path)


def test_cases_are_tried_on_the_rules_up_to_their_folder(tmp_path: Path) -> None:
    (careful, careful_cases), (team, team_cases) = layers("team")
    assert (careful, team) == (pack_files("careful"), pack_files("team"))
    assert names(careful_cases) == ["cases/careful.yaml", "cases/deployments.yaml"]
    assert names(team_cases) == ["cases/team.yaml"]
    assert case_files(tmp_path) == []
    (tmp_path / "rules" / "cases").mkdir(parents=True)
    (tmp_path / "rules" / "cases" / "mine.yaml").write_text("[]")
    assert names(case_files(tmp_path)) == ["cases/mine.yaml"]
