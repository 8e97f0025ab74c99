"""Fifty tries of every way to forge an answer that is given aloud."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from spoken import PRODUCTION, STAGING, TRIES, Room, sleeps
from voices import SPEECH

from daemon.asking.voice import LIFETIME, TAIL
from daemon.confirming.words import DIGITS, SPOKEN, WORDS


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(tmp_path)
    yield made
    await made.close()


async def _attack(room: Room, forge: Callable[[int], Any], *, plan: dict[str, Any] = PRODUCTION) -> None:
    """Try it fifty times, each time on a question of its own; none is ever approved."""
    accepted = 0
    for number in range(TRIES):
        question = await room.asks(plan)
        await forge(number)
        await room.stops()
        accepted += room.status(question) != "open"
    assert accepted == 0


async def test_a_replayed_confirmation_is_refused(room: Room) -> None:
    old: list[str] = []

    async def forge(_: int) -> None:
        if old:
            await room.says(f"Confirm {old[-1]}.", again=True)
        old.append(room.words)

    await _attack(room, forge)


async def test_our_own_voice_is_refused(room: Room) -> None:
    room.mouth.own = lambda sentence: True

    async def forge(_: int) -> None:
        await room.says(f"Confirm {room.words}.", again=True)

    await _attack(room, forge)
    await _attack(room, forge, plan=STAGING)


async def test_our_own_voice_is_not_even_a_no(room: Room) -> None:
    room.mouth.own = lambda sentence: True
    question = await room.asks()
    await room.says("no", again=True)
    assert room.status(question) == "open"


async def test_a_recording_that_says_yes_confirm_is_refused(room: Room) -> None:
    texts = ["Yes, confirm.", "yes", "Confirm.", "Yes I confirm", "go ahead", "do it", "approved", "yes yes confirm"]

    async def forge(number: int) -> None:
        await room.says(texts[number % len(texts)], again=True)

    await _attack(room, forge)


async def test_a_confirmation_before_the_end_of_the_question_is_refused(room: Room) -> None:
    # Seconds from the question's last sample; it took two.
    moments = (TAIL - 0.01, 0.0, -0.01, -0.1, -0.5, -1.0, -1.9, -2.5, -10.0, -300.0)

    async def forge(number: int) -> None:
        moment, before = moments[number % len(moments)], room.ear.listened
        sentence = room.sentence(f"Confirm {room.words}.", after=moment)
        taken = room.way.answer(sentence)
        assert taken == (moment > -SPEECH)
        if taken:
            await room.ear.listens(before + 1)

    await _attack(room, forge)


async def test_right_after_the_echo_of_the_question_a_confirmation_counts(room: Room) -> None:
    question = await room.asks()
    await room.says(f"Confirm {room.words}.", after=TAIL + 0.01)
    await room.over()
    assert room.status(question) == "approved"


async def test_wrong_words_are_refused(room: Room) -> None:
    every = [f"{word} {digit}" for word in WORDS for digit in DIGITS]

    async def forge(number: int) -> None:
        word, spoken = room.words.split()
        digit = next(each for each, named in SPOKEN.items() if named == spoken)
        wrong = [each for each in every if each != f"{word} {digit}"]
        near = [each for each in wrong if each.split()[0] == word or each.split()[1] == digit]
        await room.says(f"Confirm {(near if number % 2 else wrong)[number * 7 % len(near)]}.", again=True)

    await _attack(room, forge)


async def test_right_words_among_others_are_refused(room: Room) -> None:
    texts = [
        *("don't confirm {}", "confirm {} no", "not confirm {}", "wait confirm {}", "{}", "no confirm {}"),
        *("confirm {} or confirm bravo two", "he said confirm {}", "confirm confirm {}", "confirm {} seven"),
    ]

    async def forge(number: int) -> None:
        await room.says(texts[number % len(texts)].format(room.words), again=True)

    await _attack(room, forge)


async def test_another_runs_words_are_refused(room: Room) -> None:
    async def forge(_: int) -> None:
        await room.stops()
        theirs = room.words
        question = await room.asks()
        await room.says(f"Confirm {theirs}.", again=True)
        assert room.status(question) == "open"

    await _attack(room, forge)


async def test_a_recording_from_a_file_is_refused(room: Room) -> None:
    channels = ["file", "typed", "web", "hotkey"]

    async def forge(number: int) -> None:
        assert not await room.says(f"Confirm {room.words}.", channel=channels[number % len(channels)])

    await _attack(room, forge)
    await _attack(room, forge, plan=STAGING)


async def test_words_that_expired_are_refused(room: Room) -> None:
    async def forge(number: int) -> None:
        words = room.words
        await sleeps(room)
        sentence = room.sentence(f"Confirm {words}.", after=LIFETIME + number / 10)
        room.way.answer(sentence)
        await room.over()

    await _attack(room, forge)


async def test_after_another_way_answered_the_words_are_refused(room: Room) -> None:
    approved = 0
    for number in range(TRIES):
        question = await room.asks()
        await room.approvals.answer(question.id, False, "ana", "web")
        await room.says(f"Confirm {room.words}.")
        await room.over()
        approved += room.status(question) != "denied"
        await room.mouth.says("is denied already", number + 1)
    assert approved == 0


async def test_the_same_confirmation_twice_counts_once(room: Room) -> None:
    for _ in range(TRIES):
        first = await room.asks()
        said = room.sentence(f"Confirm {room.words}.")
        assert room.way.answer(said)
        room.way.answer(said)
        await room.over()
        assert room.status(first) == "approved"
        second = await room.asks()
        assert not room.way.answer(said)
        await room.stops()
        assert room.status(second) == "open"
