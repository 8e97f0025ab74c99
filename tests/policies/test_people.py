"""Who people are: known or not, of which groups, by which names in which systems."""

from __future__ import annotations

import pytest

from policies.people import People

PEOPLE = People(
    {
        "ana": {"entra": "A-1", "jira": "5b1"},
        "tom": {"entra": "T-1", "servicenow": "tom.t"},
        "thomas": {"servicenow": "TOM.T"},
        "eve": {"entra": "", "jira": "5b2"},
    },
    {"payments": ("ana", "tom"), "leads": ("ana",)},
)


def test_without_settings_anybody_is_known_and_of_no_group() -> None:
    assert People().knows("anybody")
    assert not People().groups_of("anybody") and not People().members("payments")


def test_with_settings_only_who_is_named_is_known() -> None:
    assert PEOPLE.knows("ana") and not PEOPLE.knows("mallory")
    assert PEOPLE.groups_of("ana") == {"payments", "leads"}
    assert PEOPLE.members("payments") == {"ana", "tom"} and not PEOPLE.members("nobody")


@pytest.mark.parametrize(
    ("system", "identity", "person"),
    [
        ("entra", "a-1", "ana"),
        ("entra", "A-1", "ana"),
        ("jira", "A-1", None),
        ("entra", "", None),
        ("splunk", "x", None),
    ],
)
def test_a_system_names_one_person(system: str, identity: str, person: str | None) -> None:
    assert PEOPLE.who(system, identity) == person


def test_an_identity_of_two_people_names_neither() -> None:
    assert PEOPLE.who("servicenow", "tom.t") is None
    assert PEOPLE.person("tom.t") == "tom.t"


@pytest.mark.parametrize(
    ("name", "person"),
    [("ana", "ana"), ("ANA", "ana"), ("a-1", "ana"), ("5b2", "eve"), ("mallory", "mallory"), ("", "")],
)
def test_a_person_is_found_by_every_name(name: str, person: str) -> None:
    assert PEOPLE.person(name) == person


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ana", "Ana", True),
        ("tom", "thomas", True),
        ("thomas", "tom", True),
        ("ana", "tom", False),
        ("eve", "thomas", False),
        ("eve", "mallory", False),
    ],
)
def test_two_names_with_one_identity_are_one_person(one: str, other: str, same: bool) -> None:
    assert PEOPLE.same(one, other) is same
