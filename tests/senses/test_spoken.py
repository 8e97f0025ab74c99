"""From a spoken sentence to the change, all through real parts: sound server, wake word, Whisper, voice, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from room import CONFIRM

if TYPE_CHECKING:
    from tests.senses.room import Room

WAKE = '[wake]\non = true\nwords = ["hey jarvis"]\n'


def test_a_change_in_production_is_asked_for_confirmed_and_done_by_voice(room: Room) -> None:
    room.start(WAKE)
    room.says("hey jarvis, scale web app to ten replicas in production.")
    question = room.hears(quiet=1.5)
    assert "from four to ten" in question or "from 4 to 10" in question
    assert room.newest()["status"] == "asking" and room.pods("production/web-app") == 4
    words = CONFIRM.search(question)
    assert words, question
    room.says(f"confirm {words[1]} {words[2]}", pause=0.3)
    run = room.ended()
    assert (run["status"], run["utterance"]["channel"]) == ("done", "voice")
    assert [step["via"] for step in run["steps"] if step["approved_by"]] == ["voice"]
    assert room.pods("production/web-app") == 10
    assert "went from" in room.hears()


def test_yes_alone_is_not_enough_and_no_is_no(room: Room) -> None:
    room.start(WAKE)
    room.says("hey jarvis, scale web app to ten replicas in production.")
    room.hears(quiet=1.5)
    room.says("yes", pause=0.3)
    again = room.hears(quiet=1.5)
    assert CONFIRM.search(again), again
    room.says("no", pause=0.3)
    assert room.ended()["status"] == "denied"
    assert room.pods("production/web-app") == 4
