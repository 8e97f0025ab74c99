"""The recorded history decided again by other rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.action import Effect, Target, action, actions_of
from policies.decision import Facts
from policies.engine import Rules
from policies.history import Past
from policies.replay import replay


class Kubernetes:
    @action(Effect.CHANGE)
    async def scale(self, deployment: str, replicas: int) -> None: ...


ACTIONS = actions_of(Kubernetes)
DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD = '@id("all") permit (principal, action, resource);'
NEW = f"""{OLD}
@id("many") @approval("confirm") permit (principal, action, resource)
when {{ context.args has replicas && context.args.replicas > 5 }};"""


def rules(folder: Path, text: str, groups: dict[str, list[str]] | None = None) -> Rules:
    (folder / "mine.cedar").write_text(text)
    return Rules.load([folder / "mine.cedar"], ACTIONS, groups)


def past(seq: int, replicas: int, **change: Any) -> Past:
    args = {"deployment": "web-app", "replicas": replicas}
    facts = Facts("kubernetes.scale", Effect.CHANGE, args, Target("web-app"), "ada", "typed", "any", "simple", at=DAY)
    return replace(Past(seq, DAY, "run-1", seq, facts, "auto", "all", "x"), **change)


def test_names_the_decisions_that_would_be_others(tmp_path: Path) -> None:
    found = replay([past(1, 5), past(2, 6)], rules(tmp_path, NEW))
    (different,) = found.differences
    assert (found.decisions, found.untold, found.same_rules) == (2, 0, 0)
    assert (different.stricter, different.looser) == (True, False)
    assert different.json() == {
        "seq": 2,
        "time": "2026-11-20T12:00:00.000Z",
        "run": "run-1",
        "step": 2,
        "action": "kubernetes.scale",
        "target": "web-app",
        "before": {"level": "auto", "rule": "all"},
        "now": {
            "level": "confirm",
            "rule": "many",
            "where": "mine.cedar:2",
            "because": "Rule many wants your confirmation of kubernetes.scale.",
        },
    }


def test_the_same_rules_decide_the_same(tmp_path: Path) -> None:
    old = rules(tmp_path, OLD)
    found = replay([past(1, 6, ruleset=old.ruleset), past(2, 6)], old)
    assert (found.decisions, found.same_rules, found.differences) == (2, 1, [])


def test_looser_and_other_rules_are_told_apart(tmp_path: Path) -> None:
    history = [past(1, 1, level="deny", rule="frozen"), past(2, 1, rule="everything")]
    looser, other = replay(history, rules(tmp_path, OLD)).differences
    assert (looser.looser, looser.stricter, looser.before_rule, looser.now) == (True, False, "frozen", "auto")
    assert (other.looser, other.stricter, other.before_rule, other.now_rule) == (False, False, "everything", "all")


def test_what_cannot_be_decided_again_is_counted(tmp_path: Path) -> None:
    history = [past(1, 6, facts=None), past(2, 6, level="whatever"), past(3, 6, level="")]
    found = replay(history, rules(tmp_path, NEW))
    assert (found.decisions, found.untold, found.differences) == (0, 3, [])


def test_an_offer_was_confirmed_whatever_the_rules_said(tmp_path: Path) -> None:
    offered = past(1, 1, level="confirm", offered=True)
    assert replay([offered], rules(tmp_path, OLD)).differences == []
    assert len(replay([replace(offered, offered=False)], rules(tmp_path, OLD)).differences) == 1


def test_groups_that_are_gone_hold_nobody(tmp_path: Path) -> None:
    was = past(1, 1)
    assert was.facts is not None
    grouped = replace(was, facts=replace(was.facts, groups=frozenset({"on-call", "was-once"})))
    text = '@id("all") permit (principal in Group::"on-call", action, resource);'
    assert replay([grouped], rules(tmp_path, text, {"on-call": ["ada"]})).differences == []


@pytest.mark.parametrize(("since", "count"), [(DAY, 1), (DAY + timedelta(seconds=1), 0), (None, 1)])
def test_begins_where_it_is_told(tmp_path: Path, since: datetime | None, count: int) -> None:
    seen: list[int] = []
    assert replay([past(7, 6)], rules(tmp_path, NEW), since=since, progress=seen.append).decisions == count
    assert seen == [7]
