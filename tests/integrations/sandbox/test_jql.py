from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.jql import BadQuery, parse

ISSUES = [
    {"key": "DEV-1", "id": "1", "project": "DEV", "status": "To Do", "category": "To Do", "type": "Bug", "assignee": (),
     "labels": ["checkout"], "summary": "Cart is slow", "text": "Cart is slow when full", "priority": "High"},
    {"key": "DEV-2", "id": "2", "project": "DEV", "status": "Done", "category": "Done", "type": "Story",
     "assignee": ("elena", "Elena Fischer", "elena@x.example"), "labels": [], "summary": "Sign in", "text": "Sign in",
     "priority": "Low"},
    {"key": "PERF-1", "id": "3", "project": "PERF", "status": "In Progress", "category": "In Progress", "type": "Task",
     "assignee": ("priya", "Priya Raman", "priya@x.example"), "labels": ["a", "b"], "summary": "Scale", "text": "Scale",
     "priority": "High"},
]  # fmt: skip


def found(query: str) -> list[Any]:
    test, _ = parse(query, "elena")
    return [issue["key"] for issue in ISSUES if test(issue)]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("project = DEV", ["DEV-1", "DEV-2"]),
        ("project = dev AND status != Done", ["DEV-1"]),
        ('status = "In Progress" OR key = DEV-1', ["DEV-1", "PERF-1"]),
        ("key in (DEV-2, 'PERF-1')", ["DEV-2", "PERF-1"]),
        ("project not in (PERF)", ["DEV-1", "DEV-2"]),
        ("assignee = currentUser()", ["DEV-2"]),
        ('assignee = "Priya Raman"', ["PERF-1"]),
        ("assignee is EMPTY", ["DEV-1"]),
        ("assignee is not empty", ["DEV-2", "PERF-1"]),
        ("assignee = EMPTY", ["DEV-1"]),
        ("labels = b", ["PERF-1"]),
        ("labels in (checkout, a)", ["DEV-1", "PERF-1"]),
        ("labels is empty", ["DEV-2"]),
        ('text ~ "cart full"', ["DEV-1"]),
        ("summary !~ cart", ["DEV-2", "PERF-1"]),
        ("NOT project = DEV", ["PERF-1"]),
        ("statusCategory != Done AND (priority = High OR type = Bug)", ["DEV-1", "PERF-1"]),
        ("project = DEV OR project = PERF AND status = Done", ["DEV-1", "DEV-2"]),
    ],
)
def test_a_query_finds_what_it_says(query: str, keys: list[str]) -> None:
    assert found(query) == keys


def test_the_order_is_read() -> None:
    _, order = parse("project = DEV ORDER BY priority DESC, created ASC, key", "elena")
    assert order == [("priority", True), ("created", False), ("key", False)]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", "Unbounded JQL queries are not allowed here"),
        ("order by created", "Unbounded JQL queries are not allowed here"),
        ("colour = red", "Field 'colour' does not exist"),
        ("project = DEV order by colour", "Field 'colour' does not exist"),
        ("project DEV", "Expecting operator but got 'dev'"),
        ("project =", "ended where more was expected"),
        ("project = DEV status = Done", "Expecting either 'OR' or 'AND' but got 'status'"),
        ("project in DEV", r"Expecting '\(' but got 'DEV'"),
        ("assignee is Elena", "after 'is' comes EMPTY or NULL"),
        ("(project = DEV", "ended where more was expected"),
        ('project = "DEV', "is a reserved one"),
    ],
)
def test_what_is_no_query_is_refused_in_jiras_words(query: str, wrong: str) -> None:
    with pytest.raises(BadQuery, match=wrong):
        parse(query, "elena")
