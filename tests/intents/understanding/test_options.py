"""Choosing between what a sentence could have meant."""

import pytest

from intents.intent import Intent
from intents.understanding.options import Option, choose, labelled, pick, question


@pytest.fixture
def two(requests: list[Intent]) -> tuple[Option, ...]:
    scale = requests[0]
    return labelled(
        [
            ("scale web-app to 3", scale, {"deployment": "web-app", "replicas": 3}),
            ("scale web-api to 3", scale, {"deployment": "web-api", "replicas": 3}),
        ]
    )


def test_options_are_called_by_what_tells_them_apart(two: tuple[Option, ...], requests: list[Intent]) -> None:
    assert question(two) == "Do you mean web-app or web-api?"
    different = labelled([("scale a to 3", requests[0], {"replicas": 3}), ("deploy a", requests[1], {"service": "a"})])
    assert question(different) == "Do you mean scale a to 3 or deploy a?"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("The first one.", "web-app"),
        ("first", "web-app"),
        ("the second", "web-api"),
        ("number two", "web-api"),
        ("the latter", "web-api"),
        ("the last one please", None),
        ("last", "web-api"),
        ("Web API.", "web-api"),
        ("I mean the web app", "web-app"),
        ("web-app, please", "web-app"),
        ("scale web-api to 3", "web-api"),
        ("the third one", None),
        ("yes", None),
        ("web", None),
        ("both", None),
        ("", None),
        ("checkout", None),
    ],
)
def test_an_answer_names_one_or_none(said: str, meant: str | None, two: tuple[Option, ...]) -> None:
    chosen = choose(said, two)
    assert (chosen.label if chosen else None) == meant


def test_a_single_option_is_taken_by_yes(two: tuple[Option, ...]) -> None:
    assert choose("Yes.", two[:1]) is two[0]
    assert choose("no", two[:1]) is None


def test_numbers_among_the_labels_are_no_places() -> None:
    assert pick("two", [("5",), ("2",)]) is None
    assert pick("2", [("5",), ("2",)]) == 1
    assert pick("the second one", [("5",), ("2",)]) == 1
