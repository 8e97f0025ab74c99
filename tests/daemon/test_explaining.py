"""A call as a person describes it becomes facts, and an explanation lines."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from daemon.explaining import facts_asked, facts_recorded, lines, progress_bar
from policies.action import Effect, action, actions_of
from policies.engine import Rules
from policies.explain import explain


class Kubernetes:
    @action(Effect.CHANGE, bound=50)
    async def scale(
        self,
        deployment: str,
        replicas: int,
        gently: bool = True,
        labels: list[str] | None = None,
        ports: list[int] | None = None,
        share: float = 1.0,
    ) -> None: ...


ACTIONS = actions_of(Kubernetes)
USUAL: Mapping[str, Any] = {"before": None, "after": None, "cost": None, "tier": "medium", "outside": [], "at": ""}


def asked(*args: str, **said: Any) -> Any:
    groups = {"on-call": ["ada", "grace"], "payments": ["grace"]}
    return facts_asked(ACTIONS, "kubernetes.scale", args, "", "staging", "ada", "typed", groups, {**USUAL, **said})


def test_values_are_read_as_the_argument_wants_them() -> None:
    facts = asked("replicas=7", "gently=false", "labels=a,b", 'deployment={"x"}', "ports=[1, 2]", "share=a half")
    assert facts.args == {
        "deployment": '{"x"}',
        "replicas": 7,
        "gently": False,
        "labels": ["a", "b"],
        "ports": [1, 2],
        "share": "a half",
    }
    assert asked('labels=["a, b"]').args == {"labels": ["a, b"]}


def test_the_first_argument_is_the_target_and_groups_come_from_the_settings() -> None:
    facts = asked("replicas=7", "deployment=web-app", outside=["deployment"], cost=3)
    assert (facts.target.id, facts.target.environment) == ("web-app", "staging")
    assert (facts.groups, facts.bound, facts.outside, facts.cost) == ({"on-call"}, 50, ("deployment",), 3)
    assert asked().target.id == ""
    assert facts.at.tzinfo is not None


@pytest.mark.parametrize("arg", ["replicas=1.5", "replicas=true", "replicas=", "gently=1", "labels=[1]", "ports=1,2"])
def test_a_value_of_another_type_is_refused(arg: str) -> None:
    with pytest.raises(ValueError, match="is none"):
        asked(arg)


def test_a_log_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"audit\.db cannot be read"):
        facts_recorded(tmp_path / "audit.db", "run-1", 1, ACTIONS, {})


def test_lines_mark_what_decides_and_what_matches(tmp_path: Path) -> None:
    (tmp_path / "mine.cedar").write_text(
        '@id("all") permit (principal, action, resource);\n'
        '@id("ask") @because("Why not?") @approval("confirm") permit (principal, action, resource);\n'
        '@id("read") permit (principal, action in Action::"read", resource);\n'
    )
    facts = asked("deployment=web-app")
    facts = facts.__class__(**{**vars(facts), "groups": frozenset()})
    shown = list(lines(facts, explain(Rules.load([tmp_path / "mine.cedar"], ACTIONS), facts)))
    assert shown[:5] == [
        "kubernetes.scale on web-app (staging): confirm",
        "  because: Why not?",
        "  rule:    ask, mine.cedar:2",
        "  who:     ada, who asks.",
        "Every rule that was considered:",
    ]
    assert [line[:6] for line in shown[5:]] == [" + all", "=> ask", "   rea"]
    assert shown[-1].endswith('no: needs action in Action::"read"')


def test_a_bar_says_how_far_it_is() -> None:
    shown = io.StringIO()
    with progress_bar(10, Console(file=shown, force_terminal=True)) as advance:
        advance(5)
    assert "deciding again" in shown.getvalue() and "50%" in shown.getvalue()
