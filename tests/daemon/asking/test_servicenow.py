"""A question in ServiceNow, over the wire: a record for everybody who may approve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from integrations.sandbox.servicenow_tables import find, update
from policies.decision import Level
from policies.people import People

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.daemon.asking.office import Company, Office

TABLE = "sysapproval_approver"


def decides(company: Company, user: str, **fields: str) -> None:
    """A person sets fields of their own record."""
    (person,) = find(company.world, "sys_user", user_name=user)
    (record,) = find(company.world, TABLE, sysapproval="", approver=person["sys_id"])
    path = f"{company.endpoints.servicenow}/api/now/table/{TABLE}/{record['sys_id']}"
    httpx.patch(path, json=fields, auth=(user, "password")).raise_for_status()


def states(company: Company) -> dict[str, str]:
    return {each["approver"]: each["state"] for each in company.approvals()}


async def test_an_approver_decides_and_the_others_need_not(office: Office, company: Company) -> None:
    office.opens(office.servicenow)
    question = await office.asks()
    await office.time.until(lambda: len(company.approvals()) == 3)
    assert set(states(company)) == {"dana.whitfield", "marcus.oyelaran", "priya.raman"}, "not the asker"
    (text,) = company.approvals()[0]["comments"]
    for shown in ("ana asks DevOS", "Scale web-app in production from 4 to 10", "leads-approve, own.cedar:3"):
        assert shown in text
    decides(company, "marcus.oyelaran", state="approved", comments="tested")
    ended = await office.ended(question)
    assert (ended.status, ended.answered_by, ended.via, ended.reason) == ("approved", "marcus", "servicenow", "tested")
    await office.time.until(lambda: set(states(company).values()) == {"approved", "not_required"})


async def test_the_first_rejection_ends_it(office: Office, company: Company) -> None:
    office.opens(office.servicenow)
    question = await office.asks(votes=2)
    await office.time.until(lambda: len(company.approvals()) == 3)
    decides(company, "dana.whitfield", state="approved")
    await office.time.until(lambda: office.now(question).given)
    decides(company, "priya.raman", state="rejected", comments="not on a Friday")
    ended = await office.ended(question)
    assert (ended.status, ended.answered_by, ended.reason) == ("denied", "priya", "not on a Friday")
    assert not office.refused(), "no vote is counted, or refused, twice"


async def test_only_the_group_is_asked(office: Office, company: Company) -> None:
    office.opens(office.servicenow)
    await office.asks(group="payments")
    await office.time.until(company.approvals)
    assert states(company) == {"priya.raman": "requested"}


async def test_what_an_administrator_sets_in_somebodys_place_does_not_count(office: Office, company: Company) -> None:
    office.opens(office.servicenow)
    question = await office.asks()
    await office.time.until(lambda: len(company.approvals()) == 3)
    for record in find(company.world, TABLE, sysapproval=""):
        update(company.world, TABLE, record, {"state": "approved"}, "admin")
    looks = len(company.admin.journal("servicenow"))
    await office.time.until(lambda: len(company.admin.journal("servicenow")) > looks + 8)
    assert office.now(question).status == "open" and office.now(question).given == ()


async def test_a_missing_reason_is_said(office: Office, company: Company) -> None:
    inbox = office.opens(office.servicenow)
    question = await office.asks(reason=True, group="payments")
    await office.time.until(company.approvals)
    assert "with your reason as a comment" in company.approvals()[0]["comments"][0]
    decides(company, "priya.raman", state="approved")
    await office.time.until(office.refused)
    assert office.now(question).status == "open" and set(inbox.health()) == {"servicenow"}


async def test_a_decision_without_the_reason_is_handed_back_once_and_can_be_given_again(
    office: Office, company: Company
) -> None:
    office.opens(office.servicenow)
    question = await office.asks(reason=True, group="payments")
    await office.time.until(company.approvals)
    for number, (state, verb) in enumerate([("approved", "approve"), ("rejected", "reject")], 1):
        decides(company, "priya.raman", state=state)
        await office.time.until(lambda number=number: len(company.approvals()[0]["comments"]) == 1 + number)
        assert states(company) == {"priya.raman": "requested"}
        said = company.approvals()[0]["comments"]  # those of one second stand in any order
        assert any(each.endswith(f"Write yours as a comment, then {verb} again.") for each in said)
    looks = len(company.admin.journal("servicenow"))
    await office.time.until(lambda: len(company.admin.journal("servicenow")) > looks + 4)
    assert len(office.refused()) == 2 and len(company.approvals()[0]["comments"]) == 3, "once for each"
    told = [each for each in office.log.entries(run=f"ask-{question.id}") if each.type == "devos.action.done"]
    assert len(told) == 3, "the question and two more, through the door"
    decides(company, "priya.raman", state="approved", comments="tested")
    ended = await office.ended(question)
    assert (ended.status, ended.answered_by, ended.reason) == ("approved", "priya", "tested")


async def test_a_hand_back_that_fails_is_tried_again(office: Office, company: Company) -> None:
    office.opens(office.servicenow)
    question = await office.asks(reason=True, group="payments")
    await office.time.until(company.approvals)
    company.admin.fault(system="servicenow", kind="status", status=403, method="PATCH", times=1)
    (record,) = find(company.world, TABLE, sysapproval="")
    update(company.world, TABLE, record, {"state": "approved"}, "priya.raman")
    await office.time.until(lambda: len(company.approvals()[0]["comments"]) == 2)
    assert states(company) == {"priya.raman": "requested"} and office.now(question).status == "open"


async def test_who_has_no_user_is_named(office: Office, company: Company) -> None:
    people = {"ana": {}, "dana": {"servicenow": "dana.whitfield"}, "eve": {"servicenow": "eve.nobody"}}
    office.approvals.voters = type(office.approvals.voters)(People(people))
    inbox = office.opens(office.servicenow)
    await office.asks()
    await office.time.until(lambda: "no user eve.nobody" in inbox.health()["servicenow"])
    assert states(company) == {"dana.whitfield": "requested"}


async def test_what_is_not_asked_in_servicenow(office: Office) -> None:
    own = await office.asks(level=Level.CONFIRM)
    assert "sits at the machine" in office.servicenow.objection(own)
    question = await office.asks(run="run-2")
    long = await office.asks([{**question.plan[0], "evidence": "x\n" * 7000}], run="run-3")
    assert "too long" in office.servicenow.objection(long) and not office.servicenow.objection(question)
    office.approvals.voters = type(office.approvals.voters)(People({"ana": {}, "dana": {"entra": "x"}}))
    assert "Nobody" in office.servicenow.objection(question)


async def test_a_restart_asks_nobody_twice_and_takes_back_what_closed(
    offices: Callable[..., Office], company: Company
) -> None:
    first = offices()
    first.opens(first.servicenow)
    question = await first.asks()
    await first.time.until(lambda: len(company.approvals()) == 3)
    await first.close()
    second = offices()
    second.opens(second.servicenow)
    looks = len(company.admin.journal("servicenow"))
    await second.time.until(lambda: len(company.admin.journal("servicenow")) > looks + 3)
    await second.close()
    third = offices()
    await third.approvals.answer(question.id, True, "dana", "web")
    third.opens(third.servicenow)
    await third.time.until(lambda: set(states(company).values()) == {"not_required"})
    assert len(company.approvals()) == 3


@pytest.mark.parametrize("kind", ["status", "lost-reply"])
async def test_trouble_asks_nobody_twice(office: Office, company: Company, kind: str) -> None:
    company.admin.fault(system="servicenow", kind=kind, method="POST", times=2)
    office.opens(office.servicenow)
    await office.asks()
    await office.time.until(lambda: len(company.approvals()) == 3)
    looks = len(company.admin.journal("servicenow"))
    await office.time.until(lambda: len(company.admin.journal("servicenow")) > looks + 3)
    assert len(company.approvals()) == 3


async def test_what_others_wrote_is_marked_and_nothing_hidden_is_sent(office: Office, company: Company) -> None:
    office.opens(office.servicenow)
    question = await office.asks(run="run-1")
    segments = [{"text": "why: ", "from": None}, {"text": "\u202eevil\x1b[2J", "from": "jira DEV-456 summary"}]
    change = {**question.plan[0], "args": {"body": "why: evil"}, "quoted": {"body": segments}, "outside": ["target"]}
    await office.asks([change], run="run-2")
    await office.time.until(lambda: len(company.approvals()) == 6)
    text = next(each["comments"][0] for each in company.approvals() if "DEV-456" in each["comments"][0])
    assert "jira DEV-456 summary" in text and "may come from what others wrote" in text
    assert "\u202e" not in text and "\x1b" not in text
