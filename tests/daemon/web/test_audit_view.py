"""Entries in words, and the ways between them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from daemon.web.audit_pages import Filters
from daemon.web.audit_view import (
    audit_page,
    entry_json,
    entry_page,
    label,
    tone,
    unreadable,
    verification_page,
)
from policies.audit.event import Stored
from policies.audit.index import Facets
from policies.audit.verify import Report

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
FACETS = Facets({"ann": 5}, {"jira": 2, "kubernetes": 1}, {"careful": 3}, {"devos.action.done": 4})


def entry(seq: int = 7, kind: str = "devos.action.done", payload: Any = None, **data: Any) -> Stored:
    return Stored(seq, f"id{seq}", NOW, kind, "261120-1f3a9c2e", 1, "kubernetes.scale", data, payload)


def page(filters: Filters, *entries: Stored, before: int | None = None, limit: int = 2) -> Any:
    return audit_page(entries, filters, FACETS, [(date(2026, 11, 20), 9)], before=before, limit=limit, size=100)


def query(path: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(path).query)


def test_kinds_in_words() -> None:
    assert label("devos.approval.asked") == "Approval asked for"
    assert label("devos.some.new_thing") == "Some new thing"


@pytest.mark.parametrize(
    ("stored", "sound"),
    [
        (entry(), "good"),
        (entry(kind="devos.action.failed"), "bad"),
        (entry(kind="devos.approval.asked"), "wait"),
        (entry(kind="devos.approval.answered", answer="no"), "bad"),
        (entry(kind="devos.approval.answered", answer="yes"), "good"),
        (entry(kind="devos.run.finished", status="failed"), "bad"),
        (entry(kind="devos.run.finished", status="done"), "good"),
        (entry(kind="devos.run.started"), "plain"),
    ],
)
def test_how_an_entry_sounds(stored: Stored, sound: str) -> None:
    assert tone(stored) == sound


def test_pages_and_filters_lead_to_one_another() -> None:
    shown = page(Filters(text="a b&c", person="ann"), entry(9), entry(8), entry(7))
    assert [row.seq for row in shown.rows] == [9, 8]
    assert query(shown.older) == {"text": ["a b&c"], "person": ["ann"], "before": ["8"]}
    assert shown.newest == "" and shown.clear == "/audit"
    assert query(page(Filters(person="ann"), entry(7), before=8).newest) == {"person": ["ann"]}
    last = page(Filters(), entry(7), before=8)
    assert last.older == "" and last.newest == "/audit" and last.clear == ""


def test_a_filter_is_put_on_and_taken_off() -> None:
    facets = {facet.name: facet for facet in page(Filters(person="ann", system="aws")).facets}
    (ann,) = facets["person"].options
    assert ann.chosen and query(ann.path) == {"system": ["aws"]}
    assert [(each.value, each.count, each.chosen) for each in facets["system"].options] == [
        ("aws", 0, True),
        ("jira", 2, False),
        ("kubernetes", 1, False),
    ]
    assert query(facets["system"].options[1].path) == {"person": ["ann"], "system": ["jira"]}
    assert facets["day"].options[0].value == "2026-11-20"


def test_a_line_of_the_list() -> None:
    (row,) = page(
        Filters(), entry(target="production/web-app", level="confirm", approved_by="ann", rule="careful")
    ).rows
    assert (row.summary, row.person, row.rule) == ("production/web-app · confirm", "ann", "careful")
    assert row.run_path == "/runs/261120-1f3a9c2e" and row.path == "/audit/7"


def test_one_entry() -> None:
    shown = entry_page(entry(payload={"args": {"a": "é"}}, digest="d", key=None), 7, [{"action": "jira.move"}])
    assert shown.fields == (("digest", "d"),) and '"a": "é"' in shown.payload
    assert (shown.older, shown.newer, shown.proof) == ("/audit/6", "", "/audit/7/proof")
    assert [change.action for change in shown.changes] == ["jira.move"]
    assert entry_page(entry(1), 7, []).older == "" and entry_page(entry(1), 7, []).newer == "/audit/2"
    assert entry_page(entry(), 7, []).payload == ""


def test_an_entry_for_programs() -> None:
    told = entry_json(entry(target="x"))
    assert told["time"] == "2026-11-20T10:00:00.000Z" and told["data"] == {"target": "x"} and told["seq"] == 7


def test_a_verification() -> None:
    good = verification_page(Report(5, "ab", 5, 0), 12, "key", NOW)
    assert good.ok and good.bad_path == "" and good.problem == ""
    bad = verification_page(Report(2, "ab", 2, 0, 3, "It was altered."), 12, "key", NOW)
    assert not bad.ok and bad.bad_path == "/audit/3" and bad.problem == "It was altered."


def test_a_record_that_cannot_be_read() -> None:
    shown = unreadable(Filters(text="x"), "No.")
    assert shown.problem == "No." and shown.rows == () and shown.filters.text == "x"
