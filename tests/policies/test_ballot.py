"""An answer as it comes in."""

from __future__ import annotations

import pytest

from policies.ballot import Ballot, clean
from policies.people import People

PEOPLE = People({"tom": {"entra": "T-1"}})


def test_an_answer_is_whoever_the_identity_means_and_cleaned() -> None:
    ballot = Ballot.of(PEOPLE, " K7M2XQ\n", True, " t-1\x00", "teams", "d\u200b1", "  ", {"n": 1})
    assert ballot == Ballot("k7m2xq", True, "tom", "teams", "d1", None, {"n": 1})
    assert ballot.recorded == {"approval": "k7m2xq", "answer": "yes", "by": "tom", "via": "teams"}
    assert Ballot.of(PEOPLE, "x", False, "bob", "web").recorded["answer"] == "no"


@pytest.mark.parametrize(
    ("typed", "kept"), [("two\nlines", "two lines"), ("\x1b[31mred", "red"), ("\ud83dhalf", "half"), (" \u202e ", "")]
)
def test_only_what_is_seen_is_kept(typed: str, kept: str) -> None:
    assert clean(typed) == kept
