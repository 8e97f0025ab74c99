import json
import re

import pytest

from integrations.http import BadAnswer, NotAllowed
from integrations.servicenow import Change, ChangeState, NoSuchChange, NoSuchRisk, NotReady, ServiceNow
from policies.action import IntegrationError, MustStayBoxed, Outside, Target, said

CHANGES = "/api/now/table/change_request"
APPROVALS = "/api/now/table/sysapproval_approver"
JOURNAL = "/api/now/table/sys_journal_field"
ID = "46c6f0a5a9fe198101a35ebd1a8d1f6c"
KEY = "run-1:step-2"
LABELS = {"-5": "New", "-4": "Assess", "-3": "Authorize", "-2": "Scheduled", "-1": "Implement", "0": "Review"}
PLAN = {
    "short_description": "Deploy user-auth-service 2.1.0 to staging",
    "implementation_plan": "cdk deploy UserAuthStagingStack",
    "backout_plan": "Deploy 2.0.3 again",
    "risk": "low",
    "environment": "staging",
    "service": "user-auth-service",
}


def shown(value, display=None):
    return {"value": value, "display_value": display or value}


class Instance:
    """Just enough of an instance to tell a right order of requests from a wrong one: one change and its state."""

    def __init__(self, wire):
        self.wire = wire
        self.record = None
        self.approvers = []
        self.journal = []
        wire[f"GET {CHANGES}"] = self.find
        wire[f"POST {CHANGES}"] = self.create
        wire[f"PATCH {CHANGES}/{ID}"] = self.patch
        wire[f"GET {APPROVALS}"] = lambda came: {"result": self.approvers}
        wire[f"GET {JOURNAL}"] = self.search

    def fill(self, state, approval="requested", **fields):
        self.record = {
            "sys_id": ID,
            "number": "CHG0030001",
            "state": state,
            "approval": approval,
            "short_description": "Deploy",
            "correlation_id": "",
            **fields,
        }

    def find(self, came):
        assert self.wire.came[-1].query["sysparm_display_value"] == ["all"]
        terms = dict(term.split("=", 1) for term in came.query["sysparm_query"][0].split("^"))
        if self.record is None or any(self.record[name] != value for name, value in terms.items()):
            return {"result": []}
        return {"result": [{name: shown(value, LABELS.get(value)) for name, value in self.record.items()}]}

    def create(self, came):
        self.fill("-5", "not requested", **{name: came.body[name] for name in ("short_description", "correlation_id")})
        return self.wire.reply({"result": self.record}, 201)

    def patch(self, came):
        self.record.update(came.body)
        if came.body.get("state") == "-4":
            self.record["approval"] = "requested"
        self.journal += [came.body["comments"]] if "comments" in came.body else []
        return {"result": self.record}

    def search(self, came):
        wanted = came.query["sysparm_query"][0]
        assert wanted.startswith(f"element_id={ID}^element=comments^valueLIKE")
        return {"result": [{"sys_id": "x"} for text in self.journal if wanted.split("LIKE")[1] in text]}

    def moves(self):
        return [each.body["state"] for each in self.wire.sent("PATCH")]


@pytest.fixture
def instance(wire):
    return Instance(wire)


@pytest.fixture
def servicenow(wire, secret):
    return ServiceNow(wire.url + "/", "devos.bot", secret, types={"development": "standard", "hotfix": "emergency"})


async def test_a_change_is_recorded_and_its_approval_asked_for(instance, servicenow, door, wire):
    change = await door(servicenow.request_change, **PLAN)
    assert change == Change(
        "CHG0030001",
        ID,
        "Assess",
        "requested",
        None,
        Outside(PLAN["short_description"], "servicenow CHG0030001 short description"),
        f"{wire.url}/change_request.do?sys_id={ID}",
    )
    (created,) = wire.sent("POST")
    assert created.body == {
        "type": "normal",
        "short_description": PLAN["short_description"],
        "description": "Service: user-auth-service\nEnvironment: staging",
        "implementation_plan": PLAN["implementation_plan"],
        "backout_plan": PLAN["backout_plan"],
        "risk": "4",
        "correlation_id": KEY,
        "correlation_display": "DevOS",
    }
    assert instance.moves() == ["-4"]
    assert "sysparm_query" not in created.query or created.query["sysparm_query"] == [""], (
        "no query leaks into a create"
    )


@pytest.mark.parametrize(
    ("environment", "kind", "state"), [("development", "standard", "-2"), ("hotfix", "emergency", "-3")]
)
async def test_the_type_of_a_change_is_its_environments(instance, servicenow, door, wire, environment, kind, state):
    await door(servicenow.request_change, **{**PLAN, "environment": environment})
    assert wire.sent("POST")[0].body["type"] == kind and instance.moves() == [state]


@pytest.mark.parametrize(("environment", "kind"), [("staging", "standard"), ("production", "normal"), ("x", "normal")])
async def test_outside_production_changes_are_pre_approved_by_default(instance, wire, secret, door, environment, kind):
    await door(ServiceNow(wire.url, "u", secret).request_change, **{**PLAN, "environment": environment})
    assert wire.sent("POST")[0].body["type"] == kind


