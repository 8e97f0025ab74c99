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
from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log
from policies.decision import Facts
from policies.engine import Rules
from policies.explain import explain
from policies.facts import facts_json


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


async def test_a_step_that_was_never_begun_has_the_facts_of_its_question_or_plan(tmp_path: Path) -> None:
    args = {"deployment": "web-app", "replicas": 9}
    known = asked("deployment=web-app", "replicas=9")
    change = {"action": "kubernetes.scale", "args": args, "target": "web-app", "environment": "staging"}
    change |= {"before": 4, "after": 9, "cost": None, "outside": [], "opened": [], "level": "approve", "rule": "no"}
    who = {"person": "ada", "channel": "typed", "intent": "explained", "tier": "medium"}
    question = {"level": "approve", "rule": "no", "plan": False}
    entries = (
        ("devos.run.started", None, who, {}),
        ("devos.run.planned", None, {"level": "approve"}, {"changes": [{**change, "step": n} for n in (2, 3, 4)]}),
        ("devos.action.asked", 2, question | {"facts": facts_json(known)}, {"args": args}),
        ("devos.action.refused", 2, {"how": "refused", "plan": False}, {"refused": ["grace said no", "", ""]}),
        ("devos.action.asked", 3, question, {"args": args}),
    )
    log = Log(tmp_path / "audit.db", Signer.load_or_create(tmp_path / "keys"))
    for kind, step, data, payload in entries:
        await log.append(Entry(kind, "run-1", step, "kubernetes.scale" if step else None, data, payload))
    log.close()

    def recorded(step: int) -> tuple[Facts, str]:
        return facts_recorded(tmp_path / "audit.db", "run-1", step, ACTIONS, {})

    assert recorded(2) == (known, "the question about it, entry 3 of the log")
    for step in (3, 4):  # a question that was recorded before facts were, and none yet
        facts, where = recorded(step)
        assert (facts.args, facts.before, facts.person) == (args, 4, "ada")
        assert where == "the run's plan, entry 2 of the log"
    with pytest.raises(ValueError, match=r"no decision of run 'run-1', step 5.*`devos runs show run-1` lists"):
        recorded(5)


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
    assert "  facts:   from the plan" in lines(
        facts, explain(Rules.load([tmp_path / "mine.cedar"], ACTIONS), facts), "the plan"
    )
    assert shown[-1].endswith('no: needs action in Action::"read"')


def test_a_bar_says_how_far_it_is() -> None:
    shown = io.StringIO()
    with progress_bar(10, Console(file=shown, force_terminal=True)) as advance:
        advance(5)
    assert "deciding again" in shown.getvalue() and "50%" in shown.getvalue()
