"""The tables of a simulated ServiceNow instance: their columns, their records, and how a record is shown.

Every stored value is a string, as in the Table API: https://www.servicenow.com/docs/r/api-reference/rest-apis/c_TableAPI.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from integrations.sandbox.auth import stable_id
from integrations.sandbox.world import World

Record = dict[str, str]

_TASK = (
    "number", "short_description", "description", "state", "approval", "active", "opened_at", "opened_by", "closed_at",
    "closed_by", "assigned_to", "assignment_group", "cmdb_ci", "business_service", "impact", "urgency", "priority",
    "category", "comments", "work_notes", "correlation_id", "correlation_display", "close_code", "close_notes",
    "watch_list", "work_start", "work_end",
)  # fmt: skip
_SYSTEM = ("sys_id", "sys_class_name", "sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by")

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "change_request": (
        *_TASK, *_SYSTEM, "type", "risk", "reason", "requested_by", "justification", "implementation_plan",
        "backout_plan", "test_plan", "risk_impact_analysis", "start_date", "end_date", "phase", "on_hold",
    ),
    "incident": (*_TASK, *_SYSTEM, "caller_id", "subcategory", "contact_type", "resolved_at", "resolved_by"),
    "sys_user": (*_SYSTEM, "user_name", "name", "first_name", "last_name", "email", "title", "active"),
    "sys_user_group": (*_SYSTEM, "name", "description", "active"),
    "sys_user_grmember": (*_SYSTEM, "user", "group"),
    "cmdb_ci": (*_SYSTEM, "name", "short_description", "operational_status"),
    "sys_journal_field": (*_SYSTEM, "element_id", "element", "name", "value"),
    "sysapproval_approver": (*_SYSTEM, "sysapproval", "document_id", "source_table", "approver", "state", "comments"),
}  # fmt: skip

JOURNALED = ("comments", "work_notes")
"""Fields that only ever grow: what is written to them goes into sys_journal_field."""

_REFERENCES = {
    "opened_by": "sys_user", "closed_by": "sys_user", "assigned_to": "sys_user", "requested_by": "sys_user",
    "caller_id": "sys_user", "resolved_by": "sys_user", "approver": "sys_user", "user": "sys_user",
    "assignment_group": "sys_user_group", "group": "sys_user_group", "cmdb_ci": "cmdb_ci",
    "business_service": "cmdb_ci", "sysapproval": "change_request",
}  # fmt: skip

_LABELS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("change_request", "state"): {
        "-5": "New", "-4": "Assess", "-3": "Authorize", "-2": "Scheduled", "-1": "Implement", "0": "Review",
        "3": "Closed", "4": "Canceled",
    },
    ("change_request", "type"): {"normal": "Normal", "standard": "Standard", "emergency": "Emergency"},
    ("change_request", "risk"): {"1": "Very High", "2": "High", "3": "Moderate", "4": "Low"},
    ("change_request", "close_code"): {
        "successful": "Successful", "successful_issues": "Successful with issues", "unsuccessful": "Unsuccessful",
    },
    ("incident", "state"): {
        "1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed", "8": "Canceled",
    },
    ("sysapproval_approver", "state"): {
        "requested": "Requested", "approved": "Approved", "rejected": "Rejected", "not requested": "Not Yet Requested",
        "not_required": "No Longer Required",
    },
    ("", "approval"): {
        "not requested": "Not Yet Requested", "requested": "Requested", "approved": "Approved", "rejected": "Rejected",
    },
    ("", "impact"): {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"},
    ("", "urgency"): {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"},
    ("", "priority"): {"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low", "5": "5 - Planning"},
}  # fmt: skip


def stamp(moment: datetime) -> str:
    """A time as ServiceNow stores it, in UTC: 2026-11-20 17:05:00."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def kind(table: str) -> str:
    """The kind under which a table's records are in the world, by sys_id."""
    return f"servicenow/{table}"


def labels(table: str, column: str) -> Mapping[str, str]:
    """A choice field's values and what people see for them; empty for other fields."""
    return _LABELS.get((table, column)) or _LABELS.get(("", column), {})


def insert(world: World, table: str, values: Mapping[str, str], by: str, at: datetime | None = None) -> Record:
    """Store a new record with every column, those not named empty; the record.

    Args:
        world: where.
        table: its name.
        values: columns and values.
        by: the user name of who does it.
        at: when; None for now.
    """
    now = stamp(at or world.now())
    with world.transaction():
        number = world.next_number(f"{kind(table)}/sys_id", 1)
        system = {
            "sys_id": values.get("sys_id") or stable_id(table, str(number)),
            "sys_class_name": table,
            "sys_created_on": now,
            "sys_created_by": by,
            "sys_updated_on": now,
            "sys_updated_by": by,
        }
        record = {**dict.fromkeys(COLUMNS[table], ""), **values, **system}
        world.put(kind(table), record["sys_id"], record)
    return record


