from __future__ import annotations

from integrations.sandbox import systems
from integrations.sandbox.servicenow_tables import find
from integrations.sandbox.world import World


def test_the_company_is_in_the_tables(world: World) -> None:
    systems.seed(world)
    changes = find(world, "change_request")
    assert [each["number"] for each in changes] == ["CHG0030001", "CHG0030002"]
    assert changes[0]["sys_created_on"] == "2026-02-14 09:00:00"
    assert (changes[0]["active"], changes[1]["active"]) == ("false", "true")
    assert {each["state"] for each in find(world, "sysapproval_approver")} == {"approved"}
    incidents = find(world, "incident")
    assert {each["number"]: each["priority"] for each in incidents} == {"INC0010001": "3", "INC0010002": "5"}
    resolved = next(each for each in incidents if each["state"] == "6")
    assert resolved["close_notes"]
    assert len(find(world, "sys_journal_field", name="incident")) == 2
    users = find(world, "sys_user")
    assert {"Dana", "DevOS"} <= {each["first_name"] for each in users}
    members = find(world, "sys_user_grmember")
    assert {each["user"] for each in members} <= {each["sys_id"] for each in users}
    assert {each["name"] for each in find(world, "cmdb_ci")} >= {"web-app", "larkfield-main"}
