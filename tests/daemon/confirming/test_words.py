"""The words that confirm: drawn anew, told apart exactly, shown nowhere."""

import copy
import pickle
from itertools import combinations

import pytest

from daemon.confirming.words import (
    DIGITS,
    SPOKEN,
    VOCABULARY,
    WORDS,
    Challenge,
    confirmed_with,
    is_attempt,
    tokens,
)

TANGO = Challenge("tango", "7")


@pytest.mark.parametrize(
    "heard",
    [
        "Confirm tango seven.",
        "Confirm tango 7.",
        "confirm, tango, seven",
        "CONFIRM TANGO SEVEN!",
        "Confirm: Tango7",
        "Confirmed tango seven.",
        "Confirms tango seven",
        "Yes, confirm tango seven.",
        "Okay, confirm tango seven, please.",
        "I confirm tango seven.",
        "Confirm tan go 7.",
    ],
)
def test_the_right_words_count_however_they_are_written(heard: str) -> None:
    assert TANGO.met_by(heard)


@pytest.mark.parametrize(
    "heard",
    [
        "tango seven",
        "confirm",
        "confirm tango",
        "confirm seven",
        "confirm seven tango",
        "confirm tango eleven",
        "confirm tango 77",
        "confirm tango 7 7",
        "confirm tangos seven",
        "confirm tando seven",
        "don't confirm tango seven",
        "do not confirm tango seven",
        "no confirm tango seven",
        "confirm tango seven no",
        "wait confirm tango seven",
        "never confirm tango seven",
        "confirm tango seven confirm kilo three",
        "confirm tango seven now do it",
        "please don't confirm tango seven",
        "\u0441onfirm tango seven",  # a Cyrillic c
        "confirm tango 7\u00b2",
        "",
    ],
)
def test_nothing_else_does(heard: str) -> None:
    assert not TANGO.met_by(heard)


def test_no_words_are_met_by_any_spelling_of_others() -> None:
    said = {
        (word, digit): [
            f"confirm {form} {number}" for form in (word, *WORDS[word]) for number in (digit, *DIGITS[digit])
        ]
        for word in WORDS
        for digit in DIGITS
    }
    for right, texts in said.items():
        challenge = Challenge(*right)
        assert all(challenge.met_by(text) for text in texts)
        assert not any(challenge.met_by(text) for other, wrong in said.items() if other != right for text in wrong)


def test_no_two_words_share_a_spelling() -> None:
    for table in (WORDS, DIGITS):
        for one, other in combinations(table, 2):
            assert not {one, *table[one]} & {other, *table[other]}
    assert len(WORDS) * len(DIGITS) >= 100


def test_words_are_drawn_from_all_and_never_those_of_before() -> None:
    drawn, before = set(), None
    for _ in range(1000):
        words = Challenge.draw(but=before)
        if before is not None:
            assert words.aloud.split()[0] != before.aloud.split()[0]
            assert words.aloud.split()[1] != before.aloud.split()[1]
        drawn.add(words.aloud)
        before = words
    assert {each.split()[0] for each in drawn} == set(WORDS)
    assert {each.split()[1] for each in drawn} == set(SPOKEN.values())


def test_words_show_themselves_to_nothing_that_writes() -> None:
    assert (repr(TANGO), str(TANGO), f"{TANGO}") == ("<words>",) * 3
    assert not hasattr(TANGO, "__dict__")
    for store in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="never stored"):
            store(TANGO)


def test_the_vocabulary_holds_every_word() -> None:
    known = set(tokens(VOCABULARY))
    assert set(WORDS) | set(SPOKEN.values()) | {"confirm", "no", "wait", "repeat"} <= known


@pytest.mark.parametrize("said", ["confirm bravo two", "confirm", "confirm whatever that is", "bravo two", "tango 7."])
def test_an_attempt_is_known_as_one(said: str) -> None:
    assert is_attempt(said)


@pytest.mark.parametrize("said", ["scale hotel to three", "bravo", "two", "delta in staging", ""])
def test_everything_else_is_none(said: str) -> None:
    assert not is_attempt(said)
    assert confirmed_with(said) is None


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("Confirm tango seven.", True),
        ("um, tan go then, was it 7?", True),
        ("seven tango", True),
        ("confirm tango", False),
        ("confirm delta seven", False),
        ("", False),
    ],
)
def test_whether_a_sentence_holds_the_words_is_known_whatever_else_it_says(said: str, named: bool) -> None:
    assert Challenge("tango", "7").named_in(said) is named
