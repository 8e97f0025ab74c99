from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.portaudio import NoSound
from daemon.sense_sections import Speech
from daemon.speaking.earcons import EARCONS, earcon
from daemon.speaking.player import Player
from daemon.speaking.speaker import Speaker, SpeakerState

LONG = ". ".join(f"Sentence {number}" for number in range(1, 30)) + "."


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def make(loudspeaker: Any, voice_of: Callable[..., Any], shown: list[str]) -> Iterator[Callable[..., Speaker]]:
    """Makes speakers that speak to the scripted loudspeaker with the scripted engine."""
    speakers: list[Speaker] = []

    def made(settings: Speech | None = None, **how: Any) -> Speaker:
        listener = type(
            "Nobody", (), {"opened": lambda _: None, "playing": lambda *_: None, "stopped": lambda *_: None}
        )
        player = Player(None, listener(), open_output=loudspeaker.open)
        speakers.append(Speaker(settings or Speech(), notify=shown.append, voice=voice_of(), player=player, **how))
        return speakers[-1]

    yield made
    for each in speakers:
        each.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what happens on another thread."""
    limit = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < limit, "it does not happen"
        await asyncio.sleep(0.001)


def texts(asked: Path) -> list[str]:
    return asked.read_text().splitlines() if asked.exists() else []


async def test_says_sentences_in_order(make: Callable[..., Speaker], loudspeaker: Any, asked: Path) -> None:
    speaker = make()
    assert speaker.state == SpeakerState("ready")
    assert await speaker.say("Web-app is number 1. Then comes 2. Then 3.")
    assert loudspeaker.numbers() == [1, 2, 3]
    assert texts(asked)[0] == "Web app is number 1.", "and for the ear"
    assert speaker.state == SpeakerState("ready")
    assert not speaker.speaking


async def test_never_speaks_with_two_voices(make: Callable[..., Speaker], loudspeaker: Any) -> None:
    speaker = make()
    said = await asyncio.gather(*[speaker.say(f"Number {number}.") for number in range(1, 21)])
    assert said == [True] * 20
    assert loudspeaker.numbers() == [*range(1, 21)], "one after another, each of them whole"
    assert len(loudspeaker.heard()) == 20 * 4410


async def test_says_the_first_sentence_before_the_last_one_is_rendered(
    make: Callable[..., Speaker], loudspeaker: Any, asked: Path
) -> None:
    speaker = make()
    loudspeaker.pause.set()
    say = asyncio.create_task(speaker.say(LONG))
    await until(lambda: len(texts(asked)) == 2)
    assert speaker.state == SpeakerState("speaking")
    assert speaker.speaking
    loudspeaker.pause.clear()
    assert await say
    assert loudspeaker.numbers() == [*range(1, 30)]


async def test_falls_silent_and_forgets_what_was_still_to_be_said(
    make: Callable[..., Speaker], loudspeaker: Any
) -> None:
    speaker = make()
    first, second = (asyncio.create_task(speaker.say(text)) for text in (LONG, "Number 50."))
    await until(loudspeaker.began.is_set)
    await asyncio.to_thread(speaker.hush)
    assert await first is False
    assert await second is False
    assert not speaker.speaking
    assert await speaker.say("Number 60.")
    numbers = loudspeaker.numbers()
    assert numbers[-1] == 60
    assert 50 not in numbers and 29 not in numbers
    speaker.hush()  # nothing to forget
    assert await speaker.say("Number 61.")


async def test_falls_silent_while_the_engine_hangs(make: Callable[..., Speaker], asked: Path) -> None:
    speaker = make()
    say = asyncio.create_task(speaker.say("hang for ever"))
    await until(lambda: bool(texts(asked)))
    speaker.hush()
    assert await say is False


async def test_cuts_off_what_nobody_waits_for_any_more(make: Callable[..., Speaker], loudspeaker: Any) -> None:
    speaker = make()
    say = asyncio.create_task(speaker.say(LONG))
    await until(loudspeaker.began.is_set)
    say.cancel()
    with pytest.raises(asyncio.CancelledError):
        await say
    assert await speaker.say("Number 60.")
    assert 29 not in loudspeaker.numbers()
    assert loudspeaker.numbers()[-1] == 60


async def test_shows_instead_of_speaking(make: Callable[..., Speaker], loudspeaker: Any, shown: list[str]) -> None:
    speaker = make(Speech(mode="notify"))
    assert await speaker.say("DEV-456 is done.") is False
    speaker.sound("done")
    assert shown == ["DEV-456 is done."], "as it is written, for the eye"
    assert speaker.state == SpeakerState("quiet")
    assert loudspeaker.opened == []


async def test_is_off_when_it_is_switched_off(make: Callable[..., Speaker], loudspeaker: Any, shown: list[str]) -> None:
    speaker = make(Speech(mode="off"))
    assert await speaker.say("Hello.") is False
    speaker.sound("done")
    assert speaker.state == SpeakerState("off")
    assert (loudspeaker.opened, shown) == ([], [])


@pytest.mark.parametrize(
    ("clock", "status"),
    [
        *[("21:59", "ready"), ("22:00", "quiet"), ("00:30", "quiet"), ("06:59", "quiet"), ("07:00", "ready")],
        *[("12:29", "ready"), ("12:30", "quiet"), ("13:29", "quiet"), ("13:30", "ready")],
    ],
)
async def test_keeps_the_quiet_hours(make: Callable[..., Speaker], shown: list[str], clock: str, status: str) -> None:
    now = datetime.fromisoformat(f"2026-11-20T{clock}")
    speaker = make(Speech(quiet=["22:00-07:00", "12:30-13:30"]), clock=lambda: now)
    assert speaker.state.status == status
    assert await speaker.say("Number 1.") is (status == "ready")
    assert shown == ([] if status == "ready" else ["Number 1."])


@pytest.mark.parametrize("name", EARCONS)
async def test_plays_short_sounds(make: Callable[..., Speaker], loudspeaker: Any, name: Any) -> None:
    make().sound(name)
    expected = earcon(name).samples
    await until(lambda: len(loudspeaker.heard()) >= np.count_nonzero(expected))
    assert np.array_equal(loudspeaker.heard(), expected[expected != 0])


async def test_plays_no_short_sound_over_speech(make: Callable[..., Speaker], loudspeaker: Any) -> None:
    speaker = make()
    say = asyncio.create_task(speaker.say("Number 1. Number 2."))
    await until(lambda: speaker.speaking)
    speaker.sound("listening")
    assert await say
    assert loudspeaker.numbers() == [1, 2]
    assert len(loudspeaker.heard()) == 2 * 4410


async def test_plays_no_short_sounds_where_none_are_wanted(make: Callable[..., Speaker], loudspeaker: Any) -> None:
    make(Speech(earcons=False)).sound("done")
    assert loudspeaker.opened == []


async def test_says_a_sentence_again_that_was_lost(
    make: Callable[..., Speaker], loudspeaker: Any, shown: list[str]
) -> None:
    speaker = make()
    assert await speaker.say("Number 1.")
    loudspeaker.dies_after = 2
    loudspeaker.problems = [NoSound("it is gone")]
    assert await speaker.say("Number 2. Number 3."), "once it is back"
    numbers = loudspeaker.numbers()
    assert numbers == [1, 2, 3], "the piece that was heard and the whole sentence"
    assert np.count_nonzero(np.isclose(loudspeaker.heard(), 1200 / 32768)) > 4410
    assert shown == []
    assert speaker.state == SpeakerState("ready")


async def test_shows_a_sentence_that_was_lost_for_good(
    make: Callable[..., Speaker], loudspeaker: Any, shown: list[str]
) -> None:
    speaker = make(back=0)
    assert await speaker.say("Number 1.")
    loudspeaker.die()
    loudspeaker.problems = [NoSound("The loudspeaker is gone")] * 2
    assert await speaker.say("DEV-2 is done.") is False
    assert shown == ["DEV-2 is done."]
    assert speaker.state == SpeakerState("broken", "The loudspeaker is gone")
    assert await speaker.say("Number 4.") is False
    assert await speaker.say("Number 5."), "it is tried again each time"
    assert speaker.state == SpeakerState("ready")


async def test_does_not_wait_for_a_loudspeaker_that_never_was_there(
    make: Callable[..., Speaker], loudspeaker: Any, shown: list[str]
) -> None:
    loudspeaker.problems = [NoSound("There is no loudspeaker here")] * 3
    speaker = make(back=3600)
    assert await speaker.say("Number 1. Number 2.") is False
    assert shown == ["Number 1. Number 2."]
    assert speaker.state.problem == "There is no loudspeaker here"


async def test_shows_what_cannot_be_rendered(make: Callable[..., Speaker], loudspeaker: Any, shown: list[str]) -> None:
    speaker = make()
    assert await speaker.say("Number 1. This is broken. Number 3.") is False
    assert loudspeaker.numbers() == [1]
    assert shown == ["This is broken. Number 3."], "what was said is not shown again"
    assert speaker.state == SpeakerState("broken", "It is broken.")


async def test_what_is_secret_is_heard_or_nothing(
    make: Callable[..., Speaker], loudspeaker: Any, shown: list[str]
) -> None:
    speaker = make()
    assert speaker.aloud
    assert await speaker.say("Number 1. This is broken.", secret=True) is False
    assert not speaker.aloud and speaker.state.status == "broken"
    assert await speaker.say("Number 2.", secret=True) and speaker.aloud, "the voice is there again"
    loudspeaker.problems = [NoSound("The loudspeaker is gone")] * 3
    loudspeaker.die()
    assert await make(back=0).say("Number 3.", secret=True) is False
    quiet = make(Speech(mode="notify"))
    assert not quiet.aloud and await quiet.say("Number 4.", secret=True) is False
    assert shown == []


async def test_gives_the_device_back_when_nothing_is_said(
    make: Callable[..., Speaker], loudspeaker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.speaking.speaker.REST", 0.01)
    speaker = make()
    assert await speaker.say("Number 1.")
    await until(lambda: loudspeaker.streams[0].closed)
    assert await speaker.say("Number 2.")
    assert len(loudspeaker.opened) == 2


async def test_ends_for_good(make: Callable[..., Speaker], loudspeaker: Any) -> None:
    speaker = make()
    say = asyncio.create_task(speaker.say(LONG))
    await until(loudspeaker.began.is_set)
    await asyncio.to_thread(speaker.close)
    assert await say is False
    assert await speaker.say("Number 1.") is False
    speaker.sound("done")
    assert all(each.closed for each in loudspeaker.streams)
    assert not [each for each in threading.enumerate() if each.name in ("speaker", "voice-idle")]


async def test_has_said_nothing_where_there_is_nothing_to_say(make: Callable[..., Speaker], loudspeaker: Any) -> None:
    assert await make().say(" … ")
    assert loudspeaker.opened == []


async def test_is_heard_on_a_real_sound_server_again_after_it_was_restarted(sound: Any, shown: list[str]) -> None:
    speaker = Speaker(Speech(), notify=shown.append)
    assert await speaker.say("One.")
    text = "Two. The second sentence is a long one, and goes on for some seconds, so that nobody can fail to hear it."
    say = asyncio.create_task(speaker.say(text))
    await until(lambda: speaker.speaking)
    await asyncio.to_thread(sound.stop)
    await asyncio.to_thread(sound.start)
    sound.heard()
    assert await say
    assert shown == []
    heard = np.zeros(0)
    limit = time.monotonic() + 20
    while np.count_nonzero(np.abs(heard) > 1000) < 3000:
        assert time.monotonic() < limit, "nothing is heard"
        await asyncio.sleep(0.05)
        heard = np.concatenate([heard, sound.heard()])
    await asyncio.to_thread(speaker.close)


async def test_what_is_said_stands_in_no_representation(make: Callable[..., Speaker], asked: Path) -> None:
    speaker = make()
    saying = asyncio.create_task(speaker.say("Confirm tango seven.", secret=True))
    await until(lambda: speaker.speaking)
    assert not any("tango" in repr(each) for each in (*speaker._jobs(), saying))
    speaker.hush()
    await saying
