"""The Table API through HTTP."""

from __future__ import annotations

from typing import Any

import pytest

CHANGES, INCIDENTS = "/api/now/table/change_request", "/api/now/table/incident"
CHANGE = {
    "short_description": "Deploy user-auth-service 1.43.0 to staging",
    "implementation_plan": "cdk deploy UserAuthStagingStack",
    "backout_plan": "cdk deploy with the version before",
    "risk": "3",
    "cmdb_ci": "user-auth-service",
    "correlation_id": "run-1:step-1",
}


def created(running: Any, table: str = CHANGES, **values: Any) -> dict[str, Any]:
    answer = running.servicenow.post(table, json={**CHANGE, **values})
    assert answer.status_code == 201, answer.text
    result: dict[str, Any] = answer.json()["result"]
    return result


def test_a_change_is_recorded_and_read(running: Any) -> None:
    answer = running.servicenow.post(CHANGES, json=CHANGE)
    change = answer.json()["result"]
    assert answer.headers["Location"] == f"{running.endpoints.servicenow}{CHANGES}/{change['sys_id']}"
    assert (change["number"], change["state"], change["approval"]) == ("CHG0030003", "-5", "not requested")
    for name in ("short_description", "implementation_plan", "backout_plan", "risk", "correlation_id"):
        assert change[name] == CHANGE[name]
    assert change["cmdb_ci"]["link"].startswith(f"{running.endpoints.servicenow}/api/now/table/cmdb_ci/")
    assert running.servicenow.get(f"{CHANGES}/{change['sys_id']}").json()["result"] == change
    assert running.servicenow.get(change["cmdb_ci"]["link"]).json()["result"]["name"] == "user-auth-service"


def test_the_same_change_twice_is_two_changes(running: Any) -> None:
    assert created(running)["number"] != created(running)["number"]
    found = running.servicenow.get(CHANGES, params={"sysparm_query": "correlation_id=run-1:step-1"}).json()["result"]
    assert len(found) == 2


def test_a_list_can_be_asked_for_in_part(running: Any) -> None:
    for number in range(3):
        created(running, short_description=f"Change {number}")
    asked = {
        "sysparm_query": "short_descriptionSTARTSWITHChange^ORDERBYDESCnumber",
        "sysparm_fields": "number,requested_by.user_name",
        "sysparm_limit": "2",
    }
    answer = running.servicenow.get(CHANGES, params=asked)
    assert answer.headers["X-Total-Count"] == "3"
    assert answer.json()["result"] == [
        {"number": "CHG0030005", "requested_by.user_name": "elena.fischer"},
        {"number": "CHG0030004", "requested_by.user_name": "elena.fischer"},
    ]
    rest = running.servicenow.get(CHANGES, params={**asked, "sysparm_offset": "2"}).json()["result"]
    assert [each["number"] for each in rest] == ["CHG0030003"]


def test_a_field_may_be_asked_for_by_its_name(running: Any) -> None:
    found = running.servicenow.get(CHANGES, params={"number": "CHG0030001"}).json()["result"]
    assert [each["short_description"] for each in found] == ["Deploy payment-service 2.19.0 to production"]
    assert running.servicenow.get(CHANGES, params={"number": "CHG9"}).json() == {"result": []}


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_versions_in_the_path_are_understood(running: Any, version: str) -> None:
    assert running.servicenow.get(f"/api/now/{version}/table/incident").status_code == 200


def test_display_values(running: Any) -> None:
    asked = {
        "sysparm_display_value": "all",
        "sysparm_exclude_reference_link": "true",
        "sysparm_fields": "state,requested_by",
    }
    change = running.servicenow.get(CHANGES, params={**asked, "number": "CHG0030001"}).json()["result"][0]
    assert change["state"] == {"display_value": "Closed", "value": "3"}
    assert set(change["requested_by"]) == {"display_value", "value"}


def test_labels_may_be_written_when_it_is_said_so(running: Any) -> None:
    url = f"{CHANGES}?sysparm_input_display_value=true&sysparm_fields=risk"
    assert running.servicenow.post(url, json={"risk": "High"}).json()["result"] == {"risk": "2"}


def test_unknown_and_system_fields_are_ignored(running: Any) -> None:
    change = created(running, colour="red", sys_id="mine", number="CHG1", active=False)
    assert "colour" not in change
    assert change["sys_id"] != "mine"
    assert (change["number"], change["active"]) == ("CHG0030003", "true")


