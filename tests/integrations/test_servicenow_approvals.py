"""Approval records, over the wire to the simulated instance."""

import json

import httpx
import pytest

from integrations.sandbox.client import Sandbox
from integrations.sandbox.server import served
from integrations.sandbox.servicenow_tables import find, update, write_journal
from integrations.servicenow_approvals import NobodyToAsk, Requested, ServiceNowApprovals
from policies.action import IntegrationError, Outside, Target, Unreachable

KEY = "run-1:step-2"
PEOPLE = ["dana.whitfield", "marcus.oyelaran"]
TABLE = "sysapproval_approver"


class Instance:
    def __init__(self, world, endpoints):
        self.world, self.url = world, endpoints.servicenow
        self.admin = Sandbox(endpoints)

    def decides(self, sys_id, by, **fields):
        """A person sets fields of an approval record in ServiceNow."""
        path = f"{self.url}/api/now/table/{TABLE}/{sys_id}"
        return httpx.patch(path, json=fields, auth=(by, "password")).status_code

    def states(self):
        return [each["state"] for each in find(self.world, TABLE, sysapproval="")]


@pytest.fixture
def instance(tmp_path):
    with served(tmp_path / "sandbox") as (world, endpoints):
        yield Instance(world, endpoints)


@pytest.fixture
def approvals(instance, secret):
    return ServiceNowApprovals(instance.url, "devos.automation", secret)


async def test_people_are_asked_once_each_with_the_whole_question(instance, approvals, door):
    asked = await door(approvals.ask, "k7m2qd", [*PEOPLE, "nobody"], "Scale web-app to 10?")
    assert sorted(asked.records) == PEOPLE and asked.unknown == ["nobody"]
    assert (await door(approvals.ask, "k7m2qd", PEOPLE, "Scale web-app to 10?")).records == asked.records
    assert instance.states() == ["requested"] * 2
    (first, _) = instance.admin.state()["servicenow"]["approvals"]
    assert first["comments"] == ["Scale web-app to 10?\n\nDevOS question k7m2qd"]
    assert (await approvals.ask.call("k7m2qd", PEOPLE, "x").look_up(KEY)).result == Requested(asked.records, [])
    assert await approvals.ask.call("zzzzzz", PEOPLE, "x").look_up(KEY) is None


async def test_a_lost_answer_asks_nobody_twice(instance, approvals, door):
    instance.admin.fault(system="servicenow", kind="lost-reply", method="POST")
    with pytest.raises(Unreachable):
        await door(approvals.ask, "k7m2qd", PEOPLE, "May it?")
    assert await approvals.ask.call("k7m2qd", PEOPLE, "May it?").look_up(KEY) is None, "one of two is not both"
    asked = await door(approvals.ask, "k7m2qd", PEOPLE, "May it?")
    assert len(asked.records) == len(instance.states()) == 2


async def test_whoever_is_nobody_cannot_be_asked(instance, approvals, door):
    with pytest.raises(NobodyToAsk, match="'mallory' or 'eve'"):
        await door(approvals.ask, "k7m2qd", ["mallory", "eve"], "May it?")
    assert instance.states() == []


async def test_what_they_decide(instance, approvals, door):
    asked = await door(approvals.ask, "k7m2qd", PEOPLE, "May it?")
    assert await approvals.decisions(asked) == []
    assert instance.decides(asked.records["dana.whitfield"], "dana.whitfield", state="approved") == 200
    rejecting = {"state": "rejected", "comments": "not on a Friday"}
    assert instance.decides(asked.records["marcus.oyelaran"], "marcus.oyelaran", **rejecting) == 200
    dana, marcus = sorted(await approvals.decisions(asked), key=lambda each: each.approver)
    assert (dana.approver, dana.approved, dana.own, dana.because) == ("dana.whitfield", True, True, None)
    assert (marcus.approved, marcus.own, marcus.because.open()) == (False, True, "not on a Friday")
    assert isinstance(marcus.because, Outside)


async def test_what_somebody_else_sets_is_not_the_approvers_own(instance, approvals, door):
    asked = await door(approvals.ask, "k7m2qd", PEOPLE, "May it?")
    (record, _) = find(instance.world, TABLE, sysapproval="")
    update(instance.world, TABLE, record, {"state": "approved"}, "sam.okafor")
    (decided,) = await approvals.decisions(asked)
    assert decided.approved and not decided.own


