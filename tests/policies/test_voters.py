"""Who may answer which question, by which channel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies.approval import Approval, Vote
from policies.decision import Demand, Level
from policies.people import People
from policies.voters import CEILINGS, Voters

PEOPLE = People(
    {"ana": {"entra": "A-1"}, "bob": {}, "eve": {}, "tom": {}, "anna": {"entra": "a-1"}},
    {"payments": ("ana", "eve", "tom"), "mine": ("ana",)},
)
VOTERS = Voters(PEOPLE)
QUESTION = Approval("k7m2xq", "run-1", "plan", "d1", "confirm", [], "Because.", "c", "e", asker="ana")


def problem(by: str, via: str = "terminal", *, yes: bool = True, voters: Voters = VOTERS, **question: Any) -> str:
    return voters.problem(replace(QUESTION, **question), by, via, yes=yes)


@pytest.mark.parametrize("level", ["confirm", "outcome"])
@pytest.mark.parametrize("via", list(CEILINGS))
def test_the_asker_answers_for_themselves_by_every_channel(level: str, via: str) -> None:
    assert not problem("ana", via, level=level)
    assert "nobody else can answer, bob neither" in problem("bob", via, level=level)


def test_an_asker_whom_the_settings_do_not_name_may_confirm() -> None:
    assert not problem("mallory", asker="mallory")


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("bob", ""),
        ("ana", "somebody else than ana"),
        ("ANA", "somebody else than ana"),
        ("anna", "somebody else than ana"),
        ("mallory", "whom config.toml does not name"),
        ("", "whose answer it is"),
    ],
)
def test_somebody_else_who_is_known_approves(by: str, says: str) -> None:
    found = problem(by, level="approve")
    assert says in found and bool(found) is bool(says)


@pytest.mark.parametrize(
    ("by", "says"), [("eve", ""), ("bob", "somebody in payments"), ("ana", "somebody else than ana")]
)
def test_only_the_group_approves(by: str, says: str) -> None:
    found = problem(by, level="approve", group="payments")
    assert says in found and bool(found) is bool(says)


@pytest.mark.parametrize("via", ["desktop", "voice"])
def test_a_yes_above_the_channels_ceiling_does_not_count_and_a_no_does(via: str) -> None:
    assert f"cannot be approved by way of {via}, only by terminal, web, teams" in problem("bob", via, level="approve")
    assert not problem("bob", via, level="approve", yes=False)


def test_ceilings_can_be_set_but_for_the_voice() -> None:
    voters = Voters(PEOPLE, {**CEILINGS, "desktop": Level.APPROVE, "voice": Level.APPROVE, "web": Level.CONFIRM})
    assert not problem("bob", "desktop", level="approve", voters=voters)
    assert problem("bob", "web", level="approve", voters=voters)
    assert problem("bob", "voice", level="approve", voters=voters)


def test_a_channel_that_does_not_exist_answers_nothing() -> None:
    assert "by way of 'smoke'" in problem("ana", "smoke") and "by way of 'smoke'" in problem("ana", "smoke", yes=False)


def test_where_nobody_knows_who_asked_nobody_answers() -> None:
    assert "nobody knows who asked" in problem("ana", asker=None)
    assert "nobody knows who asked" in problem("bob", asker=None, level="approve")


def test_a_vote_that_could_not_be_given_now_is_void() -> None:
    given = (Vote("eve", "web", "", None), Vote("tom", "web", "", None))
    question = replace(QUESTION, level="approve", group="payments", votes=2, given=given)
    assert VOTERS.void(question) is None
    left = Voters(replace(PEOPLE, groups={"payments": ("ana", "eve")}))
    vote, why = left.void(question) or (None, "")
    assert vote == given[1] and "somebody in payments, and tom is not" in why


def test_one_human_being_votes_once() -> None:
    question = replace(QUESTION, given=(Vote("ana", "web", "", None),))
    assert VOTERS.voted(question, "anna") and VOTERS.voted(question, "Ana") and not VOTERS.voted(question, "tom")


@pytest.mark.parametrize(
    ("demand", "says"),
    [
        (Demand(Level.CONFIRM), ""),
        (Demand(Level.APPROVE), "It needs the approval of somebody else than ana: bob, eve, tom."),
        (Demand(Level.APPROVE, "payments"), "It needs the approval of payments: eve, tom."),
        (Demand(Level.APPROVE, "payments", 2), "It needs 2 approvals of payments: eve, tom."),
        (Demand(Level.APPROVE, "payments", 3), "It needs 3 approvals of payments, and there are only eve, tom."),
        (
            Demand(Level.APPROVE, "payments", 2, True, "two-eyes", "own.cedar:3"),
            "It needs 2 approvals of payments, each with a reason, by rule two-eyes (own.cedar:3): eve, tom.",
        ),
        (
            Demand(Level.APPROVE, "payments", 1, True, "why", "own.cedar:3"),
            "It needs the approval of payments, with a reason, by rule why (own.cedar:3): eve, tom.",
        ),
        (
            Demand(Level.CONFIRM, None, 1, True, "why", "own.cedar:3"),
            "It needs a reason, by rule why (own.cedar:3).",
        ),
        (Demand(Level.APPROVE, "mine"), "It needs the approval of mine, and there is nobody."),
    ],
)
def test_a_question_says_who_could_answer(demand: Demand, says: str) -> None:
    assert VOTERS.asked(demand, "ana") == says


def test_who_is_left_to_answer_where_somebody_cannot() -> None:
    of_payments = replace(QUESTION, level="approve", group="payments", votes=2)
    assert VOTERS.others(of_payments, "ana") == VOTERS.others(of_payments, "bob") == "eve, tom"
    assert VOTERS.others(of_payments, "eve") == ""
    half = replace(of_payments, given=(Vote("eve", "web", "", None),))
    assert VOTERS.others(half, "eve") == VOTERS.others(half, "ana") == "tom"
    own = replace(QUESTION, level="confirm")
    assert VOTERS.others(own, "ana") == "" and VOTERS.others(own, "eve") == "ana"
    anybody = replace(QUESTION, level="approve")
    assert Voters().others(anybody, "ana") == "somebody else than ana" and Voters().others(anybody, "bob") == ""
    assert VOTERS.others(replace(of_payments, group="mine"), "ana") == "somebody in mine"


def test_where_nobody_is_named_anybody_else_may() -> None:
    assert Voters().asked(Demand(Level.APPROVE), "ana") == "It needs the approval of somebody else than ana."
    assert not problem("bob", level="approve", voters=Voters())
    assert problem("Ana", level="approve", voters=Voters())
