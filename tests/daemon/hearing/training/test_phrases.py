"""What is said while a word is learnt."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from daemon.hearing.training import phrases
from daemon.hearing.training.voices import phonemes


def test_our_own_name_is_said_as_people_say_it_and_others_as_they_are_written() -> None:
    assert phrases.pronunciations("hey devos") == ["hey dev O S", "hey dev oss", "hey devoss"]
    assert phrases.pronunciations("computer") == ["computer"]
    assert phrases.pronunciations("hey xiu", ["hey shoe", "hey shoe"]) == ["hey shoe"]


def test_sentences_never_end_and_never_hold_the_word() -> None:
    found = [*islice(phrases.sentences(Random(1)), 500)]
    assert len(set(found)) > 300
    assert not [each for each in found if "devos" in each or "hey" in each.split()]
    assert found == [*islice(phrases.sentences(Random(1)), 500)]


@pytest.mark.usefixtures("espeak_ng")
def test_natural_phrases_are_parts_of_the_word_and_other_names_after_its_greeting() -> None:
    spellings = phrases.pronunciations("hey devos")
    found = phrases.natural("hey devos", spellings, phonemes)
    assert {"hey", "hey dev", "devoss", "hey David", "hey Dave us", "hey devs", "hey Jervis"} <= set(found)
    assert "every dev asks for more of us" in found
    assert not set(found) & set(spellings)
    assert "hey David" not in phrases.natural("computer", ["computer"], phonemes)


@pytest.mark.usefixtures("espeak_ng")
@pytest.mark.parametrize("word", ["hey devos", "computer"])
def test_confusables_differ_by_a_few_sounds_and_never_hold_the_word(word: str) -> None:
    spellings = phrases.pronunciations(word)
    found = phrases.confusables(spellings, Random(1), phonemes, most=40)
    assert len(set(found)) == len(found) == 40
    assert found == phrases.confusables(spellings, Random(1), phonemes, most=40)
    for said, right in ((a, b) for a in phonemes(found) for b in phonemes(spellings)):
        assert "".join(right) not in "".join(said)


def test_the_same_sound_is_no_confusable() -> None:
    """Whoever says it cannot be told from who says the word, and must not teach that it is wrong."""
    sounds = {"hey joe": ("h", "ei", "j", "o")}
    found = phrases.confusables(["hey joe"], Random(1), lambda texts: [sounds["hey joe"] for _ in texts])
    assert found == []
    far = phrases.confusables(
        ["hey joe"], Random(1), lambda texts: [sounds.get(each, ("h", "u", "m", "o", "r")) for each in texts], most=5
    )
    assert len(far) == 5
