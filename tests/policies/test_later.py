"""Values that exist only once a change is made."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import pytest

from policies.later import Later, Marks, NotKnownYet, UnknownReference, argument, reference, resolve, spoken

RESULTS: dict[int, Any] = {1: {"replicas": 6, "owner": {"name": "ana"}}, 2: "CHG1", 3: ["a", "b"]}


@pytest.fixture
def marks() -> Marks:
    return Marks()


@pytest.mark.parametrize(
    "look",
    [
        bool,
        hash,
        iter,
        len,
        int,
        float,
        list,
        math.floor,
        abs,
        operator.neg,
        operator.index,
        lambda later: later == "x",
        lambda later: later != "x",
        lambda later: later < 1,
        lambda later: later <= 1,
        lambda later: later > 1,
        lambda later: later >= 1,
        lambda later: "x" in later,
        lambda later: later["x"],
        lambda later: later.upper(),
        lambda later: {later: 1},
        lambda later: "yes" if later else "no",
        lambda later: later % 2,
        lambda later: later // 2,
        lambda later: later**2,
        lambda later: divmod(later, 2),
        lambda later: round(later),
        *(
            lambda later, do=do, side=side: do(later, 2) if side else do(2, later)
            for do in (operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod)
            for side in (True, False)
        ),
    ],
)
def test_whatever_has_to_know_the_value_says_that_it_is_not_known(marks: Marks, look: Callable[[Any], Any]) -> None:
    with pytest.raises(NotKnownYet, match=r"of step 1 is known only once it is done"):
        look(Later(marks, 1))


def test_a_part_is_named_in_what_is_said(marks: Marks) -> None:
    part = Later(marks, 4).owner.name
    assert repr(part) == "<owner.name from step 4>"
    assert repr(Later(marks, 4)) == "<result from step 4>"
    with pytest.raises(NotKnownYet, match=r"^owner.name of step 4 is"):
        bool(part)


def test_what_python_itself_looks_for_is_not_there(marks: Marks) -> None:
    assert not hasattr(Later(marks, 1), "__await__")


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (lambda later: f"{later.replicas} replicas", "6 replicas"),
        (lambda later: f"now {later.replicas:03d}!", "now 006!"),
        (lambda later: "by " + str(later.owner.name), "by ana"),
        (lambda later: f"{later.replicas}{later.owner.name}", "6ana"),
        (lambda later: f"by {later.owner.name:>5}", "by   ana"),
        (lambda later: "by %s" % later.owner.name, "by ana"),  # noqa: UP031 - people write it
    ],
)
def test_text_with_later_values_becomes_the_text_it_would_have_been(
    marks: Marks, write: Callable[[Any], str], read: str
) -> None:
    encoded = marks.encode(write(Later(marks, 1)))
    assert "@@" not in str(encoded)
    assert resolve(encoded, RESULTS) == read


def test_the_same_text_is_the_same_in_every_plan() -> None:
    first, second = Marks(), Marks()
    assert f"{Later(first, 1).x}" != f"{Later(second, 1).x}"
    assert first.encode(f"a {Later(first, 1).x:d}") == second.encode(f"a {Later(second, 1).x:d}")
    assert first.encode(f"a {Later(first, 1).x:d}") == {"$text": ["a ", reference(1, ("x",), "d")]}


def test_an_argument_that_is_later_as_a_whole_is_a_reference(marks: Marks) -> None:
    assert argument(marks, Later(marks, 2), None) == reference(2, ())
    assert resolve(argument(marks, Later(marks, 1).replicas, None), RESULTS) == 6
    assert resolve(argument(marks, Later(marks, 2), None), RESULTS) == "CHG1"


def test_values_are_searched_through_and_through(marks: Marks) -> None:
    value = {"list": [f"{Later(marks, 2)}", 1, None, True], "deep": {"text": "plain"}}
    encoded = argument(marks, value, value)
    assert encoded["deep"] == {"text": "plain"}
    assert resolve(encoded, RESULTS) == {"list": ["CHG1", 1, None, True], "deep": {"text": "plain"}}


@pytest.mark.parametrize("change", [lambda token: token[:-3], lambda token: token.replace(" 1 ", " x ")])
def test_half_a_reference_is_refused(marks: Marks, change: Callable[[str], str]) -> None:
    with pytest.raises(UnknownReference, match="did not make"):
        marks.encode(change(f"{Later(marks, 1).replicas}"))


def test_a_reference_of_another_plan_is_refused(marks: Marks) -> None:
    with pytest.raises(UnknownReference, match="did not make"):
        marks.encode(f"{Later(Marks(), 1)}")
    with pytest.raises(UnknownReference, match="did not make"):
        marks.encode(f"{Later(marks, 1)} and {Later(Marks(), 1)}")


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (reference(9, ()), KeyError),
        (reference(1, ("gone",)), KeyError),
        (reference(3, ("name",)), TypeError),
        ({"$text": [reference(2, (), "d")]}, ValueError),
    ],
)
def test_a_result_without_that_part_does_not_fit(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        resolve(value, RESULTS)


def test_a_person_reads_references_in_words(marks: Marks) -> None:
    assert spoken(reference(2, ())) == "[result from step 2]"
    assert spoken(marks.encode(f"{Later(marks, 1).owner.name} did it")) == "[owner.name from step 1] did it"
    assert spoken("plain") == "plain"
    assert spoken({"other": 1}) == "{'other': 1}"


def test_what_a_person_reads_has_words_for_tokens_and_leaves_look_alikes_as_they_are() -> None:
    marks = Marks()
    number = Later(marks, 2, ("number",))
    theirs = "@@later 0123456789abcdef 1 number @@ {'$later': 1}"
    assert marks.readable(f"Close {number}: {theirs}") == f"Close [number from step 2]: {theirs}"