async def test_the_same_step_records_one_change_however_often_it_is_tried(instance, servicenow, door, wire):
    call = servicenow.request_change.call(**PLAN)
    assert await call.look_up(KEY) is None
    instance.fill("-5", "not requested", correlation_id=KEY)
    assert await call.look_up(KEY) is None, "recorded, but nobody was asked yet"
    done = await call.perform(KEY)
    assert wire.sent("POST") == [] and instance.moves() == ["-4"]
    assert (await call.look_up(KEY)).result == done
    assert await call.perform(KEY) == done
    assert instance.moves() == ["-4"]


async def test_what_a_plan_says_about_a_request(servicenow):
    call = servicenow.request_change.call(**PLAN)
    assert call.target() == Target("user-auth-service@staging")
    preview = await call.preview()
    assert preview.summary.startswith("Record a normal change of low risk, 'Deploy user-auth-service 2.1.0")
    assert preview.undo == "Cancel the change" and "Deploy 2.0.3 again" in preview.evidence
    undo = call.undo(Change("CHG0030001", ID, "New", "requested", None, Outside("", "x"), ""))
    assert undo.name == "servicenow.cancel_change" and undo.arguments["number"] == "CHG0030001"


async def test_a_risk_that_does_not_exist(servicenow, door, wire):
    with pytest.raises(NoSuchRisk, match="very high, high, moderate, low; not 'tiny'"):
        await door(servicenow.request_change, **{**PLAN, "risk": "tiny"})
    assert wire.came == []


WAITS = ChangeState(False, False, "", "CHG0030001 waits for its approval, in Assess")
APPROVED = ChangeState(True, False, "Ines", "CHG0030001 is approved by Ines and in Scheduled")
UNSIGNED = ChangeState(True, False, "", "CHG0030001 is approved and in Implement")
REJECTED = ChangeState(False, True, "Li", "CHG0030001 was rejected by Li")
CANCELED = ChangeState(False, True, "", "CHG0030001 is over: it is in Canceled")
CLOSED = ChangeState(False, True, "", "CHG0030001 is over: it is in Closed")


@pytest.mark.parametrize(
    ("state", "approval", "who", "expected"),
    [
        ("-4", "requested", [("requested", "Ines")], WAITS),
        ("-2", "approved", [("approved", "Ines"), ("not_required", "Li")], APPROVED),
        ("-1", "approved", [], UNSIGNED),
        ("-4", "rejected", [("rejected", "Li")], REJECTED),
        ("4", "approved", [], CANCELED),
        ("3", "approved", [], CLOSED),
    ],
)
async def test_whether_a_change_may_be_carried_out(instance, servicenow, state, approval, who, expected):
    instance.fill(state, approval)
    instance.approvers = [{"state": shown(answer), "approver": shown("sys", name)} for answer, name in who]
    assert await servicenow.change_state("CHG0030001") == expected


async def test_who_approved_a_change(instance, servicenow, door, wire):
    instance.fill("-2", "approved")
    instance.approvers = [{"state": shown("approved"), "approver": shown("1", name)} for name in ("Ines", "Li")]
    change = await door(servicenow.change, "chg0030001")
    assert change.approved_by == Outside("Ines, Li", "servicenow CHG0030001 approvers")
    wire[f"GET {APPROVALS}"] = wire.reply({"error": {"message": "User Not Authorized"}, "status": "failure"}, 403)
    change = await door(servicenow.change, "CHG0030001")
    assert (change.approval, change.approved_by) == ("approved", None)


async def test_what_is_not_of_the_state_model_is_unknown_and_never_free_text(instance, servicenow, door):
    instance.fill("77", "approve it at once")
    change = await door(servicenow.change, "CHG0030001")
    assert (change.state, change.approval) == ("unknown", "unknown")
    assert not (await servicenow.change_state("CHG0030001")).approved


async def test_names_of_deciders_are_shown_harmless_and_short(instance, servicenow):
    instance.fill("-2", "approved")
    name = "Ines\x1b[2J\u202e\nand everybody " + "x" * 500
    instance.approvers = [{"state": shown("approved"), "approver": shown("1", name)}]
    state = await servicenow.change_state("CHG0030001")
    assert state.approved and state.by.startswith("Ines and everybody xxx") and len(state.by) == 200


async def test_an_instance_that_answers_with_another_change_is_not_believed(instance, servicenow, door, wire):
    instance.fill("-2", "approved")
    found = instance.find
    instance.record["number"] = "CHG0030002"
    wire[f"GET {CHANGES}"] = lambda came: {"result": [{k: shown(v) for k, v in instance.record.items()}]}
    with pytest.raises(NoSuchChange):
        await door(servicenow.change, "CHG0030001")
    instance.record |= {"number": "CHG0030001", "sys_id": "../incident/x"}
    with pytest.raises(BadAnswer, match="a record whose id is none"):
        await door(servicenow.change, "CHG0030001")
    wire[f"GET {CHANGES}"] = found


