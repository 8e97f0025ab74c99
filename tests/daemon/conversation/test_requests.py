"""Requests as they are made in several turns, with the record of what was said for each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from daemon.conversation.following import Following
from daemon.conversation.pending import Pending
from daemon.conversation.requests import Requests
from daemon.hearing.utterance import Utterance

if TYPE_CHECKING:
    from tests.daemon.conversation.talk import Talk


def requests_of(talk: Talk) -> tuple[Requests, Following]:
    following = Following(talk.house, talk.floor, None)
    return Requests(talk.house, talk.floor, talk.attention, following, talk.clock), following


async def test_a_request_in_three_turns_is_recorded_with_all_of_them(talk: Talk) -> None:
    requests, following = requests_of(talk)
    await requests.choose("scale_deployment")
    for text in ("in staging", "checkout", "three"):
        assert isinstance(requests.pending, Pending)
        await requests.complete(Utterance(text, "voice", 0.9, "ab" * 32), None)
    assert requests.pending is None
    (run,) = await talk.runs("done")
    assert run["utterance"] == {"text": "in staging; checkout; three", "channel": "hotkey", "confidence": 0.9}
    await following.aclose()


async def test_another_request_that_is_said_whole_is_not_the_keys(talk: Talk) -> None:
    requests, following = requests_of(talk)
    await requests.choose("scale_deployment")
    await requests.complete(Utterance("how many replicas does checkout have", "voice"), None)
    (run,) = await talk.runs("done")
    assert (run["intent"], run["utterance"]["channel"]) == ("count_replicas", "voice")
    await following.aclose()


async def test_a_question_that_is_dropped_while_it_is_said_is_not_listened_for(talk: Talk) -> None:
    requests, _ = requests_of(talk)
    talk.mouth.slow = True

    putting = asyncio.create_task(requests.put(Pending("How many replicas?", "scale_deployment")))
    await talk.mouth.says("How many")
    requests.drop()
    talk.mouth.hush()
    await putting
    assert (requests.pending, talk.ear.done) == (None, [])


async def test_without_a_question_there_is_nothing_to_complete(talk: Talk) -> None:
    requests, _ = requests_of(talk)
    await requests.complete(Utterance("ten", "voice"), None)
    await requests.silent("")
    assert (talk.mouth.said, talk.house.understood) == ([], [])
