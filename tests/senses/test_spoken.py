"""From a spoken sentence to the change, all through real parts: sound server, wake word, Whisper, voice, keys."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from talker import SETTINGS, SOON, visited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from virtual_sound import VirtualSound

    from tests.senses.talker import Talker

TRIES = 4


@pytest.fixture
def talker(_sound: VirtualSound) -> Iterator[Talker]:
    with visited(_sound) as talker:
        talker.start(SETTINGS)
        yield talker


def asked(talker: Talker) -> str:
    """The run of a change that was asked for after the wake word, again where that was not heard."""
    before = talker.newest().get("run")
    for _ in range(TRIES):
        talker.rests()
        talker.says("hey jarvis, scale web app to ten replicas in production.")
        with suppress(AssertionError):
            talker.until(lambda: talker.newest().get("run") != before, SOON)
            return str(talker.newest()["run"])
    raise AssertionError("it is never heard")


def test_a_change_in_production_is_asked_for_confirmed_and_done_by_voice(talker: Talker) -> None:
    for _ in range(TRIES):
        run = asked(talker)
        assert talker.pods("production/web-app") == 4
        with suppress(AssertionError):
            talker.confirms(run, talker.words())
            break
        talker.cancels(run)  # the two did not understand each other
    done = talker.run(run)
    assert (done["status"], done["utterance"]["channel"]) == ("done", "voice")
    assert [step["via"] for step in done["steps"] if step["approved_by"]] == ["voice"]
    assert talker.pods("production/web-app") == 10


def test_yes_alone_is_not_enough_and_no_is_no(talker: Talker) -> None:
    run = asked(talker)
    talker.words()
    talker.tells("yes.")
    talker.words()  # it asks again, with others
    assert talker.run(run)["status"] == "asking"
    for _ in range(TRIES):
        talker.tells("no.")
        with suppress(AssertionError):
            talker.until(lambda: talker.run(run)["status"] != "asking", SOON)
            break
    assert talker.run(run)["status"] == "denied"
    assert talker.pods("production/web-app") == 4
