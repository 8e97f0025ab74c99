"""What a simulated ServiceNow instance does by itself: change requests' states and approvals, incidents' priorities.

https://www.servicenow.com/docs/r/it-service-management/change-management/c_ChangeStateModel.html: a normal change goes
New → Assess → Authorize → Scheduled → Implement → Review → Closed; a standard one is authorised beforehand and goes
from New to Scheduled; an emergency one from New to Authorize. Approval moves a change to Scheduled, a rejection back to
New. It can be cancelled from every state but Review and Closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from integrations.sandbox.auth import PERSON
from integrations.sandbox.servicenow_tables import Record, find, insert, kind, labels, stamp, update, write_journal
from integrations.sandbox.world import World

NEW, ASSESS, AUTHORIZE, SCHEDULED, IMPLEMENT, REVIEW, CLOSED, CANCELED = "-5", "-4", "-3", "-2", "-1", "0", "3", "4"
APPROVERS = "change-managers"

_ONWARDS = {SCHEDULED: IMPLEMENT, IMPLEMENT: REVIEW, REVIEW: CLOSED}
_ASKED = {"normal": ASSESS, "emergency": AUTHORIZE, "standard": SCHEDULED}
_PRIORITIES = {2: "1", 3: "2", 4: "3", 5: "4", 6: "5"}


class Aborted(Exception):
    """A rule of the instance did not let a record be written; the message says which."""


class NoSuchChange(Exception):
    """There is no change request of that number."""


def new_change(world: World, values: Mapping[str, str], by: str) -> Record:
    """Record a change request; one that is recorded beyond New is asked for at once.

    Raises:
        Aborted: it cannot begin in that state.
    """
    user = _person(world, by)["sys_id"]
    wanted, approval = values.get("state") or NEW, values.get("approval", "")
    own = {key: value for key, value in values.items() if key not in ("state", "approval", "number")}
    defaults = {"type": "normal", "risk": "3", "impact": "3", "urgency": "3", "priority": "4", "requested_by": user}
    with world.transaction():
        fixed = {
            "number": f"CHG{world.next_number('servicenow/CHG', 30001):07d}",
            "state": NEW,
            "approval": "not requested",
            "active": "true",
            "on_hold": "false",
            "opened_at": stamp(world.now()),
            "opened_by": user,
        }
        record = insert(world, "change_request", {**defaults, **own, **fixed}, by)
        return change_state(world, record, {"state": wanted, "approval": approval}, by)


def change_state(world: World, record: Record, values: Mapping[str, str], by: str) -> Record:
    """Write values to a change request and let its state follow them.

    `approval` can be set to "requested" only; any other value is left alone, as for an account without the right to it.

    Raises:
        Aborted: the state cannot be reached from where the change is, or a mandatory field is missing.
    """
    before, wanted = record["state"], values.get("state") or record["state"]
    plain = {key: value for key, value in values.items() if key not in ("state", "approval", "number")}
    asks = values.get("approval") == "requested" and before == NEW
    changed = update(world, "change_request", record, plain, by)
    if before == NEW and (asks or wanted == _ASKED.get(changed["type"], ASSESS)):
        return _ask(world, changed, by)
    if wanted == before:
        return changed
    _check(changed, wanted)
    now = stamp(world.now())
    marks = {
        IMPLEMENT: {"work_start": now},
        REVIEW: {"work_end": now},
        CLOSED: {"closed_at": now, "closed_by": _person(world, by)["sys_id"], "active": "false"},
        CANCELED: {"closed_at": now, "closed_by": _person(world, by)["sys_id"], "active": "false"},
        NEW: {"approval": "not requested"},
    }
    if wanted in (NEW, CANCELED):
        _withdraw(world, changed)
    return update(world, "change_request", changed, {"state": wanted, **marks.get(wanted, {})}, by)


def settle(world: World) -> None:
    """Let the company's own people decide about every change whose time has come."""
    settings = world.settings
    if settings.change_approval_seconds is None and not settings.refuse_changes:
        return
    for record in find(world, "change_request", approval="requested"):
        approvals = find(world, "sysapproval_approver", sysapproval=record["sys_id"], state="requested")
        asked = max(datetime.strptime(each["sys_created_on"], "%Y-%m-%d %H:%M:%S") for each in approvals)
        due = asked.replace(tzinfo=UTC) + timedelta(seconds=settings.change_approval_seconds or 0)
        if world.now() >= due:
            decide(world, record["number"], approved=not settings.refuse_changes)


