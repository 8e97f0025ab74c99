"""Approval records that belong to no change request: asked for by one account, decided by the person they name.

https://www.servicenow.com/docs/r/servicenow-platform/approvals/c_Approvals.html: only the approver decides, and whoever
asked may take it back while it is asked for, or ask once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.servicenow_change import Aborted
from integrations.sandbox.servicenow_tables import Record, find, insert, kind, update, write_journal
from integrations.sandbox.world import World

TABLE = "sysapproval_approver"


def ask(world: World, values: Mapping[str, str], by: str) -> Record:
    """Ask somebody to approve.

    Raises:
        Aborted: nobody is named, or it is to belong to a record, which asks for its approvals itself.
    """
    if not values.get("approver") or values.get("sysapproval") or values.get("state") != "requested":
        raise Aborted("ACL Exception Insert Failed due to security constraints")
    record = insert(world, TABLE, values, by)
    _comment(world, record, values, by)
    return record


def set_state(world: World, record: Record, values: Mapping[str, str], by: str) -> Record:
    """Let its approver decide, or whoever asked take it back or ask once more.

    Raises:
        Aborted: somebody else tries, or it is no longer asked for.
    """
    approver = world.all(kind("sys_user"))[record["approver"]]["user_name"]
    state = values.get("state", record["state"])
    asker = record["sys_created_by"]
    if record["state"] == "requested":
        allowed = {"approved": approver, "rejected": approver, "not_required": asker}
    else:
        allowed = {"requested": asker} if record["state"] in ("approved", "rejected") else {}
    if state != record["state"] and allowed.get(state) != by:
        raise Aborted("ACL Exception Update Failed due to security constraints")
    changed = update(world, TABLE, record, {name: values[name] for name in ("state", "comments") if name in values}, by)
    _comment(world, changed, values, by)
    return changed


def decide(
    world: World, code: str, *, approved: bool, by: str | None = None, because: str | None = None
) -> dict[str, Any] | None:
    """Decide about the question with this code as one of those who are asked would.

    Args:
        world: where.
        code: what the comment of the question's records ends with.
        approved: whether it is approved.
        by: the user name; None for the first who is still asked.
        because: a comment.

    Returns:
        What was decided, as for a change; None where no record speaks of such a question.

    Raises:
        ValueError: that person is not asked, or not any more.
    """
    users = world.all(kind("sys_user"))
    asked = {
        users[record["approver"]]["user_name"]: record
        for record in find(world, TABLE, sysapproval="")
        if _speaks_of(world, record, code)
    }
    if not asked:
        return None
    waiting = [user for user, record in asked.items() if record["state"] == "requested"]
    user = by or next(iter(waiting), "")
    if user not in waiting:
        still = f"still asked: {', '.join(waiting) or 'nobody'}"
        raise ValueError(f"{code} is not asked of {user or 'anybody'}, or was answered already; {still}")
    state = "approved" if approved else "rejected"
    set_state(world, asked[user], {"state": state, **({"comments": because} if because else {})}, user)
    return {"change": code, "state": state, "approval": state}


def _speaks_of(world: World, record: Record, code: str) -> bool:
    written = find(world, "sys_journal_field", element_id=record["sys_id"])
    return any(each["value"].endswith(f" {code}") for each in written)


def summary(world: World) -> list[dict[str, Any]]:
    """Every such record: who is asked, how it stands, and what was written about it."""
    users = world.all(kind("sys_user"))
    return [
        {
            "approver": users[record["approver"]]["user_name"],
            "state": record["state"],
            "comments": [each["value"] for each in find(world, "sys_journal_field", element_id=record["sys_id"])],
        }
        for record in find(world, TABLE, sysapproval="")
    ]


def _comment(world: World, record: Record, values: Mapping[str, str], by: str) -> None:
    if values.get("comments"):
        write_journal(world, TABLE, record, "comments", values["comments"], by)
