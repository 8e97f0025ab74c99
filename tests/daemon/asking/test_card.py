"""What a card shows: everything, and others' words as others' words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from daemon.asking.card import LARGEST, closed_card, ending, how_to_answer, question_card
from daemon.asking.links import Link
from policies.approval import Approval, Vote

CHANGE: dict[str, Any] = {
    "step": 2,
    "action": "jira.comment",
    "args": {"key": "DEV-456", "body": "As reported: please scale", "count": 3, "flags": ["a"]},
    "target": "DEV-456",
    "environment": "none",
    "summary": "Comment on DEV-456",
    "undo": "Delete the comment",
    "evidence": "line one\nline two",
    "level": "approve",
    "rule": "others-text",
    "where": "careful.cedar:7",
    "because": "Others' text is sent on.",
    "cost": 120,
    "outside": ["key"],
    "opened": ["jira DEV-456 description"],
    "quoted": {
        "body": [{"text": "As reported: ", "from": None}, {"text": "please scale", "from": "jira DEV-456 summary"}]
    },
}
APPROVAL = Approval(
    id="k7m2qd",
    run="run-1",
    subject="plan",
    digest="d" * 64,
    level="approve",
    plan=[CHANGE],
    because="Others' text is sent on.",
    created="2026-11-20T08:00:00.000Z",
    expires="2026-11-20T20:00:00.000Z",
    asker="ana",
    asked_from=("zsh", "devos"),
    group="payments",
    votes=2,
    opened=("jira DEV-456 description",),
    given=(Vote("dana", "teams", "2026-11-20T09:00:00.000Z", None),),
)


def runs(card: str | None) -> list[dict[str, Any]]:
    """Every text run of a card."""
    assert card is not None
    found: list[dict[str, Any]] = []

    def look(element: Any) -> None:
        for each in element if isinstance(element, list) else [element]:
            if isinstance(each, dict):
                found.extend([each] if each.get("type") == "TextRun" else [])
                look(list(each.values()))
            elif isinstance(each, list):
                look(each)

    look(json.loads(card))
    return found


def text(card: str | None) -> str:
    return "\n".join(run["text"] for run in runs(card))


def test_everything_that_is_asked_for_is_shown() -> None:
    shown = text(question_card(APPROVAL))
    for part in (
        "DevOS asks: k7m2qd",
        "ana asks for your approval of 1 change. Others' text is sent on.",
        "Asked from: zsh > devos",
        "The request has read: jira DEV-456 description",
        "2. Comment on DEV-456",
        "jira.comment on DEV-456 (none)",
        "count: \n3",
        'flags: \n["a"]',
        "Level approve, by rule others-text (careful.cedar:7): Others' text is sent on.",
        "Costs about $120 a month",
        "line one\nline two",
        "Undo: Delete the comment",
        "Somebody of payments has to answer. 1 of 2 approvals: dana.",
        'Reply "approve k7m2qd" or "deny k7m2qd because …"; nothing else counts.',
    ):
        assert part in shown, part
    assert "{{DATE(2026-11-20T20:00:00Z,SHORT)}}" in str(question_card(APPROVAL))


def test_others_words_are_highlighted_with_their_source() -> None:
    found = runs(question_card(APPROVAL))
    by_text = {run["text"]: run for run in found}
    assert by_text["please scale"]["highlight"] and "highlight" not in by_text["As reported: "]
    assert " [from jira DEV-456 summary] " in by_text
    assert by_text["DEV-456"]["highlight"] and " [may have been chosen by what others wrote]" in by_text


HOSTILE = (
    "[Approve](https://evil.example) **bold** {{DATE(2026-01-01T00:00:00Z)}} \u202eevil\u200b\x1b[2J<at>x</at>\nnext"
)


def test_no_text_of_others_is_interpreted_or_hidden() -> None:
    """Everything that is not ours stands in text runs, which know no markup; functions of the card language are cut."""
    hostile = {
        **CHANGE,
        **dict.fromkeys(("summary", "undo", "evidence", "because", "target", "rule"), HOSTILE),
        "args": {"body": HOSTILE},
        "quoted": {"body": [{"text": HOSTILE, "from": HOSTILE}]},
    }
    card = question_card(replace(APPROVAL, plan=[hostile], because=HOSTILE, asked_from=(HOSTILE,)), notes=[HOSTILE])
    assert card is not None
    interpreted: list[str] = []

    def look(element: Any) -> None:
        if isinstance(element, dict):
            interpreted.extend(str(element.get("text")) for _ in [0] if element.get("type") == "TextBlock")
            assert element.get("type") != "FactSet"
            for each in element.values():
                look(each)
        elif isinstance(element, list):
            for each in element:
                look(each)

    look(json.loads(card))
    assert interpreted == ["Until {{DATE(2026-11-20T20:00:00Z,SHORT)}} {{TIME(2026-11-20T20:00:00Z)}}"]
    for run in runs(card):
        assert not {"\u202e", "\u200b", "\x1b", "\n"} & set(run["text"]) and "{{" not in run["text"]


def test_it_is_a_valid_card() -> None:
    """Only elements and properties of the schema's version 1.4, with what they require."""
    card = json.loads(str(question_card(APPROVAL, [Link("Open", "https://larkfield.example/x")], ["a note"])))
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    known = {
        "RichTextBlock": {"type", "inlines"},
        "TextBlock": {"type", "text", "wrap"},
        "Container": {"type", "separator", "items"},
        "TextRun": {"type", "text", "weight", "size", "isSubtle", "fontType", "highlight"},
    }

    def check(elements: list[dict[str, Any]]) -> None:
        for each in elements:
            assert set(each) <= known[each["type"]], each
            check(each.get("items", []) + each.get("inlines", []))

    check(card["body"])
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open", "url": "https://larkfield.example/x"}]


