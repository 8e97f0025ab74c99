"""What is read out of a question, and which questions never are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from daemon.confirming.reading_back import details, is_ordinary, read_back, unreadable
from policies.approval import Approval

SCALE: dict[str, Any] = {
    "step": 2,
    "action": "kubernetes.scale",
    "args": {"deployment": "web-app", "namespace": "production", "replicas": 10},
    "target": "production/web-app",
    "environment": "production",
    "summary": "Scale web-app in production from 3 to 10 replicas",
    "undo": "Scale it back to 3 replicas",
    "evidence": "replicas: 3 -> 10",
    "before": 3,
    "after": 10,
    "cost": None,
    "level": "confirm",
    "rule": "changes-in-production",
    "where": "careful.cedar:27",
    "because": "production/web-app is in production.",
    "outside": [],
    "opened": [],
    "quoted": {},
}
COMMENT: dict[str, Any] = {
    **SCALE,
    "step": 5,
    "action": "jira.comment",
    "args": {"key": "DEV-456", "body": "what step 2 says"},
    "target": "DEV-456",
    "environment": "none",
    "summary": "Comment on DEV-456",
    "before": None,
    "after": None,
    "undo": "",
}
DEPLOY: dict[str, Any] = {
    **COMMENT,
    "action": "cdk.deploy",
    "target": "checkout@production",
    "environment": "production",
    "summary": "Deploy checkout to production with CDK (stack checkout-production)",
}


def asked(*plan: dict[str, Any], **more: Any) -> Approval:
    return Approval(
        **{
            "id": "k7m2qd",
            "run": "run-1",
            "subject": "plan",
            "digest": "d" * 64,
            "level": "confirm",
            "plan": list(plan),
            "because": "So it is.",
            "created": "2026-11-20T08:00:00.000Z",
            "expires": "2026-11-20T20:00:00.000Z",
            "asker": "ana",
            **more,
        }
    )


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ([SCALE], "Scale web-app in production from 3 to 10."),
        ([{**SCALE, "before": None}], "Scale web-app in production to 10."),
        (
            [{**SCALE, "target": "shop/web-app"}],
            "Scale web-app in shop, which is production, from 3 to 10.",
        ),
        (
            [{**SCALE, "target": "shop/web-app", "environment": "unknown"}],
            "Scale web-app in shop, which is an unknown environment, from 3 to 10.",
        ),
        ([SCALE, COMMENT], "Scale web-app in production from 3 to 10, then comment on DEV-456."),
        ([DEPLOY], "Deploy checkout to production with CDK (stack checkout-production)."),
        ([{**DEPLOY, "summary": "Roll it back"}], "Roll it back, in production."),
        (
            [{**SCALE, "cost": 120}, {**COMMENT, "cost": 5}],
            "Scale web-app in production from 3 to 10, then comment on DEV-456. It costs about 125 dollars a month.",
        ),
    ],
)
def test_a_plan_is_read_from_its_changes(plan: list[dict[str, Any]], said: str) -> None:
    assert read_back(asked(*plan)) == said
    assert unreadable(asked(*plan)) == ""


def test_what_is_read_does_not_come_from_the_summary_where_there_are_numbers() -> None:
    said = read_back(asked({**SCALE, "summary": "Do nothing at all"}))
    assert said == "Scale web-app in production from 3 to 10."


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (asked(SCALE, level="approve"), "not a question that you confirm"),
        (asked(SCALE, level="outcome"), "not a question that you confirm"),
        (asked(SCALE, must_say_why=True), "a reason"),
        (asked(SCALE, opened=("jira DEV-456 description",)), "somebody else wrote"),
        (asked({**SCALE, "outside": ["deployment"]}), "somebody else wrote"),
        (asked({**COMMENT, "quoted": {"body": [{"text": "x", "from": "jira"}]}}), "somebody else wrote"),
        (asked(), "nothing to read out"),
        (asked(SCALE, SCALE, SCALE, SCALE), "too long to read out"),
        (asked({**DEPLOY, "summary": "word " * 80}), "too long to read out"),
        (asked({**SCALE, "target": "production/web\u202eppa"}), "characters"),
        (asked({**DEPLOY, "summary": "Deploy\nit to production"}), "characters"),
    ],
)
def test_what_cannot_be_read_out_is_left_to_the_screen(question: Approval, why: str) -> None:
    assert why in unreadable(question)


@pytest.mark.parametrize(
    ("environments", "ordinary"),
    [
        (["staging"], True),
        (["development", "none"], True),
        (["staging", "development"], True),
        (["production"], False),
        (["staging", "production"], False),
        (["unknown"], False),
        (["staging", "unknown"], False),
        (["none"], False),
        (["something new"], False),
    ],
)
def test_a_yes_is_enough_only_where_every_environment_is_known_and_ordinary(
    environments: list[str], ordinary: bool
) -> None:
    assert is_ordinary(asked(*({**SCALE, "environment": each} for each in environments))) is ordinary


def test_a_yes_is_never_enough_for_what_a_program_asked_for() -> None:
    staging = asked({**SCALE, "environment": "staging"})
    assert is_ordinary(staging) and not is_ordinary(replace(staging, asked_from=("cron", "devos")))


def test_the_details_name_the_programs_that_asked() -> None:
    assert "program" not in details(asked(SCALE))
    assert details(asked(SCALE, asked_from=("zsh", "make", "devos"))).startswith(
        "A program asked for it: zsh, make and devos. It calls scale"
    )


def test_the_details_hold_arguments_undo_and_rule() -> None:
    said = details(asked(SCALE, COMMENT))
    assert "It calls scale in kubernetes with deployment web-app, namespace production and replicas 10." in said
    assert "To take it back: Scale it back to 3 replicas." in said
    assert "The rule changes in production asks, because production/web-app is in production." in said
    assert "It cannot be taken back." in said


def test_a_question_about_nothing_in_particular_can_be_told_in_detail() -> None:
    assert "with nothing else" in details(replace(asked({**SCALE, "args": {}})))
