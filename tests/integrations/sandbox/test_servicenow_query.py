from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.servicenow_query import parse

RECORDS = [
    {
        "number": "CHG0030001",
        "state": "-5",
        "short_description": "Deploy web-app",
        "priority": "4",
        "cmdb_ci": "",
        "dept.head": "Ann",
    },
    {
        "number": "CHG0030002",
        "state": "-1",
        "short_description": "Upgrade nodes",
        "priority": "2",
        "cmdb_ci": "c1",
        "dept.head": "Bo",
    },
    {
        "number": "CHG0030010",
        "state": "3",
        "short_description": "Deploy ^ checkout",
        "priority": "3",
        "cmdb_ci": "c2",
        "dept.head": "",
    },
]


def found(query: str) -> list[Any]:
    parsed = parse(query)
    return [record["number"][-2:] for record in RECORDS if parsed.holds(record.get)]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["01", "02", "10"]),
        ("number=chg0030001", ["01"]),
        ("number!=CHG0030001", ["02", "10"]),
        ("short_descriptionLIKEdeploy", ["01", "10"]),
        ("short_descriptionLIKEdeploy^state=3", ["10"]),
        ("short_descriptionNOT LIKEdeploy", ["02"]),
        ("short_descriptionSTARTSWITHUp", ["02"]),
        ("short_descriptionENDSWITHapp", ["01"]),
        ("short_descriptionCONTAINSnode", ["02"]),
        ("stateIN-5,-1", ["01", "02"]),
        ("stateNOT IN-5,-1", ["10"]),
        ("priority>2", ["01", "10"]),
        ("priority<=3", ["02", "10"]),
        ("priority<3^ORpriority>=4", ["01", "02"]),
        ("cmdb_ciISEMPTY", ["01"]),
        ("cmdb_ciISNOTEMPTY^state=-1", ["02"]),
        ("state=3^ORstate=-1^priority=2", ["02"]),
        ("state=3^NQpriority=4", ["01", "10"]),
        ("short_descriptionLIKE^^ checkout", ["10"]),
        ("dept.head=bo", ["02"]),
        ("colour=red", ["01", "02", "10"]),
        ("colour=red^state=3", ["10"]),
        ("nonsense^state=3", ["10"]),
        ("state=3^ORcolour=red", ["10"]),
    ],
)
def test_a_query_finds_what_it_says(query: str, numbers: list[str]) -> None:
    assert found(query) == numbers


def test_the_order_is_read() -> None:
    query = parse("state=3^ORDERBYDESCpriority^ORDERBYnumber")
    assert query.order == [("priority", True), ("number", False)]
