"""Keys, muting, and who speaks while somebody else does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from daemon.hearing.heard import Nothing, Speaking, Trouble, Woken
from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.press import Press

if TYPE_CHECKING:
    from tests.daemon.conversation.talk import Talk


async def test_a_requests_key_opens_the_microphone_with_that_request_chosen(talk: Talk) -> None:
    await talk.presses("request", "scale_deployment")
    assert (talk.ear.done, talk.mouth.said, talk.mouth.sounds) == (["listen key"], [], ["listening"])
    await talk.says("checkout to three in staging", "key")
    await talk.mouth.says("checkout in staging went from 4 to 3")
    (run,) = await talk.runs("done")
    assert (run["utterance"]["channel"], run["intent"]) == ("hotkey", "scale_deployment")


async def test_after_a_key_and_silence_it_asks_and_then_gives_up(talk: Talk) -> None:
    await talk.presses("request", "scale_deployment")
    await talk.silence("key")
    assert talk.mouth.said == ["Which deployment? How many replicas?"]
    await talk.silence()
    assert talk.mouth.said[1:] == ["Which deployment? How many replicas? Say the request again when you like."]


async def test_a_requests_key_goes_on_at_once_where_nothing_is_missing(talk: Talk) -> None:
    await talk.presses("request", "watch_everything")
    await talk.mouth.says("All is well in staging.")
    (run,) = await talk.runs("done")
    assert (run["utterance"]["channel"], run["utterance"]["text"]) == ("hotkey", "watch everything")
    assert talk.ear.done == ["listen key", "abandon"]
    await talk.silence("key")  # what was given up is told as well, and is no silence
    assert talk.mouth.said == ["All is well in staging."]


async def test_what_a_program_pressed_is_recorded_as_asked_by_it(talk: Talk) -> None:
    await talk.presses("request", "watch_everything", by=("cron", "devos"))
    await talk.mouth.says("All is well in staging.")
    await talk.presses("request", "watch_everything")
    await talk.runs("done", 2)
    first, second = talk.devos.log.entries(type="devos.run.started")
    assert (first.data["asked_from"], second.data["asked_from"]) == (["cron", "devos"], [])


async def test_a_key_confirmation_is_asked_aloud_too(talk: Talk) -> None:
    await talk.presses("request", "scale_deployment")
    await talk.says("web-app to nine", "key")
    await talk.mouth.says("Scale web-app in production from 4 to 9.")


async def test_the_talk_key_is_held_or_tapped_or_a_command(talk: Talk) -> None:
    await talk.presses("talk", at=1.0)
    await talk.presses("talk", down=False, at=3.0)
    assert talk.ear.done == ["listen key held", "finish"]
    await talk.says("what are you doing", "key")
    talk.ear.done.clear()
    await talk.presses("talk", at=10.0)
    await talk.presses("talk", down=False, at=10.1)
    assert talk.ear.done == ["listen key held", "listen key"]
    await talk.silence("key")
    talk.ear.done.clear()
    await talk.presses("talk", way="command", at=20.0)
    await talk.presses("talk", down=False, way="command", at=21.0)
    assert talk.ear.done == ["listen key", "finish"]


async def test_the_microphone_is_muted_and_opened_again(talk: Talk) -> None:
    await talk.presses("mute")
    await talk.presses("mute")
    await talk.says("mute")
    assert talk.ear.done == ["mute True", "mute False", "mute True"]
    assert talk.mouth.said == ["The microphone is off.", "The microphone is on.", "The microphone is off."]


async def test_muting_is_told_once_and_holds_nothing_else_up(talk: Talk) -> None:
    where: list[threading.Thread] = []
    talk.ear.mute = lambda on: where.append(threading.current_thread())  # type: ignore[method-assign]  # devices are slow
    await talk.presses("talk")
    await talk.presses("mute")
    await talk.silence("key", "The microphone is muted.")
    assert talk.mouth.said == ["The microphone is off."]
    assert where and threading.main_thread() not in where


async def test_the_stop_key_ends_listening_and_what_is_asked(talk: Talk) -> None:
    await talk.says("scale web-app")
    await talk.presses("stop")
    assert talk.ear.done == ["listen question", "abandon"]
    await talk.silence()
    assert talk.mouth.said == ["How many replicas?"]


@pytest.mark.parametrize("event", [Woken("hey jarvis", 1.0), Speaking(1.0)])
async def test_whoever_speaks_silences_it(talk: Talk, event: Any) -> None:
    talk.mouth.slow = True
    await talk.conversation.tell(talk.sentence("what are you doing", "wake"))
    await talk.mouth.says("Nothing")
    await talk.conversation.tell(event)
    assert not talk.mouth.speaking
    await talk.deals()
    assert talk.mouth.sounds == (["listening"] if isinstance(event, Woken) else [])


async def test_a_run_that_ends_while_the_person_speaks_waits(talk: Talk) -> None:
    await talk.says("scale web-app to 6")
    await talk.ear.listens(1)
    await talk.conversation.tell(Woken("hey jarvis", 1.0))
    await talk.conversation.tell(Nothing("wake", ""))  # the ear listens for the answer instead, and tells so
    question = await talk.devos.question()
    await talk.devos.approvals.answer(question.id, True, "ana", "web")
    await talk.runs("done")
    assert not any("went from" in each for each in talk.mouth.said)
    await talk.says("what are you doing", "question")
    await talk.mouth.says("went from 4 to 6")
    assert talk.mouth.said[-2:] == ["Nothing is under way.", "web-app in production went from 4 to 6 replicas."]


async def test_its_own_voice_says_nothing(talk: Talk) -> None:
    talk.mouth.own = lambda sentence: True
    await talk.says("scale web-app to 6 in staging")
    assert (talk.mouth.said, talk.house.understood) == ([], [])


async def test_trouble_with_the_microphone_is_said_once(talk: Talk) -> None:
    for text in ("The microphone is gone.", "The microphone is gone.", "", "The microphone is gone."):
        await talk.conversation.tell(Trouble(text))
        await talk.deals()
    assert talk.mouth.said == ["The microphone is gone."] * 2


async def test_a_key_without_a_microphone_says_once_each_time_what_is_wrong(talk: Talk) -> None:
    for times in (1, 2):
        await talk.conversation.pressed(Press(Binding(Chord.parse("f9"), "talk", "talk"), True, 1.0, "command"))
        if times == 1:
            await talk.conversation.tell(Trouble("The microphone is gone."))
        await talk.silence("key", "No sound comes from the microphone.")
        assert talk.mouth.said == ["The microphone is gone."] * times
    await talk.presses("mute")
    await talk.silence("key", "The microphone is muted.")
    assert talk.mouth.said[-1] == "The microphone is muted."


@pytest.mark.parametrize("end", ["", "."])
async def test_a_request_without_a_microphone_is_given_up_with_what_is_wrong(talk: Talk, end: str) -> None:
    await talk.presses("request", "scale_deployment")
    await talk.conversation.tell(Trouble(f"The microphone is gone{end}"))
    await talk.silence("key", "No sound comes from the microphone.")
    assert talk.mouth.said == [
        "The microphone is gone. Which deployment? How many replicas? Say the request again when you like."
    ]