def update(world: World, table: str, record: Record, values: Mapping[str, str], by: str) -> Record:
    """Store a record with some values changed; the new record."""
    changed = {**record, **values, "sys_updated_on": stamp(world.now()), "sys_updated_by": by}
    world.put(kind(table), record["sys_id"], changed)
    return changed


def write_journal(world: World, table: str, record: Record, element: str, text: str, by: str) -> None:
    """Add a comment or a work note to a record."""
    values = {"element_id": record["sys_id"], "element": element, "name": table, "value": text}
    insert(world, "sys_journal_field", values, by)


def find(world: World, table: str, **wanted: str) -> list[Record]:
    """The records whose columns have exactly these values, oldest first."""
    records = world.all(kind(table)).values()
    found = [each for each in records if all(each[column] == value for column, value in wanted.items())]
    return sorted(found, key=age)


def age(record: Mapping[str, str]) -> tuple[str, str]:
    """What records are ordered by when nobody says otherwise."""
    return record["sys_created_on"], record.get("number", "")


def resolved(world: World, column: str, value: str) -> str:
    """The sys_id that a value written to a reference field stands for (a sys_id, or what people call the thing)."""
    table = _REFERENCES.get(column)
    if table is None or not value:
        return value
    for each in world.all(kind(table)).values():
        if value in (each["sys_id"], each.get("name"), each.get("user_name"), each.get("email"), each.get("number")):
            return str(each["sys_id"])
    return ""


class Shower:
    """Shows records the way one request asked for."""

    def __init__(self, world: World, base: str, mode: str = "false", links: bool = True) -> None:
        """Remember how.

        Args:
            world: where the records are.
            base: the instance's address, for links.
            mode: `sysparm_display_value`: "false" values, "true" what people see, "all" both.
            links: whether references carry a link (`sysparm_exclude_reference_link` is not true).
        """
        self.world, self.base, self.mode, self.links = world, base, mode, links

    def show(self, table: str, record: Record, fields: Iterable[str]) -> dict[str, Any]:
        """A record's fields; those it does not have are left out."""
        shown = {}
        for field in fields or COLUMNS[table]:
            owner = self._walk(table, record, field)
            if owner is not None:
                shown[field] = self._field(*owner)
        return shown

    def value(self, table: str, record: Record, field: str) -> str | None:
        """One value, dots followed; None where there is no such field."""
        owner = self._walk(table, record, field)
        return None if owner is None else owner[1].get(owner[2], "")

    def sort_key(self, table: str, field: str, record: Record) -> str:
        """What a record is ordered by when ordered by a field."""
        return self.value(table, record, field) or ""

    def display(self, table: str, record: Record, column: str) -> str:
        """What people see of a column."""
        value = record.get(column, "")
        if column in JOURNALED and "number" in record:
            return self._journal(record, column)
        if column in _REFERENCES and value:
            other = self.world.get(kind(_REFERENCES[column]), value)
            return "" if other is None else str(other.get("name") or other.get("number") or "")
        return labels(table, column).get(value, value)

    def _field(self, table: str, record: Record, column: str) -> Any:
        value, display = record.get(column, ""), self.display(table, record, column)
        link = {"link": f"{self.base}/api/now/table/{_REFERENCES[column]}/{value}"} if column in _REFERENCES else {}
        if self.mode == "all":
            return {"display_value": display, "value": value, **(link if value and self.links else {})}
        shown = display if self.mode == "true" else value
        if not link or not value or not self.links:
            return shown
        return {**link, "display_value" if self.mode == "true" else "value": shown}

    def _walk(self, table: str, record: Record, field: str) -> tuple[str, Record, str] | None:
        column, _, rest = field.partition(".")
        if column not in COLUMNS[table]:
            return None
        if not rest:
            return table, record, column
        other = _REFERENCES.get(column)
        if other is None:
            return None
        return self._walk(other, self.world.get(kind(other), record.get(column, "")) or {}, rest)

    def _journal(self, record: Record, element: str) -> str:
        entries = find(self.world, "sys_journal_field", element_id=record["sys_id"], element=element)
        title = "Additional comments" if element == "comments" else "Work notes"
        return "".join(
            f"{each['sys_created_on']} - {self._name(each['sys_created_by'])} ({title})\n{each['value']}\n\n"
            for each in reversed(entries)
        )

    def _name(self, user: str) -> str:
        found = find(self.world, "sys_user", user_name=user)
        return found[0]["name"] if found else user
