"""Asking aloud: what is read out, and whose answer counts; forged answers are in test_voice_attacks.py."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from spoken import PRODUCTION, STAGING, Room, sleeps
from voices import PATIENCE

from daemon.asking.inbox import Inbox
from daemon.asking.voice import HOLD, LIFETIME, VoiceWay
from daemon.confirming.words import SPOKEN, WORDS
from policies.approval import Approval
from policies.decision import Level


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(tmp_path)
    yield made
    await made.close()


async def test_the_change_is_read_back_and_exactly_its_words_confirm_it(room: Room) -> None:
    question = await room.asks()
    assert room.mouth.said == [
        f"Scale web-app in production from 4 to 10. Say: confirm {room.words}. Or say: no.",
    ]
    await room.says(f"Confirm {room.words}.")
    await room.over()
    assert room.status(question) == "approved"
    assert room.mouth.sounds == ["understood"]
    assert room.ear.done == ["listen question"]
    (vote,) = room.approvals.find(question.id).given  # type: ignore[union-attr] # it was there a moment ago
    assert (vote.by, vote.via) == ("ana", "voice")


@pytest.mark.parametrize(
    "written",
    ["Confirm {word} {digit}.", "confirm, {word}, {digit}", "Confirm {word} {number}!", "Yes, confirm {word} {digit}."],
)
async def test_how_whisper_writes_the_words_does_not_matter(room: Room, written: str) -> None:
    question = await room.asks()
    word, number = room.words.split()
    digit = next(digit for digit, spoken in SPOKEN.items() if spoken == number)
    await room.says(written.format(word=word, digit=digit, number=number))
    await room.over()
    assert room.status(question) == "approved"


async def test_whisper_is_told_all_the_words_and_never_which_are_right(room: Room) -> None:
    await room.asks()
    (prompt,) = room.ear.prompts
    assert prompt is not None
    assert all(word in prompt for word in WORDS)
    assert room.words not in prompt


@pytest.mark.parametrize("no", ["No.", "no, don't", "Cancel that.", "don't do it"])
async def test_no_is_no_at_once(room: Room, no: str) -> None:
    question = await room.asks()
    await room.says(no)
    await room.over()
    assert room.status(question) == "denied"
    assert await room.mouth.says("All right") == "All right, it is not done."
    assert question.run in room.way.denied
    (answered,) = room.log.entries(type="devos.approval.answered")
    assert answered.payload == {"because": "said no"}


async def test_outside_of_production_a_plain_yes_is_enough(room: Room) -> None:
    question = await room.asks(STAGING)
    await room.says("Yes.")
    await room.over()
    assert room.status(question) == "approved"


@pytest.mark.parametrize("environment", ["production", "unknown"])
async def test_a_yes_alone_is_not_enough_for_production_or_for_what_is_not_known(room: Room, environment: str) -> None:
    question = await room.asks(STAGING, {**PRODUCTION, "environment": environment})
    await room.says("Yes, go ahead.", again=True)
    await room.says("Confirm.", again=True)
    assert room.mouth.said[-1].startswith("A yes is not enough for this. Say: confirm ")
    assert room.status(question) == "open"


async def test_the_words_are_new_every_time_and_the_question_is_left_after_three_tries(room: Room) -> None:
    question = await room.asks()
    asked = [room.words]
    for again in (True, True, False):
        await room.says(f"Confirm {_other(asked[-1])}.", again=again)
        asked += [room.words] if again else []
    await room.over()
    assert len(set(asked)) == 3
    assert await room.mouth.says("leave") == "I leave the question open; it is on the dashboard."
    assert room.status(question) == "open"
    assert not await room.says(f"Confirm {asked[-1]}.")


async def test_what_it_will_do_is_told_in_detail_and_it_is_asked_again(room: Room) -> None:
    await room.asks()
    first = room.words
    await room.says("What will it do?", again=True)
    assert room.mouth.said[-1] == (
        "It calls scale in kubernetes with deployment web-app, namespace production and replicas 10. "
        "To take it back: Scale it back to 4. The rule leads approve asks, because It is in production. "
        f"Say: confirm {room.words}. Or say: no."
    )
    assert room.words != first


async def test_it_is_repeated_as_often_as_somebody_wants(room: Room) -> None:
    question = await room.asks()
    for _ in range(6):
        await room.says("Can you repeat that?", again=True)
        assert room.mouth.said[-1].startswith("Scale web-app in production from 4 to 10. Say: confirm ")
    await room.says(f"confirm {room.words}")
    await room.over()
    assert room.status(question) == "approved"


async def test_wait_puts_it_off_and_it_is_asked_again_later_or_when_told_to(room: Room) -> None:
    question = await room.asks()
    before = room.words
    await room.says("Wait.")
    await room.mouth.says("I ask again")
    assert room.way.answer(room.sentence(f"confirm {before}"))  # heard, and asked anew; it does not count
    await room.ear.listens(2)
    assert (room.status(question), room.words == before) == ("open", False)
    await room.says("hold on")
    await room.mouth.says("I ask again", 2)
    assert not await room.says("scale checkout to three", why="wake")
    await sleeps(room)
    room.clock.moves(HOLD)
    await room.ear.listens(3)
    await room.says(f"confirm {room.words}")
    await room.over()
    assert room.status(question) == "approved"


async def test_a_correction_is_no_answer(room: Room) -> None:
    question = await room.asks()
    assert not await room.says("No, I meant staging.")
    assert not await room.says("not web-app, checkout")
    assert room.status(question) == "open"


async def test_what_interrupts_the_question_can_only_refuse_it(room: Room) -> None:
    question = await _interrupted(room)
    assert await room.says(f"Confirm {room.words}.")
    await room.mouth.says("Please answer when the question is over.")
    assert room.status(question) == "open"
    room.mouth.hush()
    await room.ear.listens(2)
    await room.says("No.")
    await room.over()
    assert room.status(question) == "denied"


async def test_a_noise_that_interrupts_it_has_it_asked_again(room: Room) -> None:
    await _interrupted(room)
    first = room.words
    room.mouth.slow = False
    assert room.way.silence()
    await room.ear.listens(2)
    assert room.words != first


async def test_nobody_there_leaves_it_open_and_the_floor_free(room: Room) -> None:
    question = await room.asks()
    assert not room.floor.free
    assert room.way.silence()
    assert room.floor.free
    await sleeps(room)
    room.clock.moves(LIFETIME + 1)
    await room.over()
    assert await room.mouth.says("I leave the question open")
    assert room.status(question) == "open"
    assert room.way.asking is None
    assert not room.way.silence()


async def test_after_a_silence_the_words_still_count_until_they_expire(room: Room) -> None:
    question = await room.asks()
    room.way.silence()
    await room.says(f"confirm {room.words}", why="wake")
    await room.over()
    assert room.status(question) == "approved"


async def test_stop_leaves_it_to_the_other_ways_without_a_word(room: Room) -> None:
    question = await room.asks()
    said = list(room.mouth.said)
    room.way.leave()
    await room.over()
    assert (room.mouth.said, room.status(question)) == (said, "open")


async def test_only_what_can_be_read_out_and_was_asked_for_aloud_is_asked(room: Room) -> None:
    question = await room.question()
    room.channels[question.run] = "hotkey"
    assert room.way.objection(question) == ""
    other = await room.question()
    room.channels[other.run] = "typed"
    assert room.way.objection(other) == "It was not asked for by voice."
    assert room.way.objection(await room.question(level=Level.APPROVE)) != ""
    assert "somebody else wrote" in room.way.objection(await room.question({**PRODUCTION, "outside": ["deployment"]}))
    assert room.way.objection(replace(question, asker="dana")) != ""
    assert await room.way.refuses(other.id) == "It was not asked for by voice."
    assert await room.way.refuses("nosuch") == ""
    room.mouth.aloud = False
    assert "does not speak aloud" in room.way.objection(question)
    assert "`devos approvals` shows" in room.way.objection(question)
    assert room.way.health == "DevOS does not speak aloud now, so nothing is asked by voice."


async def test_a_run_that_is_not_there_is_no_reason_to_fail(room: Room) -> None:
    def unknown(run: str) -> str:
        raise KeyError(run)

    way = VoiceWay(room.approvals, "ana", room.floor, room.ear, unknown)
    assert way.objection(await room.question()) == "It was not asked for by voice."


async def test_where_nothing_is_heard_the_words_are_said_nowhere(room: Room) -> None:
    question = await room.question()
    room.mouth.aloud = False
    async with asyncio.timeout(PATIENCE):
        await room.way.ask(question)
    assert (room.mouth.said, room.ear.done, room.status(question)) == ([], [], "open")


async def test_one_question_is_asked_after_the_other(room: Room) -> None:
    first = await room.asks()
    second = await room.question(STAGING)
    asking = asyncio.create_task(room.way.ask(second))
    await asyncio.sleep(0)
    assert room.way.asking == first.id
    await room.says(f"confirm {room.words}")
    await room.ear.listens(2)
    assert room.way.asking == second.id
    await room.says("yes")
    async with asyncio.timeout(PATIENCE):
        await asking
    assert [room.status(each) for each in (first, second)] == ["approved", "approved"]


async def test_the_inbox_takes_it_back_when_it_is_answered_elsewhere(room: Room) -> None:
    inbox = Inbox(room.approvals, [room.way], room.log, sleep=room.clock.sleep)
    running = asyncio.create_task(inbox.run())
    question = await room.question()
    await room.ear.listens(1)
    words = room.words
    await room.approvals.answer(question.id, False, "ana", "web")
    async with asyncio.timeout(PATIENCE):
        while room.way.asking is not None:
            await room.approvals.wait(question.id)
            await asyncio.sleep(0)
    assert not await room.says(f"confirm {words}")
    assert room.status(question) == "denied"
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_the_words_stand_nowhere_but_in_what_is_said(
    room: Room, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    question = await room.asks()
    words = [room.words]
    await room.says(f"Confirm {_other(words[0])}.", again=True)
    words.append(room.words)
    assert all(each in " ".join(room.mouth.secrets) for each in words)
    written = [json.dumps(question.to_json()), caplog.text, repr(vars(room.way)), room.floor.last, repr(room.way)]
    await room.says(f"Confirm {words[1]}.")
    await room.over()
    assert room.status(question) == "approved"
    written += [repr(each) for each in room.log.entries()]
    for file in ("audit.db", "runs.db", "audit.db-wal", "runs.db-wal"):
        if (tmp_path / file).exists():
            written.append((tmp_path / file).read_bytes().decode("latin-1"))
    for each in words:
        assert not any(each in text for text in written)


def _other(words: str) -> str:
    """Other words of the vocabulary."""
    word, digit = words.split()
    return f"{next(each for each in WORDS if each != word)} {digit}"


async def _interrupted(room: Room) -> Approval:
    """A question that was cut off while it was read out."""
    room.mouth.slow = True
    question = await room.question()
    room._tasks.append(asyncio.create_task(room.way.ask(question)))
    await room.mouth.says("confirm")
    room.mouth.hush()
    await room.ear.listens(1)
    return question