def test_approval_through_the_table_of_approvals(running: Any) -> None:
    change = created(running)
    path = f"{CHANGES}/{change['sys_id']}"
    assert running.servicenow.patch(path, json={"state": "-4"}).json()["result"]["approval"] == "requested"
    asked = {
        "sysparm_query": f"sysapproval={change['sys_id']}^state=requested",
        "sysparm_fields": "sys_id,approver.name",
    }
    waiting = running.servicenow.get("/api/now/table/sysapproval_approver", params=asked).json()["result"]
    assert [each["approver.name"] for each in waiting] == ["Dana Whitfield", "Marcus Oyelaran"]
    approval = f"/api/now/table/sysapproval_approver/{waiting[1]['sys_id']}"
    body = {"state": "approved", "comments": "Go ahead."}
    assert running.servicenow.patch(approval, json=body).json()["result"]["state"] == "approved"
    assert running.servicenow.get(path).json()["result"]["state"] == "-2"
    assert running.admin.state()["servicenow"]["changes"][change["number"]]["approved_by"] == ["Marcus Oyelaran"]
    assert running.servicenow.patch(approval, json=body).status_code == 403


def test_the_people_decide_while_nobody_looks(running: Any) -> None:
    running.admin.settings(change_approval_seconds=3600)
    path = f"{CHANGES}/{created(running, state='-4')['sys_id']}"
    assert running.servicenow.get(path).json()["result"]["approval"] == "requested"
    running.clock.pass_by(3600)
    assert running.servicenow.get(path).json()["result"]["approval"] == "approved"


def test_comments_and_work_notes_go_into_the_journal(running: Any) -> None:
    change = created(running, comments="Recorded by DevOS.")
    path = f"{CHANGES}/{change['sys_id']}"
    running.servicenow.patch(path, json={"comments": "Deployed.", "work_notes": "Took 40 s."})
    asked = {"sysparm_query": f"element_id={change['sys_id']}^ORDERBYsys_created_on", "sysparm_fields": "element,value"}
    entries = running.servicenow.get("/api/now/table/sys_journal_field", params=asked).json()["result"]
    assert {(each["element"], each["value"]) for each in entries} == {
        ("comments", "Recorded by DevOS."),
        ("comments", "Deployed."),
        ("work_notes", "Took 40 s."),
    }
    assert running.servicenow.get(path).json()["result"]["comments"] == ""
    shown = running.servicenow.get(path, params={"sysparm_display_value": "true"}).json()["result"]["comments"]
    assert "Elena Fischer (Additional comments)\nDeployed." in shown


def test_what_a_rule_does_not_allow_is_forbidden_and_not_done(running: Any) -> None:
    change = created(running)
    path = f"{CHANGES}/{change['sys_id']}"
    answer = running.servicenow.patch(path, json={"state": "-1", "description": "x", "comments": "y"})
    assert answer.status_code == 403
    assert answer.json()["status"] == "failure"
    assert answer.json()["error"]["message"] == "Operation Failed"
    assert "Cannot move from New to Implement" in answer.json()["error"]["detail"]
    assert running.servicenow.get(path).json()["result"] == change


def test_an_incident_is_recorded_changed_and_deleted(running: Any) -> None:
    incident = created(running, INCIDENTS, urgency="2", impact="2", category="software")
    assert (incident["number"], incident["priority"], incident["state"]) == ("INC0010003", "3", "1")
    path = f"{INCIDENTS}/{incident['sys_id']}"
    changed = running.servicenow.put(path, json={"urgency": "1", "assigned_to": "sam.okafor"}).json()["result"]
    assert changed["priority"] == "2"
    assert running.servicenow.delete(path).status_code == 204
    missing = {"message": "No Record found", "detail": "Record doesn't exist or ACL restricts the record retrieval"}
    for method in ("GET", "DELETE", "PATCH"):
        answer = running.servicenow.request(method, path, json={} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()) == (404, {"error": missing, "status": "failure"})


def test_people_can_be_looked_up(running: Any) -> None:
    asked = {"sysparm_query": "email=dana.whitfield@larkfield.example", "sysparm_fields": "name,title"}
    found = running.servicenow.get("/api/now/table/sys_user", params=asked).json()["result"]
    assert found == [{"name": "Dana Whitfield", "title": "Release Manager"}]


def test_other_tables_can_be_written_too_but_not_the_journal(running: Any) -> None:
    item = running.servicenow.post("/api/now/table/cmdb_ci", json={"name": "new-service"}).json()["result"]
    changed = running.servicenow.patch(f"/api/now/table/cmdb_ci/{item['sys_id']}", json={"name": "newer-service"})
    assert changed.json()["result"]["name"] == "newer-service"
    for table in ("sys_journal_field", "sysapproval_approver"):
        assert running.servicenow.post(f"/api/now/table/{table}", json={}).status_code == 403


def test_what_is_wrong_is_refused_as_the_instance_does(running: Any) -> None:
    answer = running.servicenow.get("/api/now/table/nonsense")
    assert answer.status_code == 400
    assert answer.json() == {"error": {"message": "Invalid table nonsense", "detail": None}, "status": "failure"}
    assert running.servicenow.get("/api/now/nonsense").status_code == 400
    assert running.servicenow.post(CHANGES, content=b"{").status_code == 400
    assert running.servicenow.post(CHANGES, json=[1]).json()["status"] == "failure"
    assert running.servicenow.post(f"{CHANGES}/x").status_code == 405