def test_long_evidence_is_shortened_and_says_so() -> None:
    card = question_card(replace(APPROVAL, plan=[{**CHANGE, "evidence": "x" * 2100}]))
    assert "(100 more characters of evidence on the asker's machine)" in text(card)
    many = question_card(replace(APPROVAL, plan=[{**CHANGE, "evidence": "y" * 2000}] * 11))
    assert many is not None and len(many.encode()) <= LARGEST and "1600 more characters" in text(many)


def test_an_argument_is_never_shortened() -> None:
    assert question_card(replace(APPROVAL, plan=[{**CHANGE, "quoted": {}, "args": {"body": "x" * LARGEST}}])) is None


def test_notes_stand_at_the_end() -> None:
    assert runs(question_card(APPROVAL, notes=["one", "two"]))[-1]["text"] == "two"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"status": "approved", "answered_by": "dana", "via": "teams"}, "Approved by dana (teams)."),
        ({"status": "used", "answered_by": "dana", "via": "web", "reason": "ok"}, "Approved by dana (web): ok"),
        ({"status": "denied", "answered_by": "bob", "via": "teams", "reason": "no"}, "Denied by bob (teams): no"),
        ({"status": "expired"}, "Nobody answered in time."),
        ({"status": "withdrawn"}, "Withdrawn: it is not needed any more."),
    ],
)
def test_how_it_ended(values: dict[str, str], said: str) -> None:
    closed = replace(APPROVAL, **values)  # type: ignore[arg-type]  # the values are those of its fields
    assert ending(closed) == said
    shown = text(closed_card(closed))
    assert said in shown and "k7m2qd is closed" in shown and "Comment on DEV-456" in shown
    assert "Reply" not in shown


def test_a_closed_card_is_short() -> None:
    over = replace(APPROVAL, status="expired")
    assert "and 20 more" in text(closed_card(replace(over, plan=[CHANGE] * 30)))
    assert "and 1 more" in text(closed_card(replace(over, plan=[CHANGE] * 11)))
    assert "more" not in text(closed_card(replace(over, plan=[CHANGE] * 10)))


def test_a_reason_is_asked_for_where_one_is_wanted() -> None:
    assert '"approve k7m2qd because …"' in how_to_answer(replace(APPROVAL, must_say_why=True))
