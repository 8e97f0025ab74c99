"""What an entry is found by, and how a search is put."""

from datetime import UTC, datetime

import pytest

from policies.action import Json
from policies.audit.event import Stored
from policies.audit.terms import persons, query, terms_of, token


def stored(data: dict[str, Json], **fields: object) -> Stored:
    usual = {"seq": 1, "id": "x", "time": datetime(2026, 3, 1, tzinfo=UTC), "type": "devos.action.done"}
    rest = {"run": None, "step": None, "action": None, "payload": None}
    return Stored(**{**usual, **rest, "data": data, **fields})  # type: ignore[arg-type]  # the fields' types are the caller's


def test_everybody_is_named_once() -> None:
    entry = stored({"person": "ana", "by": "ben", "approved_by": "cleo, ana", "via": "voice"})
    assert persons(entry, "ana") == ["ana", "ben", "cleo"]
    assert persons(stored({"person": None}), None) == []


def test_names_of_members_and_truth_values_are_no_words() -> None:
    entry = stored(
        {"replicas": 10, "plan": True, "rule": None}, run="r1", action="jira.issue", payload={"a": [1.5, {"b": "c d"}]}
    )
    terms = terms_of(entry, None)
    assert terms.said == "r1 jira.issue 10" and terms.apart == "1.5 c d"
    assert dict(terms.facets) == {"type": "devos.action.done", "run": "r1", "system": "jira"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("scale web-app", '{said apart} : ("scale" "web-app")'),
        ("scal* web-**", '{said apart} : ("scal"* "web-"*)'),
        ('"two words" one', '{said apart} : ("two words" "one")'),
        ('half "open', '{said apart} : ("half" "open")'),
    ],
)
def test_a_search_is_all_its_words(text: str | None, expected: str | None) -> None:
    assert query(text, {"person": None}) == expected


def test_a_facet_is_one_word() -> None:
    assert query("x", {"person": "ana b"}) == f'facets : {token("person", "ana b")} AND {{said apart}} : ("x")'
    assert token("person", "ana b").isalnum()
