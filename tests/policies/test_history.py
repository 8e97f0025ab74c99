"""The decisions that the log holds come back with the facts that they were made on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cluster import ACTIONS
from wiring import DevOS

from policies.action import Outside, said
from policies.audit.checkpoint import Signer
from policies.audit.event import Stored
from policies.audit.log import Entry, Log
from policies.audit.reader import Reader
from policies.facts import facts_json
from policies.history import ASKED, INTENDED, PAGE, PLANNED, REFUSED, STARTED, decisions, entries_of, foreseen
from policies.replay import replay

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
WHO = {"person": "ana", "channel": "voice", "intent": "scale", "tier": "medium"}
CHANGE = {
    "step": 2,
    "action": "kubernetes.scale",
    "args": {"deployment": "web-app", "namespace": "staging", "replicas": 9},
    "target": "staging/web-app",
    "environment": "staging",
    "before": 4,
    "after": 9,
    "cost": None,
    "outside": ["deployment"],
    "opened": ["jira DEV-1 summary"],
    "level": "deny",
    "rule": "no",
}


def stored(seq: int, kind: str, data: dict[str, Any], payload: Any = None) -> Stored:
    return Stored(seq, f"id-{seq}", DAY, kind, "run-1", seq, "kubernetes.scale", data, payload)


def planned(change: dict[str, Any], level: str = "deny") -> list[Stored]:
    allowed = {**CHANGE, "step": 1, "level": "auto", "rule": "fine"}
    return [
        stored(1, STARTED, WHO, {"slots": {}}),
        stored(2, PLANNED, {"level": level}, {"changes": [allowed, change]}),
    ]


def test_an_intended_action_holds_its_decision() -> None:
    (forbidden,) = decisions(planned(CHANGE), ACTIONS, {})
    assert forbidden.facts is not None
    data = {"level": "confirm", "rule": "asks", "ruleset": "abc", "offered": True, "facts": facts_json(forbidden.facts)}
    (found,) = decisions([stored(7, INTENDED, data, {"args": CHANGE["args"]})], ACTIONS, {})
    assert (found.seq, found.run, found.step, found.time) == (7, "run-1", 7, DAY)
    assert (found.level, found.rule, found.ruleset, found.offered) == ("confirm", "asks", "abc", True)
    assert found.facts == forbidden.facts


def test_a_change_that_was_forbidden_in_the_plan_holds_one_too() -> None:
    (found,) = decisions(planned(CHANGE), ACTIONS, {"on-call": ["ana"], "payments": ["bert"]})
    assert (found.seq, found.step, found.level, found.rule, found.ruleset) == (2, 2, "deny", "no", "")
    facts = found.facts
    assert facts is not None
    assert (facts.action, facts.effect, facts.bound, facts.args) == ("kubernetes.scale", "change", 50, CHANGE["args"])
    assert (facts.target.id, facts.target.environment) == ("staging/web-app", "staging")
    assert (facts.person, facts.channel, facts.intent, facts.tier) == ("ana", "voice", "scale", "medium")
    assert (facts.before, facts.after, facts.cost, facts.at) == (4, 9, None, DAY)
    assert (facts.groups, facts.outside) == ({"on-call"}, ("deployment",))
    assert facts.opened == ("jira DEV-1 summary",)


def test_a_plan_that_nothing_forbids_holds_none() -> None:
    assert list(decisions(planned({**CHANGE, "level": "confirm"}, "confirm"), ACTIONS, {})) == []


def test_what_a_person_refused_is_no_decision_of_a_rule() -> None:
    assert list(decisions([stored(1, REFUSED, {"how": "refused"}, {"refused": ["no", "", ""]})], ACTIONS, {})) == []


@pytest.mark.parametrize(
    "entries",
    [
        [stored(1, INTENDED, {"level": "auto", "rule": "all"}, {"args": {}})],
        [stored(1, INTENDED, {"level": "auto", "facts": {"person": "ana"}})],
        [stored(1, PLANNED, {"level": "deny"})],
        planned(CHANGE)[1:],
        planned({**CHANGE, "action": "kubernetes.was"}),
        planned({name: value for name, value in CHANGE.items() if name != "opened"}),
    ],
    ids=["older", "erased", "plan erased", "nobody known", "action gone", "older plan"],
)
def test_what_cannot_be_told_any_more_is_a_decision_without_facts(entries: list[Stored]) -> None:
    (found,) = decisions(entries, ACTIONS, {})
    assert found.facts is None


def test_what_was_planned_and_asked_about_is_foreseen() -> None:
    plan = planned({**CHANGE, "level": "approve"}, "approve")
    (_, _), (_, change) = foreseen(plan, ACTIONS, {})
    assert (change.seq, change.step, change.level, change.rule) == (2, 2, "approve", "no")
    assert change.facts is not None and change.facts.args == CHANGE["args"]
    data = {"level": "approve", "rule": "no", "ruleset": "abc", "facts": facts_json(change.facts)}
    asked = stored(7, ASKED, data, {"args": CHANGE["args"]})
    older = stored(8, ASKED, {"level": "approve", "rule": "no"}, {"args": CHANGE["args"]})
    found = list(foreseen([*plan, asked, older], ACTIONS, {}))
    assert [kind for kind, _ in found] == [PLANNED, PLANNED, ASKED, ASKED]
    assert (found[2][1].step, found[2][1].ruleset, found[2][1].facts) == (7, "abc", change.facts)
    assert found[3][1].facts is None
    assert list(decisions([*plan, asked, older], ACTIONS, {})) == [], "nothing of it was begun or forbidden"


async def scale(devos: DevOS, replicas: int) -> str:
    await devos.kubernetes.deployment("web-app", "staging")
    await devos.kubernetes.announce(said("they wrote: ", Outside("drop it", "jira DEV-1 description")))
    await devos.kubernetes.scale("web-app", "staging", replicas)
    return "scaled"


async def test_what_the_door_recorded_is_decided_alike_by_the_same_rules(devos: DevOS) -> None:
    await devos.do(scale, replicas=5)
    same = replay(decisions(entries_of(devos.log), ACTIONS, {}), devos.rules)
    assert (same.untold, same.differences) == (0, [])
    assert same.decisions == same.same_rules >= 3


async def test_what_a_rule_refused_would_pass_without_it(devos: DevOS) -> None:
    old = devos.rules
    devos.rule('@id("no") forbid (principal, action == Action::"kubernetes.scale", resource);')
    assert (await devos.do(scale, replicas=6))["status"] == "denied"
    assert replay(decisions(entries_of(devos.log), ACTIONS, {}), devos.rules).differences == []
    would_pass = replay(decisions(entries_of(devos.log), ACTIONS, {}), old)
    assert would_pass.untold == 0
    assert {(each.before, each.before_rule, each.now) for each in would_pass.differences} == {("deny", "no", "auto")}


async def test_reads_a_long_log_a_page_at_a_time_and_in_order(tmp_path: Path) -> None:
    log = Log(tmp_path / "audit.db", Signer.load_or_create(tmp_path / "keys"))
    kinds = [INTENDED, "devos.action.done", REFUSED]
    entries = (Entry(kinds[n % 3], "run", n, "kubernetes.scale", {}) for n in range(PAGE * 3 + 30))
    await asyncio.gather(*map(log.append, entries))
    log.close()
    reader = Reader(tmp_path / "audit.db")
    found = list(entries_of(reader))
    reader.close()
    assert len(found) == 2 * (PAGE + 10)
    assert [each.seq for each in found] == sorted(each.seq for each in found)
    assert {each.type for each in found} == {INTENDED, REFUSED}
