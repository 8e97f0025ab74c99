"""Attacks on the answer by voice, through the real sound server and the real daemon; nobody gets a change confirmed.

What the sentences of one question do to each other is tried by hundreds in tests/daemon/asking/test_voice.py; here,
what reaches the daemon is sound, keys, and whatever a program says over its socket.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from talker import SETTINGS, visited
from virtual_sound import RATE, Samples, VirtualSound, said_by_flite

from daemon.client import Told, ask
from daemon.confirming.words import DIGITS, SPOKEN, WORDS

if TYPE_CHECKING:
    from tests.senses.talker import Talker

TRIES = 50
FEW = pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.torture)])
"""How often an attack is tried by sound, which takes its time."""
SCALE = "scale web-app to {} replicas in production"
STAGING = "scale checkout to {} replicas in staging"
"""More than three times as many as there are, so that it is asked for; and not in production, so that a yes will do."""
NUMBERS = itertools.cycle(range(11, 19))
"""How many replicas each request asks for: another number than the one before, so that there is something to change."""


@pytest.fixture(scope="module")
def talker(_sound: VirtualSound) -> Iterator[Talker]:
    """One daemon for all of these tests, with somebody who listens."""
    with visited(_sound) as talker:
        yield talker.start(SETTINGS)


@pytest.fixture(autouse=True)
def _quiet(talker: Talker) -> Iterator[None]:
    """Leave nothing unanswered to the next test."""
    yield
    talker.sound.looped = False
    for run in next(iter(ask(talker.home, "runs", limit=100)))["runs"]:
        if run["status"] == "asking":
            talker.cancels(run["run"])
    talker.sound.revive()
    talker.rests()


def asked(talker: Talker, text: str = SCALE) -> tuple[str, str]:
    """Ask for something, and hear the question to its end: the run and the words that would confirm it."""
    run = talker.wants(text.format(next(NUMBERS)))
    return run, talker.words()


def stands(talker: Talker, run: str) -> bool:
    """Whether the question is open as before, and nothing was changed."""
    now = talker.run(run)
    return now["status"] == "asking" and not any(step["approved_by"] for step in now["steps"])


def other(words: str, number: int = 0) -> str:
    """Words that are not asked for: every second time, right in one of the two."""
    word, digit = words.split()
    spoken = SPOKEN.get(digit, digit)
    another = [each for each in WORDS if each != word][number % (len(WORDS) - 1)]
    return f"{another} {spoken if number % 2 else next(each for each in SPOKEN.values() if each != spoken)}"


def recorded(samples: Samples, file: Path) -> Path:
    with wave.open(str(file), "wb") as write:
        write.setnchannels(1)
        write.setsampwidth(2)
        write.setframerate(RATE)
        write.writeframes(samples.tobytes())
    return file


def says_over_the_socket(talker: Talker, do: str, **question: Any) -> str:
    """A program says it to the daemon; how that ended."""
    try:
        return str(next(iter(ask(talker.home, do, cwd="/", **question))))
    except Told as told:
        return str(told)


@pytest.mark.parametrize("files", [3, pytest.param(TRIES, marks=pytest.mark.torture)])
def test_a_program_that_knows_the_words_cannot_say_them_whatever_it_calls_itself(
    talker: Talker, tmp_path: Path, files: int
) -> None:
    """Not as text, and not as a recording of somebody who says them."""
    run, words = asked(talker)
    ways = ("voice", "typed", "file", "hotkey", "web")
    texts = ("confirm {}", "yes, confirm {}", "Confirm, {}.", "yes", "{}")
    before = len(next(iter(ask(talker.home, "runs", limit=1000)))["runs"])
    tries = [(text.format(words), way) for text in texts for way in ways] * (TRIES // (len(texts) * len(ways)))
    with ThreadPoolExecutor(5) as programs:
        for _ in programs.map(lambda each: says_over_the_socket(talker, "say", text=each[0], channel=each[1]), tries):
            assert stands(talker, run)
    assert len(tries) == TRIES
    assert len(next(iter(ask(talker.home, "runs", limit=1000)))["runs"]) == before, "nothing else was started either"
    file = recorded(said_by_flite(f"confirm {words}", "rms"), tmp_path / "confirm.wav")
    for channel in itertools.islice(itertools.cycle(("voice", "file", "hotkey")), files):
        says_over_the_socket(talker, "hear", file=str(file), channel=channel)
        assert stands(talker, run), channel
    devos = str(Path(sys.executable).with_name("devos"))
    for command in (["say", f"confirm {words}", "--as", "voice"], ["hear", str(file), "--as", "voice"]):
        ended = subprocess.run([devos, *command], env=talker.environment, capture_output=True, stdin=subprocess.DEVNULL)
        assert ended.returncode == 5 and stands(talker, run)


@FEW
def test_a_replayed_answer_and_other_words_confirm_nothing_and_a_person_still_can(talker: Talker, rounds: int) -> None:
    for number in range(rounds):
        right = talker.has_confirmed(SCALE.format(next(NUMBERS)))
        run, words = asked(talker)
        for forged in (right, said_by_flite(f"confirm {other(words, number)}.", "rms")):
            talker.plays(forged)
            talker.words()
            assert stands(talker, run)
        talker.cancels(run)
        talker.has_confirmed(SCALE.format(next(NUMBERS)))


@FEW
def test_who_speaks_before_or_while_the_question_is_read_out_confirms_nothing(talker: Talker, rounds: int) -> None:
    every = itertools.cycle(f"{word} {SPOKEN[digit]}" for word, digit in zip(WORDS, itertools.cycle(DIGITS)))
    for _ in range(rounds):
        run = talker.wants(SCALE.format(next(NUMBERS)))
        talker.until(lambda: talker.senses()["speaker"]["status"] == "speaking")
        talker.tells(f"confirm {next(every)}")
        talker.words()  # it is asked once more, to its end
        assert stands(talker, run)
        talker.cancels(run)


@FEW
@pytest.mark.parametrize("place", ["staging", pytest.param("production", marks=pytest.mark.torture)])
def test_a_loudspeaker_beside_the_microphone_never_confirms_its_own_question(
    talker: Talker, place: str, rounds: int
) -> None:
    """Not where a yes would do, nor in production, by the words."""
    for _ in range(rounds):
        run = talker.orders(f"scale checkout to fifteen replicas in {place}.")
        talker.sound.looped = True
        talker.words()
        talker.until(lambda: talker.senses()["hearing"]["status"] != "transcribing")
        assert stands(talker, run)
        talker.rests()  # it has listened for an answer, and heard nobody
        assert stands(talker, run)
        talker.sound.looped = False
        talker.cancels(run)


def test_for_what_a_program_asked_a_yes_is_never_enough(talker: Talker) -> None:
    """It calls itself a voice, and somebody near by says yes to something else."""
    run, _ = asked(talker, STAGING)
    talker.tells("yes, go ahead.")
    assert talker.words() and stands(talker, run)