async def test_who_stands_in_a_record_cannot_be_exchanged(instance, approvals, door):
    asked = await door(approvals.ask, "k7m2qd", ["dana.whitfield"], "May it?")
    (record,) = find(instance.world, TABLE, sysapproval="")
    sam = next(each["sys_id"] for each in find(instance.world, "sys_user", user_name="sam.okafor"))
    update(instance.world, TABLE, record, {"approver": sam, "state": "approved"}, "sam.okafor")
    assert await approvals.decisions(asked) == []


async def test_what_is_closed_is_no_longer_required(instance, approvals, door):
    asked = await door(approvals.ask, "k7m2qd", PEOPLE, "May it?")
    instance.decides(asked.records["dana.whitfield"], "dana.whitfield", state="approved")
    call = approvals.withdraw.call("k7m2qd")
    assert await call.look_up(KEY) is None
    await call.perform(KEY)
    assert (await call.look_up(KEY)).result is None
    assert sorted(instance.states()) == ["approved", "not_required"]
    assert (await approvals.withdraw.call("zzzzzz").look_up(KEY)).result is None


async def test_who_decided_is_asked_once_more_with_what_is_missing(instance, approvals, door):
    asked = await door(approvals.ask, "k7m2qd", PEOPLE, "May it?")
    instance.decides(asked.records["dana.whitfield"], "dana.whitfield", state="approved")
    call = approvals.hand_back.call("k7m2qd", "dana.whitfield", "Say why.")
    assert await call.look_up(KEY) is None
    await call.perform(KEY)
    await call.perform(KEY)
    assert (await call.look_up(KEY)).result is None
    assert instance.states() == ["requested"] * 2
    comments = [each["comments"] for each in instance.admin.state()["servicenow"]["approvals"]]
    assert sorted(map(len, comments)) == [1, 2] and "Say why." in max(comments, key=len)
    why = {"state": "approved", "comments": "tested"}
    assert instance.decides(asked.records["dana.whitfield"], "dana.whitfield", **why) == 200
    (decided,) = await approvals.decisions(asked)
    assert decided.own and decided.because.open() == "tested"
    assert call.target() == Target("approval k7m2qd")
    preview = await call.preview()
    assert "dana.whitfield" in preview.summary and preview.evidence == "Say why."


async def test_others_records_are_not_ours_whatever_is_written_there(instance, approvals, door):
    """An approval of a change, on which somebody writes as we do, is never taken for the answer to a question."""
    (other,) = find(instance.world, TABLE)[:1]
    for by in ("dana.whitfield", "devos.automation"):
        write_journal(instance.world, TABLE, other, "comments", "x\n\nDevOS question k7m2qd", by)
    assert await approvals.ask.call("k7m2qd", ["dana.whitfield"], "x").look_up(KEY) is None
    asked = await door(approvals.ask, "k7m2qd", ["dana.whitfield"], "May it?")
    assert other["sys_id"] not in asked.records.values()
    await door(approvals.withdraw, "k7m2qd")
    assert find(instance.world, TABLE, sys_id=other["sys_id"])[0]["state"] == other["state"]


async def test_while_nothing_answers_it_is_done_again_which_looks_first(instance, approvals):
    instance.admin.fault(system="servicenow", kind="status", status=503, times=None)
    assert await approvals.ask.call("k7m2qd", PEOPLE, "x").look_up(KEY) is None
    assert await approvals.withdraw.call("k7m2qd").look_up(KEY) is None
    assert await approvals.hand_back.call("k7m2qd", "dana.whitfield", "x").look_up(KEY) is None


@pytest.mark.parametrize("code", ["", "K7", "a^b", "x" * 33, "a b"])
async def test_what_is_no_code_reaches_no_query(instance, approvals, door, code):
    with pytest.raises(IntegrationError, match="no question's code"):
        await door(approvals.withdraw, code)
    assert instance.admin.journal("servicenow") == []


async def test_what_it_would_do(approvals):
    asking, back = approvals.ask.call("k7m2qd", PEOPLE, "May it?"), approvals.withdraw.call("k7m2qd")
    assert asking.target() == back.target() == Target("approval k7m2qd")
    preview = await asking.preview()
    assert preview.summary == "Ask dana.whitfield, marcus.oyelaran in ServiceNow to approve k7m2qd"
    assert preview.evidence == "May it?" and "k7m2qd" in (await back.preview()).summary
    assert json.dumps(asking.json)
