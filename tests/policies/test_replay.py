"""The recorded history decided again by other rules."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.action import Effect, Target, action, actions_of
from policies.audit.checkpoint import Signer
from policies.audit.event import Stored
from policies.audit.log import Entry, Log
from policies.audit.reader import Reader
from policies.decision import Facts
from policies.engine import Rules
from policies.facts import facts_json
from policies.replay import PAGE, history_of, replay


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


def entry(seq: int, replicas: int, **change: Any) -> Stored:
    args = {"deployment": "web-app", "replicas": replicas}
    facts = Facts("kubernetes.scale", Effect.CHANGE, args, Target("web-app"), "ada", "typed", "any", "simple", at=DAY)
    data = {"level": "auto", "rule": "all", "ruleset": "x", "facts": facts_json(facts)}
    kind = "devos.action.intended"
    stored = Stored(seq, f"id-{seq}", DAY, kind, "run-1", seq, "kubernetes.scale", data, {"args": args})
    return replace(stored, **change)


def test_names_the_decisions_that_would_be_others(tmp_path: Path) -> None:
    found = replay([entry(1, 5), entry(2, 6)], rules(tmp_path, NEW))
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
    same = entry(1, 6)
    same.data["ruleset"] = old.ruleset
    found = replay([same, entry(2, 6)], old)
    assert (found.decisions, found.same_rules, found.differences) == (2, 1, [])


def test_looser_and_other_rules_are_told_apart(tmp_path: Path) -> None:
    denied = entry(1, 1, type="devos.action.refused")
    denied.data.update(level="deny", rule="frozen")
    renamed = entry(2, 1)
    renamed.data["rule"] = "everything"
    looser, other = replay([denied, renamed], rules(tmp_path, OLD)).differences
    assert (looser.looser, looser.stricter, looser.before_rule, looser.now) == (True, False, "frozen", "auto")
    assert (other.looser, other.stricter, other.before_rule, other.now_rule) == (False, False, "everything", "all")


def test_what_cannot_be_decided_again_is_counted(tmp_path: Path) -> None:
    older = entry(2, 6)
    del older.data["facts"]
    said_no = entry(3, 6, type="devos.action.refused")
    del said_no.data["facts"]  # a person refused it, so that is no decision of a rule
    found = replay([entry(1, 6, payload=None), older, said_no], rules(tmp_path, NEW))
    assert (found.decisions, found.untold, found.differences) == (0, 2, [])


def test_an_offer_was_confirmed_whatever_the_rules_said(tmp_path: Path) -> None:
    offered = entry(1, 1)
    offered.data.update(level="confirm", offered=True)
    assert replay([offered], rules(tmp_path, OLD)).differences == []
    offered.data["offered"] = False
    assert len(replay([offered], rules(tmp_path, OLD)).differences) == 1


def test_groups_that_are_gone_hold_nobody(tmp_path: Path) -> None:
    grouped = entry(1, 1)
    grouped.data["facts"] |= {"groups": ["on-call", "was-once"]}
    text = '@id("all") permit (principal in Group::"on-call", action, resource);'
    assert replay([grouped], rules(tmp_path, text, {"on-call": ["ada"]})).differences == []


def test_a_level_that_nobody_knows_is_passed_over(tmp_path: Path) -> None:
    odd = entry(1, 6)
    odd.data["level"] = "whatever"
    assert replay([odd], rules(tmp_path, NEW)).differences == []


@pytest.mark.parametrize(("since", "count"), [(DAY, 1), (DAY + timedelta(seconds=1), 0), (None, 1)])
def test_begins_where_it_is_told(tmp_path: Path, since: datetime | None, count: int) -> None:
    seen: list[int] = []
    assert replay([entry(7, 6)], rules(tmp_path, NEW), since=since, progress=seen.append).decisions == count
    assert seen == [7]


async def test_reads_a_long_log_a_page_at_a_time_and_in_order(tmp_path: Path) -> None:
    log = Log(tmp_path / "audit.db", Signer.load_or_create(tmp_path / "keys"))
    kinds = ["devos.action.intended", "devos.action.done", "devos.action.refused"]
    entries = (Entry(kinds[n % 3], "run", n, "kubernetes.scale", {}) for n in range(PAGE * 3 + 30))
    await asyncio.gather(*map(log.append, entries))
    log.close()
    reader = Reader(tmp_path / "audit.db")
    found = list(history_of(reader))
    reader.close()
    assert len(found) == 2 * (PAGE + 10)
    assert [each.seq for each in found] == sorted(each.seq for each in found)
    assert {each.type for each in found} == {kinds[0], kinds[2]}
