from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.sandbox import systems
from integrations.sandbox.servicenow_change import (
    Aborted,
    NoSuchChange,
    change_incident,
    change_state,
    decide,
    new_change,
    new_incident,
    settle,
)
from integrations.sandbox.servicenow_tables import Record, find
from integrations.sandbox.world import World

WHO = "elena.fischer"
CLOSING = {"close_code": "successful", "close_notes": "All well."}


@pytest.fixture
def company(world: World) -> Iterator[World]:
    systems.seed(world)
    yield world


def asked(world: World, **values: str) -> Record:
    return change_state(world, new_change(world, {"short_description": "Deploy", **values}, WHO), {"state": "-4"}, WHO)


def now(world: World, record: Record) -> Record:
    return find(world, "change_request", sys_id=record["sys_id"])[0]


def approvals(world: World, record: Record) -> list[str]:
    return sorted(each["state"] for each in find(world, "sysapproval_approver", sysapproval=record["sys_id"]))


def test_a_new_change_waits_for_nothing(company: World) -> None:
    change = new_change(company, {"short_description": "Deploy", "number": "CHG1", "approval": "approved"}, WHO)
    assert (change["number"], change["state"], change["approval"]) == ("CHG0030003", "-5", "not requested")
    assert (change["type"], change["active"], change["opened_at"]) == ("normal", "true", "2026-03-02 09:00:00")
    assert find(company, "sys_user", sys_id=change["requested_by"])[0]["user_name"] == WHO
    assert approvals(company, change) == []


@pytest.mark.parametrize("request_", [{"state": "-4"}, {"approval": "requested"}])
def test_approval_is_asked_for_by_state_or_by_approval(company: World, request_: dict[str, str]) -> None:
    change = change_state(company, new_change(company, {}, WHO), request_, WHO)
    assert (change["state"], change["approval"]) == ("-4", "requested")
    assert approvals(company, change) == ["requested", "requested"]
    assert new_change(company, request_, WHO)["approval"] == "requested"


def test_the_whole_way_of_a_normal_change(company: World, clock: Any) -> None:
    change = asked(company)
    change = decide(company, change["number"], approved=True)
    assert (change["state"], change["approval"]) == ("-2", "approved")
    assert approvals(company, change) == ["approved", "not_required"]
    clock.pass_by(60)
    change = change_state(company, change, {"state": "-1"}, WHO)
    clock.pass_by(60)
    change = change_state(company, change, {"state": "0"}, WHO)
    with pytest.raises(Aborted, match="mandatory: Close code, Close notes"):
        change_state(company, change, {"state": "3"}, WHO)
    change = change_state(company, change, {"state": "3", **CLOSING}, WHO)
    assert (change["work_start"], change["work_end"]) == ("2026-03-02 09:01:00", "2026-03-02 09:02:00")
    assert (change["state"], change["active"], change["closed_at"]) == ("3", "false", "2026-03-02 09:02:00")


def test_a_rejected_change_goes_back_to_new_and_can_be_asked_for_again(company: World) -> None:
    change = decide(company, asked(company)["number"], approved=False, by="marcus.oyelaran", because="Freeze.")
    assert (change["state"], change["approval"]) == ("-5", "rejected")
    notes = find(company, "sys_journal_field", element_id=change["sys_id"])
    assert [(each["value"], each["sys_created_by"]) for each in notes] == [("Freeze.", "marcus.oyelaran")]
    again = change_state(company, change, {"state": "-4"}, WHO)
    assert again["approval"] == "requested"
    assert decide(company, change["number"], approved=True)["state"] == "-2"


def test_a_standard_change_is_authorised_beforehand(company: World) -> None:
    change = change_state(company, new_change(company, {"type": "standard"}, WHO), {"approval": "requested"}, WHO)
    assert (change["state"], change["approval"], approvals(company, change)) == ("-2", "approved", [])


def test_an_emergency_change_goes_straight_to_authorisation(company: World) -> None:
    change = change_state(company, new_change(company, {"type": "emergency"}, WHO), {"state": "-3"}, WHO)
    assert (change["state"], change["approval"]) == ("-3", "requested")


@pytest.mark.parametrize("wanted", ["-3", "-2", "-1", "0", "3"])
def test_no_state_is_skipped(company: World, wanted: str) -> None:
    change = new_change(company, {**CLOSING}, WHO)
    with pytest.raises(Aborted, match=r"was aborted by Business Rule .* Cannot move from New to"):
        change_state(company, change, {"state": wanted}, WHO)
    with pytest.raises(Aborted, match="Cannot move from Assess to"):
        change_state(company, change_state(company, change, {"state": "-4"}, WHO), {"state": wanted}, WHO)
    assert now(company, change)["state"] == "-4"