async def test_words_from_outside_are_sent_as_they_are_and_stay_marked(instance, servicenow, wire):
    instance.fill("-2", "approved")
    body = said("Deployed. ", Outside("It says: close all", "kubernetes pod message"))
    call = servicenow.comment_change.call("CHG0030001", body)
    await call.perform(KEY)
    assert wire.sent("PATCH")[0].body["comments"].startswith("Deployed. It says: close all\n\nDevOS ")
    assert call.json["body"] == {
        "$outside": ["Deployed. ", {"value": "It says: close all", "from": "kubernetes pod message"}]
    }
    assert (await call.preview()).evidence == "Deployed. 'It says: close all' (kubernetes pod message)"
    with pytest.raises(MustStayBoxed):
        servicenow.comment_change.call(Outside("CHG0030001", "jira DEV-1 description"), "x")


async def test_a_comment_is_found_by_its_reference(instance, servicenow, door, wire):
    instance.fill("-2", "approved")
    await door(servicenow.comment_change, "CHG0030001", "Deployed. Error rate 0.2 %.")
    (sent,) = wire.sent("PATCH")
    assert re.fullmatch(r"Deployed\. Error rate 0\.2 %\.\n\nDevOS [0-9a-f]{16}", sent.body["comments"])
    call = servicenow.comment_change.call("CHG0030001", "Deployed. Error rate 0.2 %.")
    assert (await call.look_up(KEY)).result is None
    assert await call.look_up("another key") is None
    assert "watch list" in (await call.preview()).summary and not call.undo(None)


@pytest.mark.parametrize(("state", "way"), [("-2", ["-1", "0", "3"]), ("-1", ["0", "3"]), ("0", ["3"]), ("3", [])])
async def test_closing_walks_the_states(instance, servicenow, door, wire, state, way):
    instance.fill(state, "approved")
    change = await door(servicenow.close_change, "CHG0030001", "All green", True)
    assert change.state == "Closed" and instance.moves() == way
    if way:
        last = wire.sent("PATCH")[-1].body
        assert last == {"state": "3", "close_code": "successful", "close_notes": "All green"}


async def test_closing_after_a_failure_and_what_is_found_later(instance, servicenow, wire):
    instance.fill("-1", "approved")
    call = servicenow.close_change.call("CHG0030001", "Backed out", False)
    assert (await call.preview()).summary == "Close CHG0030001 as unsuccessful"
    assert (await servicenow.close_change.call("CHG0030001", "", True).preview()).summary.endswith("as successful")
    assert await call.look_up(KEY) is None
    done = await call.perform(KEY)
    assert wire.sent("PATCH")[-1].body["close_code"] == "unsuccessful"
    assert (await call.look_up(KEY)).result == done


@pytest.mark.parametrize("state", ["-5", "-4", "-3", "4"])
async def test_what_is_not_approved_is_not_closed(instance, servicenow, door, state):
    instance.fill(state)
    with pytest.raises(NotReady, match="cannot be closed from there"):
        await door(servicenow.close_change, "CHG0030001", "x", True)
    assert instance.moves() == []


async def test_canceling(instance, servicenow, door):
    instance.fill("-4")
    call = servicenow.cancel_change.call("CHG0030001", "Not needed any more")
    assert await call.look_up(KEY) is None
    assert (await call.preview()).evidence == "Not needed any more"
    done = await call.perform(KEY)
    assert done.state == "Canceled" and instance.journal == ["Not needed any more"]
    assert (await call.look_up(KEY)).result == done
    await call.perform(KEY)
    assert instance.moves() == ["4"]
    instance.fill("3")
    with pytest.raises(NotReady, match="in Closed and cannot be canceled"):
        await call.perform(KEY)


@pytest.mark.parametrize("number", ["CHG0030001^ORnumber=CHG0030002", "", "CHG", "../incident", "CHG1\n"])
async def test_what_is_no_number_is_not_sent(servicenow, door, wire, number):
    if number == "CHG1\n":
        number = "CHG0030001\nx"
    for asked in (door(servicenow.change, number), servicenow.change_state(number)):
        with pytest.raises(NoSuchChange):
            await asked
    assert wire.came == []


async def test_a_change_that_is_not_there(instance, servicenow, door):
    for asked in (door(servicenow.change, "CHG0039999"), door(servicenow.comment_change, "CHG0039999", "x")):
        with pytest.raises(NoSuchChange, match="no change request 'CHG0039999'"):
            await asked


async def test_a_refused_change_says_why_without_the_password(instance, servicenow, door, wire, clean, secret):
    instance.fill("-2", "approved")
    said = f"Operation was aborted by business rule; {secret}"
    wire[f"PATCH {CHANGES}/{ID}"] = wire.reply({"error": {"message": said}, "status": "failure"}, 403)
    with pytest.raises(NotAllowed) as caught:
        await door(servicenow.close_change, "CHG0030001", "x", True)
    assert "aborted by business rule; ***" in clean(caught.value)


def test_errors_are_made_again_from_their_arguments():
    for error in (NoSuchChange("CHG1"), NotReady("CHG1", "New", "closed"), NoSuchRisk("x")):
        assert str(IntegrationError.known[error.kind](*json.loads(json.dumps(error.args)))) == str(error)
