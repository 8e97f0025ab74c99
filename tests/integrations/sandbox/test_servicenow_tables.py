from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.sandbox import systems
from integrations.sandbox.servicenow_tables import (
    COLUMNS,
    Shower,
    find,
    insert,
    labels,
    resolved,
    update,
    write_journal,
)
from integrations.sandbox.world import World


@pytest.fixture
def company(world: World) -> Iterator[World]:
    systems.seed(world)
    yield world


def test_a_record_has_every_column_as_text(company: World) -> None:
    record = insert(company, "incident", {"short_description": "x"}, "sam.okafor")
    assert set(record) == set(COLUMNS["incident"])
    assert all(isinstance(value, str) for value in record.values())
    assert (record["sys_created_on"], record["sys_created_by"]) == ("2026-03-02 09:00:00", "sam.okafor")
    assert len(record["sys_id"]) == 32
    changed = update(company, "incident", record, {"urgency": "1"}, "dana.whitfield")
    assert changed == {**record, "urgency": "1", "sys_updated_by": "dana.whitfield"}
    assert find(company, "incident", sys_id=record["sys_id"]) == [changed]


def test_choices_have_labels(company: World) -> None:
    assert labels("change_request", "state")["-4"] == "Assess"
    assert labels("incident", "state")["2"] == "In Progress"
    assert labels("change_request", "impact")["1"] == "1 - High"
    assert labels("change_request", "short_description") == {}


def test_a_reference_may_be_written_by_name(company: World) -> None:
    elena = find(company, "sys_user", user_name="elena.fischer")[0]["sys_id"]
    for written in (elena, "elena.fischer", "Elena Fischer", "elena.fischer@larkfield.example"):
        assert resolved(company, "assigned_to", written) == elena
    assert resolved(company, "assigned_to", "nobody") == ""
    assert resolved(company, "cmdb_ci", "web-app") == find(company, "cmdb_ci", name="web-app")[0]["sys_id"]
    assert resolved(company, "short_description", "elena.fischer") == "elena.fischer"


def test_a_reference_is_shown_as_it_was_asked_for(company: World) -> None:
    change = find(company, "change_request")[0]
    value, fields = change["requested_by"], ("requested_by", "state", "assigned_to", "nonsense")
    link = f"https://x.example/api/now/table/sys_user/{value}"

    def show(mode: str, links: bool) -> dict[str, object]:
        return Shower(company, "https://x.example", mode, links).show("change_request", change, fields)

    assert show("false", True) == {"requested_by": {"link": link, "value": value}, "state": "3", "assigned_to": ""}
    assert show("false", False) == {"requested_by": value, "state": "3", "assigned_to": ""}
    assert show("true", True)["requested_by"] == {"link": link, "display_value": "Priya Raman"}
    assert show("true", False) == {"requested_by": "Priya Raman", "state": "Closed", "assigned_to": ""}
    assert show("all", True) == {
        "requested_by": {"display_value": "Priya Raman", "value": value, "link": link},
        "state": {"display_value": "Closed", "value": "3"},
        "assigned_to": {"display_value": "", "value": ""},
    }
    assert show("all", False)["requested_by"] == {"display_value": "Priya Raman", "value": value}


def test_dots_lead_to_other_records(company: World) -> None:
    change = find(company, "change_request")[0]
    shower = Shower(company, "")
    assert shower.value("change_request", change, "requested_by.email") == "priya.raman@larkfield.example"
    assert shower.value("change_request", change, "assigned_to.email") == ""
    assert shower.value("change_request", change, "requested_by.colour") is None
    assert shower.value("change_request", change, "state.colour") is None
    assert shower.show("change_request", change, ["requested_by.name"]) == {"requested_by.name": "Priya Raman"}


def test_comments_are_shown_newest_first_with_their_authors(company: World) -> None:
    change = find(company, "change_request")[0]
    write_journal(company, "change_request", change, "comments", "First.", "elena.fischer")
    write_journal(company, "change_request", change, "comments", "Second.", "somebody")
    shown = Shower(company, "", "true").show("change_request", change, ["comments", "work_notes"])
    assert shown == {
        "comments": "2026-03-02 09:00:00 - somebody (Additional comments)\nSecond.\n\n"
        "2026-03-02 09:00:00 - Elena Fischer (Additional comments)\nFirst.\n\n",
        "work_notes": "",
    }
