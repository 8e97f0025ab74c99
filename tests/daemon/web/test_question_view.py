"""A question as it is shown: whole, with what others wrote in it told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from daemon.web.pages import Argument, Piece
from daemon.web.question_view import READS_ONLY, change_of, question_page, who_may
from policies.approval import Approval, Vote
from policies.decision import Level
from policies.people import People
from policies.voters import Voters

CHANGE: dict[str, Any] = {
    "step": 2,
    "action": "jira.comment",
    "args": {"key": "DEV-456", "body": "see this"},
    "target": "DEV-456",
    "environment": "none",
    "summary": "Comment on DEV-456.",
    "undo": "",
    "evidence": "+ see this",
    "before": None,
    "after": None,
    "cost": 40,
    "level": "confirm",
    "rule": "comments",
    "where": "mine.cedar:3",
    "because": "It is public.",
    "outside": ["key"],
    "opened": ["jira DEV-456 description"],
    "quoted": {"body": [{"text": "see ", "from": None}, {"text": "this", "from": "splunk line 5"}]},
}
ASKED = Approval(
    id="k7m2xq",
    run="261120-1f3a9c2e",
    subject="plan",
    digest="a" * 64,
    level="confirm",
    plan=[CHANGE],
    because="It is public.",
    created="2026-11-20T10:00:00.000Z",
    expires="2026-11-20T22:00:00.000Z",
    asker="ann",
    asked_from=("zsh", "devos"),
    opened=("jira DEV-456 description",),
)
TEAM = Voters(People({"ann": {}, "bob": {}, "cat": {}}, {"oncall": ["bob"]}))


def page(asked: Approval = ASKED, person: str = "ann", *, writable: bool = True, voters: Voters = TEAM) -> Any:
    return question_page(asked, voters, {"utterance": {"text": "comment it"}}, person, writable=writable)


def test_everything_is_shown() -> None:
    shown = page()
    assert (shown.digest, shown.text, shown.asker, shown.asked_from) == (
        "a" * 64,
        "comment it",
        "ann",
        ("zsh", "devos"),
    )
    assert shown.opened == ("jira DEV-456 description", "splunk line 5")
    assert shown.answer == "/inbox/k7m2xq/answer" and shown.cannot == ""
    assert shown.expires.isoformat() == "2026-11-20T22:00:00+00:00"


def test_what_others_wrote_is_told_apart() -> None:
    change = change_of(CHANGE)
    assert change.arguments == (
        Argument("key", (Piece("DEV-456"),), selects=True),
        Argument("body", (Piece("see "), Piece("this", "splunk line 5"))),
    )
    assert (change.cost, change.opened) == (40, ("jira DEV-456 description",))


def test_what_an_older_devos_wrote_is_shown_too() -> None:
    change = change_of({"action": "kubernetes.scale", "args": None})
    assert (change.action, change.arguments, change.summary, change.step) == ("kubernetes.scale", (), "", 0)


APPROVE = replace(ASKED, level="approve", group="oncall")


@pytest.mark.parametrize(
    ("asked", "person", "why"),
    [
        (ASKED, "bob", "nobody else can answer"),
        (APPROVE, "ann", "somebody else than ann"),
        (APPROVE, "cat", "somebody in oncall"),
        (replace(APPROVE, given=(Vote("bob", "web", "2026-11-20T10:00:00.000Z", None),)), "bob", "agreed already"),
        (replace(ASKED, status="expired"), "ann", "It is expired already."),
        (replace(ASKED, status="denied", answered_by="ann", reason="not today"), "ann", "ann said no: not today"),
        (replace(ASKED, status="denied", answered_by="ann"), "bob", "ann said no."),
    ],
)
def test_who_cannot_answer_is_told_why(asked: Approval, person: str, why: str) -> None:
    shown = page(asked, person)
    assert why in shown.cannot and shown.answer == ""


def test_who_can_answer() -> None:
    assert page(APPROVE, "bob").answer and page(replace(APPROVE, group=None), "cat").answer


def test_a_session_that_reads_is_told_how_to_answer() -> None:
    assert page(writable=False).cannot == READS_ONLY and page(writable=False).answer == ""


def test_the_dashboard_has_its_ceiling() -> None:
    low = Voters(TEAM.people, {"web": Level.CONFIRM, "terminal": Level.APPROVE})
    assert "cannot be approved by way of web" in page(APPROVE, "bob", voters=low).cannot


def test_who_may_allow_it() -> None:
    assert who_may(ASKED, TEAM) == "Only ann can confirm it."
    assert who_may(replace(ASKED, level="outcome"), TEAM) == "Only ann can say whether it happened."
    assert "oncall" in who_may(APPROVE, TEAM) and "bob" in who_may(APPROVE, TEAM)


def test_votes_that_were_given() -> None:
    voted = replace(APPROVE, votes=2, given=(Vote("bob", "teams", "2026-11-20T10:00:00.000Z", "fine"),))
    (vote,) = page(voted).given
    assert (vote.by, vote.via, vote.reason) == ("bob", "teams", "fine") and page(voted).votes == 2
