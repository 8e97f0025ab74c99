from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.sandbox.client import NotAccepted
from integrations.sandbox.systems import SYSTEMS

CHANGE = {"short_description": "Deploy user-auth-service 1.43.0", "state": "-4"}


def asked(running: Any) -> str:
    """The number of a change that waits for its approval."""
    answer = running.servicenow.post("/api/now/table/change_request", json=CHANGE)
    number: str = answer.json()["result"]["number"]
    return number


def test_the_state_shows_every_system(running: Any) -> None:
    state = running.admin.state()
    assert set(SYSTEMS) <= set(state)
    assert state["at"] == "2026-03-02T09:00:00+00:00"
    web_app = state["kubernetes"]["deployments"]["production/web-app"]
    assert (web_app["replicas"], web_app["ready"]) == (4, 4)
    assert state["jira"]["issues"]["DEV-456"]["type"] == "Bug"
    assert state["servicenow"]["changes"]["CHG0030002"]["state"] == "Scheduled"
    assert state["cdk"]["stacks"]["UserAuthStagingStack"]["status"] == "UPDATE_COMPLETE"
    assert state["newrelic"]["services"]["production/web-app"]["error_percent"] == pytest.approx(0.2)


def test_a_reset_brings_the_first_day_back(running: Any) -> None:
    first = running.admin.state()
    asked(running)
    running.jira.post("/rest/api/3/issue/DEV-456/transitions", json={"transition": {"id": "21"}})
    running.admin.fault(system="jira", kind="drop", times=None)
    running.admin.settings(cdk_fails=True)
    assert running.admin.state() != first
    running.admin.reset()
    assert running.admin.state() == first
    assert running.admin.journal() == []


def test_a_change_is_approved_by_one_of_the_people(running: Any) -> None:
    number = asked(running)
    assert running.admin.approve(number) == {"change": number, "state": "Scheduled", "approval": "approved"}
    assert running.admin.state()["servicenow"]["changes"][number]["approved_by"] == ["Dana Whitfield"]


def test_somebody_else_may_be_the_one(running: Any) -> None:
    number = asked(running)
    running.admin.approve(number, by="marcus.oyelaran")
    assert running.admin.state()["servicenow"]["changes"][number]["approved_by"] == ["Marcus Oyelaran"]


def test_a_change_is_refused_with_a_reason(running: Any) -> None:
    number = asked(running)
    assert running.admin.refuse(number, because="Not on a Friday.")["approval"] == "rejected"
    change = running.admin.state()["servicenow"]["changes"][number]
    assert (change["state"], change["comments"]) == ("New", ["dana.whitfield (comments): Not on a Friday."])


def test_what_cannot_be_approved_says_why(running: Any) -> None:
    with pytest.raises(NotAccepted, match="there is no change 'CHG0099999'; there are CHG0030001, CHG0030002"):
        running.admin.approve("CHG0099999")
    with pytest.raises(NotAccepted, match="CHG0030001 waits for no approval: it is in Closed, approval approved"):
        running.admin.approve("CHG0030001")
    with pytest.raises(NotAccepted, match=r"there is nobody called 'nobody'; there are dana.whitfield"):
        running.admin.approve(asked(running), by="nobody")


def test_wrong_questions_are_refused(running: Any) -> None:
    with pytest.raises(NotAccepted, match=r"system must be one of jira, .*, cdk, not 'fax'"):
        running.admin.journal("fax")
    with pytest.raises(NotAccepted, match="system must be one of jira"):
        running.admin.fault(system="cdk", kind="drop")
    with pytest.raises(NotAccepted, match="there is no setting 'speed'"):
        running.admin.settings(speed=3)
    for content in (b"[1]", b"{", b""):
        answer = httpx.post(f"{running.endpoints.admin}/settings", content=content)
        assert answer.status_code == 400
        assert answer.json()["error"]


def test_settings_change_one_at_a_time(running: Any) -> None:
    running.admin.settings(cdk_seconds=9)
    assert running.admin.settings(unhealthy=["staging/checkout"])["cdk_seconds"] == 9


def test_what_the_admin_is_asked_is_not_in_the_journal(running: Any) -> None:
    running.admin.state()
    running.admin.settings(cdk_seconds=9)
    assert running.admin.journal() == []
