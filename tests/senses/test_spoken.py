"""From a spoken sentence to the change, all through real parts: sound server, wake word, Whisper, voice, keys.

What a person does, too: say again what was not heard, and ask for the words once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from room import CONFIRM

if TYPE_CHECKING:
    from tests.senses.room import Room

WAKE = '[wake]\non = true\nwords = ["hey jarvis"]\n'
TRIES = 4


def asked(room: Room) -> str:
    """The question that scaling web-app comes to, as it is read out."""
    for _ in range(TRIES):
        if room.newest().get("status") != "asking":
            room.says("hey jarvis, scale web app to ten replicas in production.")
        else:
            room.says("repeat that", pause=0.3)
        question = room.hears(quiet=1.5)
        if room.newest().get("status") == "asking" and CONFIRM.search(question):
            return question
    raise AssertionError("it is never asked")


def test_a_change_in_production_is_asked_for_confirmed_and_done_by_voice(room: Room) -> None:
    room.start(WAKE)
    question = asked(room)
    assert room.pods("production/web-app") == 4
    for _ in range(TRIES):
        words = CONFIRM.search(question)
        assert words, question
        room.says(f"confirm {words[1]} {words[2]}", pause=0.3)
        room.until(lambda: room.newest()["status"] != "asking" or room.senses()["speaker"]["status"] == "speaking")
        if room.newest()["status"] != "asking":
            break
        question = room.hears(quiet=1.5)
    run = room.ended()
    assert (run["status"], run["utterance"]["channel"]) == ("done", "voice")
    assert [step["via"] for step in run["steps"] if step["approved_by"]] == ["voice"]
    assert room.pods("production/web-app") == 10
    assert "from 4 to 10" in run["said"] and "went" in room.hears()


def test_yes_alone_is_not_enough_and_no_is_no(room: Room) -> None:
    room.start(WAKE)
    asked(room)
    room.says("yes", pause=0.3)
    again = room.hears(quiet=1.5)
    assert "confirm" in again and room.newest()["status"] == "asking"
    for _ in range(TRIES):
        room.says("no.", pause=0.3)
        room.sound.pause(3)
        if room.newest()["status"] != "asking":
            break
        room.hears(quiet=1.5, patience=20)
    assert room.ended()["status"] == "denied"
    assert room.pods("production/web-app") == 4