def test_nobody_approves_by_writing_it_down(company: World) -> None:
    change = change_state(company, asked(company), {"approval": "approved", "description": "more"}, WHO)
    assert (change["approval"], change["state"], change["description"]) == ("requested", "-4", "more")


def test_a_change_can_be_cancelled_until_its_review(company: World) -> None:
    change = change_state(company, asked(company), {"state": "4"}, WHO)
    assert (change["state"], change["active"]) == ("4", "false")
    assert approvals(company, change) == ["not_required", "not_required"]
    with pytest.raises(Aborted, match="Cannot move from Canceled to New"):
        change_state(company, change, {"state": "-5"}, WHO)
    other = decide(company, asked(company)["number"], approved=True)
    for state in ("-1", "0"):
        other = change_state(company, other, {"state": state}, WHO)
    with pytest.raises(Aborted, match="Cannot move from Review to Canceled"):
        change_state(company, other, {"state": "4"}, WHO)


def test_a_change_can_be_taken_back_to_new(company: World) -> None:
    change = change_state(company, asked(company), {"state": "-5"}, WHO)
    assert (change["state"], change["approval"]) == ("-5", "not requested")
    with pytest.raises(ValueError, match="waits for no approval: it is in New, approval not requested"):
        decide(company, change["number"], approved=True)


def test_the_companys_own_people_decide_after_a_while(company: World, clock: Any) -> None:
    company.change_settings(change_approval_seconds=60)
    change = asked(company)
    clock.pass_by(59)
    settle(company)
    assert now(company, change)["approval"] == "requested"
    clock.pass_by(1)
    settle(company)
    assert (now(company, change)["approval"], now(company, change)["state"]) == ("approved", "-2")


def test_the_while_begins_when_it_is_asked_for_again(company: World, clock: Any) -> None:
    change = decide(company, asked(company)["number"], approved=False)
    clock.pass_by(3600)
    company.change_settings(change_approval_seconds=60)
    change_state(company, change, {"state": "-4"}, WHO)
    settle(company)
    assert now(company, change)["approval"] == "requested"


def test_without_a_time_they_wait_to_be_told(company: World, clock: Any) -> None:
    change = asked(company)
    clock.pass_by(86400 * 30)
    settle(company)
    assert now(company, change)["approval"] == "requested"


def test_they_refuse_when_they_are_set_to(company: World) -> None:
    company.change_settings(refuse_changes=True)
    change = asked(company)
    settle(company)
    assert now(company, change)["approval"] == "rejected"


@pytest.mark.parametrize(("setting", "approval"), [(False, "requested"), (True, "approved")])
def test_staging_needs_approval_like_all_else_unless_it_is_set(company: World, setting: bool, approval: str) -> None:
    company.change_settings(auto_approve_staging=setting)
    assert asked(company, short_description="Deploy to Staging")["approval"] == approval
    assert asked(company, short_description="Deploy to production")["approval"] == "requested"


def test_who_is_not_there_decides_nothing(company: World) -> None:
    with pytest.raises(NoSuchChange, match="there is no change 'CHG9'"):
        decide(company, "CHG9", approved=True)
    with pytest.raises(ValueError, match="there is nobody called 'x'"):
        decide(company, asked(company)["number"], approved=True, by="x")


def test_anybody_named_may_decide(company: World) -> None:
    change = decide(company, asked(company)["number"], approved=True, by="priya.raman")
    assert approvals(company, change) == ["approved", "not_required", "not_required"]


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"), [("1", "1", "1"), ("2", "2", "3"), ("3", "1", "3"), ("3", "3", "5")]
)
def test_an_incidents_priority_follows(company: World, impact: str, urgency: str, priority: str) -> None:
    incident = new_incident(company, {"impact": impact, "urgency": urgency}, WHO)
    assert (incident["number"], incident["state"], incident["priority"]) == ("INC0010003", "1", priority)


def test_an_incident_is_not_resolved_without_words(company: World) -> None:
    incident = new_incident(company, {}, WHO)
    with pytest.raises(Aborted, match="Resolution code, Resolution notes"):
        change_incident(company, incident, {"state": "6"}, WHO)
    closed = change_incident(company, incident, {"state": "7", "close_code": "a", "close_notes": "b"}, WHO)
    assert closed["active"] == "false"
