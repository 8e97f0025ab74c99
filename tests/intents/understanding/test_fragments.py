"""Fragments: the slots they fill, and the words that make them none."""

from typing import Any

import pytest

from intents.intent import Intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.fragments import Fragments, reading_of, without_one
from intents.understanding.templates import Templates, Unknown


@pytest.fixture
def fragments(requests: list[Intent], catalogue: Catalogue) -> Fragments:
    return Fragments(Templates(requests), catalogue)


@pytest.mark.parametrize(
    ("said", "slots"),
    [
        ("10", {"replicas": 10}),
        ("web app to 10", {"deployment": "web-app", "replicas": 10}),
        ("10 pods of checkout in staging", {"replicas": 10, "deployment": "checkout", "namespace": "staging"}),
        ("the user auth service", {"deployment": "user-auth-service"}),
        ("it should be in production", {"namespace": "production"}),
        ("for DEV-456", {"ticket": "DEV-456"}),
    ],
)
def test_every_word_has_its_place(
    said: str, slots: dict[str, Any], fragments: Fragments, requests: list[Intent]
) -> None:
    (reading,) = fragments.exact(said, requests[0], {})
    assert dict(reading.slots) == slots


@pytest.mark.parametrize(
    "said", ["10 bananas", "web-ap", "10 10", "not 10", "maybe checkout", "the", " ".join("a" * 20)]
)
def test_one_word_too_many_and_it_is_no_fragment(said: str, fragments: Fragments, requests: list[Intent]) -> None:
    assert fragments.exact(said, requests[0], {}) == []


def test_what_is_known_stays_and_what_is_said_now_stands_instead(fragments: Fragments, requests: list[Intent]) -> None:
    known = {"deployment": "web-app", "replicas": 3}
    (reading,) = fragments.exact("5 in staging", requests[0], known)
    assert dict(reading.slots) == {"deployment": "web-app", "replicas": 5, "namespace": "staging"}


def test_what_cannot_be_read_is_put_where_it_was_asked_for(fragments: Fragments, requests: list[Intent]) -> None:
    strange = [dict(each.slots) for each in fragments.near("web-ap to 10", requests[0], {})]
    assert {"deployment": Unknown("web-ap"), "replicas": 10} in strange
    asked = [dict(each.slots) for each in fragments.near("lots", requests[0], {"deployment": "web-app"})]
    assert {"deployment": "web-app", "replicas": Unknown("lots")} in asked
    assert fragments.near("a b " * 10, requests[0], {}) == []


def test_a_name_written_another_way_is_less_sure(fragments: Fragments, requests: list[Intent]) -> None:
    assert not fragments.exact("checkout", requests[0], {})[0].respelled
    assert fragments.exact("check out", requests[0], {})[0].respelled


def test_the_slots_of_a_reading_stand_in_their_own_order(requests: list[Intent]) -> None:
    reading = reading_of(requests[0], {"replicas": 3, "deployment": "web-app", "namespace": None})
    assert reading.slots == (("deployment", "web-app"), ("replicas", 3))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The web-app one.", "The web-app"),
        ("that staging one", "that staging"),
        ("the replicas to one", "the replicas to one"),
        ("one", "one"),
        ("scale the web-app to one", "scale the web-app to one"),
    ],
)
def test_the_one_of_a_name_is_no_number(text: str, left: str) -> None:
    assert without_one(text).strip(" .") == left.strip(" .")
