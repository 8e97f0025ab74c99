"""A question, its votes, and its moments as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from policies.approval import FOREVER, OVER, Approval, Vote, moment_of, text_of

MOMENT = datetime(2026, 3, 1, 9, 0, 0, 123_000, tzinfo=UTC)


def test_a_moment_is_the_same_text_in_every_zone_and_comes_back() -> None:
    text = text_of(MOMENT.astimezone(timezone(timedelta(hours=5))))
    assert text == "2026-03-01T09:00:00.123Z"
    assert moment_of(text) == MOMENT


def test_moments_sort_as_text_between_over_and_forever() -> None:
    later = text_of(MOMENT + timedelta(milliseconds=1))
    assert OVER < text_of(MOMENT) < later < FOREVER
    assert moment_of(FOREVER) > MOMENT


def test_a_question_lists_its_votes_with_their_reasons() -> None:
    vote = Vote("tom", "web", "2026", "fine")
    question = Approval("a", "r", "plan", "d", "approve", [], "b", "c", "e", must_say_why=True, given=(vote,))
    shown = question.to_json()
    assert shown["given"] == [{"by": "tom", "via": "web", "at": "2026", "reason": "fine"}]
    assert shown["reason"] is True and shown["asked_from"] == [] and shown["opened"] == []
