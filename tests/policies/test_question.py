"""Facts become a question to Cedar: plain words, local time, known names only."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from policies.action import Content, Effect, Target, action, actions_of
from policies.decision import Facts
from policies.question import Questions, Stranger, systems


class Jira:
    @action(Effect.CHANGE)
    async def comment(self, key: str, body: Content, notes: Content | None = None, hours: float = 0.0) -> None: ...


QUESTIONS = Questions(actions_of(Jira), ["on-call", "payments"])
FACTS = Facts(
    action="jira.comment",
    effect=Effect.CHANGE,
    args={"key": "DEV-1", "body": "hello"},
    target=Target("DEV-1", "none"),
    person="ada",
    channel="voice",
    intent="any",
    tier="medium",
    at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC),
)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()
    assert os.environ["TZ"] == "UTC"


def context(**change: Any) -> dict[str, Any]:
    seen: dict[str, Any] = QUESTIONS.of(replace(FACTS, **change)).request["context"]
    return seen


def test_content_from_outside_is_text_to_a_rule() -> None:
    box = {"$outside": ["they wrote: ", {"value": "drop it", "from": "jira DEV-1 description"}]}
    args = {"key": "DEV-1", "body": box, "notes": {"$outside": [{"value": "x", "from": "model"}]}, "hours": 1.5}
    assert context(args=args)["args"] == {"key": "DEV-1", "body": "they wrote: drop it", "notes": "x"}


def test_text_that_holds_what_is_not_known_yet_is_left_out() -> None:
    assert context(args={"key": {"$later": [1]}, "body": {"$text": ["a", {"of": 2}]}})["args"] == {}


@pytest.mark.usefixtures("berlin")
def test_the_moment_is_local() -> None:
    """Late on Friday evening in UTC is Saturday already where the person is."""
    seen = context()
    assert (seen["weekday"]["__entity"]["id"], seen["hour"], seen["date"]) == ("saturday", 0, "2026-11-21")
    summer = context(at=datetime(2026, 6, 30, 22, 5, tzinfo=UTC))
    assert (summer["weekday"]["__entity"]["id"], summer["hour"], summer["date"]) == ("wednesday", 0, "2026-07-01")


def test_numbers_that_are_missing_are_left_out() -> None:
    assert not {"before", "after", "bound", "cost"} & set(context())
    assert context(cost=0, before=-1)["cost"] == 0


def test_provenance_is_names_and_systems() -> None:
    opened = ("jira DEV-1 description", "jira DEV-2 summary", "mcp files read", "")
    seen = context(outside=("key",), opened=opened)
    assert (seen["outside"], seen["opened"]) == (["key"], ["jira", "mcp"])
    assert systems(["  model  answer"]) == ["model"]


def test_groups_are_the_persons_parents() -> None:
    person = QUESTIONS.of(replace(FACTS, groups=frozenset({"payments", "on-call"}))).entities[0]
    assert person["uid"] == {"type": "Person", "id": "ada"}
    assert [parent["id"] for parent in person["parents"]] == ["on-call", "payments"]


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"groups": frozenset({"on-cal"})}, "Group 'on-cal'"),
        ({"at": datetime(2026, 11, 20)}, "a moment without a time zone"),
        ({"cost": 2**63}, "numbers that large"),
        ({"action": "jira.vanish"}, "an action 'jira.vanish'"),
        ({"channel": "phone"}, "Channel 'phone'"),
    ],
)
def test_what_is_not_in_the_vocabulary_is_not_asked_about(change: dict[str, Any], unknown: str) -> None:
    with pytest.raises(Stranger) as stranger:
        QUESTIONS.of(replace(FACTS, **change))
    assert str(stranger.value) == unknown


@pytest.mark.usefixtures("berlin")
def test_a_moment_beyond_the_calendar_cannot_be_asked_about() -> None:
    with pytest.raises(OverflowError):
        QUESTIONS.of(replace(FACTS, at=datetime.max.replace(tzinfo=UTC)))
