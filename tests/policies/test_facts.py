"""The facts of a decision come back from the log as they went in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from policies.action import Effect, Target
from policies.audit.event import Stored
from policies.decision import Facts
from policies.facts import facts_json, facts_of

FACTS = Facts(
    action="kubernetes.scale",
    effect=Effect.CHANGE,
    args={"deployment": "web-app", "replicas": 10, "note": {"$outside": ["x"]}},
    target=Target("production/web-app", "production"),
    person="ada",
    channel="voice",
    intent="scale_deployment",
    tier="medium",
    before=4,
    after=10,
    bound=50,
    cost=120,
    at=datetime(2026, 11, 20, 17, 30, tzinfo=UTC),
    groups=frozenset({"payments", "on-call"}),
    outside=("deployment",),
    opened=("jira DEV-456 description",),
)


def entry(facts: Facts, **change: Any) -> Stored:
    written = json.loads(json.dumps({"data": {"facts": facts_json(facts)}, "payload": {"args": facts.args}}))
    stored = Stored(1, "id", facts.at, "devos.action.intended", "run", 1, facts.action, **written)
    return replace(stored, **change)


def test_everything_comes_back() -> None:
    assert facts_of(entry(FACTS)) == FACTS
    bare = Facts("jira.issue", Effect.READ, {}, Target("DEV-1"), "ada", "typed", "any", "simple")
    assert facts_of(entry(bare)) == bare


def test_the_moment_is_written_in_utc() -> None:
    elsewhere = replace(FACTS, at=FACTS.at.astimezone(timezone(timedelta(hours=9))))
    assert facts_json(elsewhere)["at"] == "2026-11-20T17:30:00+00:00"


@pytest.mark.parametrize(
    "change",
    [
        {"payload": None},
        {"payload": "text"},
        {"payload": {"args": None}},
        {"payload": {}},
        {"action": None},
        {"data": {}},
        {"data": {"facts": ["x"]}},
    ],
)
def test_an_erased_or_older_entry_gives_none(change: dict[str, Any]) -> None:
    assert facts_of(entry(FACTS, **change)) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("person", 3),
        ("effect", "explode"),
        ("before", "4"),
        ("cost", True),
        ("at", "yesterday"),
        ("at", "2026-11-20T17:30:00"),
        ("groups", None),
        ("outside", [1]),
    ],
)
def test_what_cannot_be_read_gives_none_and_no_error(name: str, value: Any) -> None:
    written = facts_json(FACTS)
    assert facts_of(entry(FACTS, data={"facts": {**written, name: value}})) is None
    del written[name]
    assert facts_of(entry(FACTS, data={"facts": written})) is None
