from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from integrations.sandbox.auth import stable_id
from integrations.sandbox.client import NotAccepted

if TYPE_CHECKING:
    from tests.integrations.sandbox.conftest import Running

TABLE = "/api/now/table/sysapproval_approver"
DANA = stable_id("sys_user", "dana.whitfield")


def send(running: Running, method: str, path: str, body: Any = None, by: str = "devos.automation") -> httpx.Response:
    return httpx.request(method, running.endpoints.servicenow + path, json=body, auth=(by, "password"))


def asked(running: Running, **more: str) -> str:
    body = {"approver": DANA, "state": "requested", "comments": "May it?", **more}
    answer = send(running, "POST", TABLE, body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["result"]["sys_id"])


def told(running: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = running.admin.state()["servicenow"]["approvals"]
    return found


def test_its_approver_decides(running: Running) -> None:
    sys_id = asked(running)
    body = {"state": "approved", "comments": "tested"}
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", body, by="sam.okafor").status_code == 403
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", body).status_code == 403, "not whoever asked, either"
    answer = send(running, "PATCH", f"{TABLE}/{sys_id}", body, by="dana.whitfield").json()["result"]
    assert (answer["state"], answer["sys_updated_by"]) == ("approved", "dana.whitfield")
    assert told(running) == [{"approver": "dana.whitfield", "state": "approved", "comments": ["May it?", "tested"]}]
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", {"state": "rejected"}, by="dana.whitfield").status_code == 403


def test_whoever_asked_takes_it_back(running: Running) -> None:
    sys_id = asked(running)
    back = {"state": "not_required"}
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", back, by="dana.whitfield").status_code == 403
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", {"comments": "soon"}, by="sam.okafor").status_code == 200
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", back).status_code == 200
    assert told(running)[0]["state"] == "not_required"
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", {"state": "approved"}, by="dana.whitfield").status_code == 403


def test_whoever_asked_may_ask_once_more(running: Running) -> None:
    sys_id = asked(running)
    again = {"state": "requested", "comments": "Why?"}
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", {"state": "approved"}, by="dana.whitfield").status_code == 200
    for other in ("dana.whitfield", "sam.okafor"):
        assert send(running, "PATCH", f"{TABLE}/{sys_id}", again, by=other).status_code == 403
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", again).status_code == 200
    assert told(running) == [{"approver": "dana.whitfield", "state": "requested", "comments": ["May it?", "Why?"]}]
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", {"state": "not_required"}).status_code == 200
    assert send(running, "PATCH", f"{TABLE}/{sys_id}", again).status_code == 403


@pytest.mark.parametrize("wrong", [{"approver": ""}, {"approver": "nobody"}, {"state": "approved"}, {"state": ""}])
def test_what_is_no_request(running: Running, wrong: dict[str, str]) -> None:
    body = {"approver": DANA, "state": "requested", **wrong}
    assert send(running, "POST", TABLE, body).status_code == 403


def test_people_are_played_by_the_questions_code(running: Running) -> None:
    asked(running, comments="May it?\n\nDevOS question k7m2qd")
    marcus = stable_id("sys_user", "marcus.oyelaran")
    asked(running, comments="May it?\n\nDevOS question k7m2qd", approver=marcus)
    with pytest.raises(NotAccepted, match=r"k7m2qd is not asked of sam\.okafor"):
        running.admin.approve("k7m2qd", by="sam.okafor")
    assert running.admin.approve("k7m2qd", by="dana.whitfield", because="tested")["state"] == "approved"
    assert "tested" in told(running)[0]["comments"]
    assert running.admin.refuse("k7m2qd", because="not on a Friday")["state"] == "rejected"
    assert [each["state"] for each in told(running)] == ["approved", "rejected"]
    assert "not on a Friday" in told(running)[1]["comments"]
    with pytest.raises(NotAccepted, match="k7m2qd is not asked of anybody, or was answered already"):
        running.admin.approve("k7m2qd")
    with pytest.raises(NotAccepted, match="there is no change 'zzzzzz'"):
        running.admin.approve("zzzzzz")


def test_a_change_asks_for_its_approvals_itself(running: Running) -> None:
    change = send(running, "GET", "/api/now/table/change_request").json()["result"][0]["sys_id"]
    body = {"approver": DANA, "state": "requested", "sysapproval": change}
    assert send(running, "POST", TABLE, body).status_code == 403