def decide(world: World, number: str, *, approved: bool, by: str | None = None, because: str | None = None) -> Record:
    """Approve or reject a change in the name of one of the company's people.

    Args:
        world: where.
        number: the change's number.
        approved: whether it may be carried out.
        by: the user name; None for the first of the change managers.
        because: a comment for the requester.

    Raises:
        NoSuchChange: there is no such change.
        ValueError: nobody has asked for its approval, or there is no such person.
    """
    found = find(world, "change_request", number=number)
    if not found:
        known = ", ".join(each["number"] for each in find(world, "change_request"))
        raise NoSuchChange(f"there is no change {number!r}; there are {known}")
    record, user = found[0], by or _approvers(world)[0]
    if record["approval"] != "requested":
        state = labels("change_request", "state")[record["state"]]
        raise ValueError(f"{number} waits for no approval: it is in {state}, approval {record['approval']}")
    person = world.get(PERSON, user)
    if person is None:
        raise ValueError(f"there is nobody called {user!r}; there are {', '.join(world.all(PERSON))}")
    word = "approved" if approved else "rejected"
    with world.transaction():
        mine = find(world, "sysapproval_approver", sysapproval=record["sys_id"], approver=person["sys_id"])
        pending = [each for each in mine if each["state"] == "requested"]
        own = pending[0] if pending else _approval(world, record, person["sys_id"], user)
        update(world, "sysapproval_approver", own, {"state": word, "comments": because or ""}, user)
        _withdraw(world, record)
        if because:
            write_journal(world, "change_request", record, "comments", because, user)
        state = SCHEDULED if approved else NEW
        return update(world, "change_request", record, {"state": state, "approval": word}, user)


def new_incident(world: World, values: Mapping[str, str], by: str) -> Record:
    """Record an incident."""
    user = _person(world, by)["sys_id"]
    defaults = {"impact": "3", "urgency": "3", "state": "1", "caller_id": user, "category": "inquiry"}
    with world.transaction():
        fixed = {
            "number": f"INC{world.next_number('servicenow/INC', 10001):07d}",
            "approval": "not requested",
            "active": "true",
            "opened_at": stamp(world.now()),
            "opened_by": user,
        }
        given = {key: value for key, value in values.items() if value}
        record = insert(world, "incident", {**defaults, **given, **fixed}, by)
        return change_incident(world, record, {}, by)


def change_incident(world: World, record: Record, values: Mapping[str, str], by: str) -> Record:
    """Write values to an incident; its priority follows from impact and urgency.

    Raises:
        Aborted: it is to be resolved without saying how.
    """
    changed = {**record, **values}
    if changed["state"] in ("6", "7") and not (changed["close_code"] and changed["close_notes"]):
        raise Aborted("Data Policy Exception: The following fields are mandatory: Resolution code, Resolution notes")
    follows = {"active": "false" if changed["state"] in ("7", "8") else "true"}
    if changed["impact"].isdigit() and changed["urgency"].isdigit():
        follows["priority"] = _PRIORITIES.get(int(changed["impact"]) + int(changed["urgency"]), "5")
    return update(world, "incident", record, {**values, **follows}, by)


def _ask(world: World, record: Record, by: str) -> Record:
    state, preapproved = _ASKED.get(record["type"], ASSESS), record["type"] == "standard"
    staging = "staging" in f"{record['short_description']} {record['category']} {record['description']}".lower()
    if preapproved or (staging and world.settings.auto_approve_staging):
        return update(world, "change_request", record, {"state": SCHEDULED, "approval": "approved"}, by)
    for user in _approvers(world):
        _approval(world, record, _person(world, user)["sys_id"], by)
    return update(world, "change_request", record, {"state": state, "approval": "requested"}, by)


def _approval(world: World, record: Record, approver: str, by: str) -> Record:
    change = {"sysapproval": record["sys_id"], "document_id": record["sys_id"], "source_table": "change_request"}
    return insert(world, "sysapproval_approver", {**change, "approver": approver, "state": "requested"}, by)


def _withdraw(world: World, record: Record) -> None:
    for each in find(world, "sysapproval_approver", sysapproval=record["sys_id"], state="requested"):
        update(world, "sysapproval_approver", each, {"state": "not_required"}, "system")


def _check(record: Record, wanted: str) -> None:
    before, names = record["state"], labels("change_request", "state")
    back = wanted == NEW and before in (ASSESS, AUTHORIZE)
    cancelled = wanted == CANCELED and before not in (REVIEW, CLOSED, CANCELED)
    if not (_ONWARDS.get(before) == wanted or back or cancelled):
        rule = "'Change Model: Check State Transition'. Error: Cannot move from"
        raise Aborted(
            f"Operation against file 'change_request' was aborted by Business Rule {rule} "
            f"{names.get(before, before)} to {names.get(wanted, wanted)}"
        )
    if wanted == CLOSED and not (record["close_code"] and record["close_notes"]):
        raise Aborted("Data Policy Exception: The following fields are mandatory: Close code, Close notes")


def _approvers(world: World) -> list[str]:
    return [user for user, person in world.all(PERSON).items() if APPROVERS in person["groups"]]


def _person(world: World, user: str) -> Record:
    return world.all(kind("sys_user"))[world.all(PERSON)[user]["sys_id"]]
