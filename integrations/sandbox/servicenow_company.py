"""Puts the company into the tables of the simulated ServiceNow instance."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.ages import ago
from integrations.sandbox.auth import PERSON, stable_id
from integrations.sandbox.servicenow_tables import Record, insert, kind, stamp, write_journal
from integrations.sandbox.world import World


def seed(world: World, company: dict[str, Any]) -> None:
    """Put the company's people, things, past changes and incidents into an empty world."""
    groups = {
        key: insert(
            world, "sys_user_group", {"sys_id": stable_id("group", key), "name": name, "active": "true"}, "admin"
        )
        for key, name in company["groups"].items()
    }
    for user, person in world.all(PERSON).items():
        first, _, last = person["name"].partition(" ")
        names = {"user_name": user, "name": person["name"], "first_name": first, "last_name": last}
        more = {"email": person["email"], "title": person["title"], "active": "true", "sys_id": person["sys_id"]}
        insert(world, "sys_user", {**names, **more}, "admin")
        for group in person["groups"]:
            member = {"user": person["sys_id"], "group": groups[group]["sys_id"]}
            insert(world, "sys_user_grmember", member, "admin")
    for name in (*company["services"], company["newrelic"]["cluster"]):
        values = {"sys_id": stable_id("cmdb_ci", name), "name": name, "operational_status": "1"}
        insert(world, "cmdb_ci", values, "admin")
    for each in company["servicenow"]["changes"]:
        _change(world, each, groups)
    for each in company["servicenow"]["incidents"]:
        _incident(world, each, groups)


def _change(world: World, given: dict[str, str], groups: dict[str, Record]) -> None:
    opened, requester = ago(world.now(), given["opened"]), given["requested_by"]
    texts = (
        "short_description",
        "description",
        "implementation_plan",
        "backout_plan",
        "type",
        "risk",
        "state",
        "approval",
    )
    values = {
        **{name: given[name] for name in texts},
        **_shared(world, given, groups, requester),
        "number": f"CHG{world.next_number('servicenow/CHG', 30001):07d}",
        "requested_by": world.all(PERSON)[requester]["sys_id"],
        "impact": "3",
        "urgency": "3",
        "priority": "4",
        "on_hold": "false",
        "close_code": given.get("close_code", ""),
        "close_notes": given.get("close_notes", ""),
        "active": str(given["state"] != "3").lower(),
        "opened_at": stamp(opened),
    }
    record = insert(world, "change_request", values, requester, opened)
    approver = world.all(PERSON)[given["approved_by"]]["sys_id"]
    approval = {"sysapproval": record["sys_id"], "document_id": record["sys_id"], "source_table": "change_request"}
    insert(world, "sysapproval_approver", {**approval, "approver": approver, "state": "approved"}, requester, opened)


def _incident(world: World, given: dict[str, str], groups: dict[str, Record]) -> None:
    opened, caller = ago(world.now(), given["opened"]), given["caller"]
    texts = ("short_description", "description", "urgency", "impact", "category", "state")
    resolved = given["state"] == "6"
    values = {
        **{name: given[name] for name in texts},
        **_shared(world, given, groups, caller),
        "number": f"INC{world.next_number('servicenow/INC', 10001):07d}",
        "caller_id": world.all(PERSON)[caller]["sys_id"],
        "approval": "not requested",
        "priority": str(int(given["urgency"]) + int(given["impact"]) - 1),
        "close_code": "Solution provided" if resolved else "",
        "close_notes": given["work_notes"] if resolved else "",
        "active": "true",
        "opened_at": stamp(opened),
    }
    record = insert(world, "incident", values, caller, opened)
    write_journal(world, "incident", record, "work_notes", given["work_notes"], caller)


def _shared(world: World, given: dict[str, str], groups: dict[str, Record], opener: str) -> Record:
    item = world.get(kind("cmdb_ci"), stable_id("cmdb_ci", given["ci"]))
    assert item is not None, f"the company has no {given['ci']}"
    return {
        "opened_by": world.all(PERSON)[opener]["sys_id"],
        "assignment_group": groups[given["group"]]["sys_id"],
        "cmdb_ci": str(item["sys_id"]),
    }
