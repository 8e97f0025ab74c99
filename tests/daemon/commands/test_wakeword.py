"""wakeword: training, trying and forgetting words from the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from daemon.hearing.training import train as training
from daemon.hearing.training import trained

if TYPE_CHECKING:
    from tests.daemon.conftest import House

DEMO = Path(__file__).parents[3] / "demo" / "scale-web-app.flac"
FIGURES: dict[str, Any] = {
    "word": "hey marvin",
    "accepted": True,
    "voices": {"learnt": 60, "tuning": 9, "held_out": 19},
    "hits": {"said": 380, "heard": 361, "rate": 0.95},
    "false_accepts": {"minutes": 27.3, "count": 0, "per_hour": 0.0, "at": []},
    "near_words": {"said": 245, "mistaken": 13, "at": ["hey carving"]},
    "recordings": {"given": 8, "said": 2, "heard": 2},
}


def keep(house: House, *, says: float = -9.0, **changed: Any) -> None:
    """A word whose classifier always says the same."""
    layers = ((np.zeros((trained.KEEPS * 96, 1), np.float32), np.full(1, says, np.float32)),)
    figures = FIGURES | changed
    model = trained.Trained(figures["word"], 0.5, np.zeros(96, np.float32), np.ones(96, np.float32), layers)
    trained.save(house.home, model, figures)


def test_a_word_is_trained_listed_heard_and_forgotten(empty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """With five voices and half a minute each: too few to be good, enough to be heard."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("install with: apt-get install espeak-ng")
    monkeypatch.setattr(training, "WORDS", 4)
    monkeypatch.setattr(training, "LINES", 5)
    done = empty.devos("wakeword", "train", "Hey DevOS", "--voices", "5", "--anyway", "--json")
    assert done.code == 0, done.err
    assert done.json["word"] == "hey devos" and done.json["accepted"] and done.json["hits"]["said"] > 0
    listed = empty.devos("wakeword", "list", "--json").json
    assert [each["word"] for each in listed if each["source"] == "trained"] == ["hey devos"]
    files = sorted(each.name for each in (empty.home / "wakewords" / "hey-devos").iterdir())
    assert files == ["figures.json", "model.npz"]
    heard = empty.devos("wakeword", "test", str(DEMO), "--word", "hey devos", "--json")
    assert heard.code == 0 and isinstance(heard.json, list)
    assert empty.devos("wakeword", "remove", "hey devos").out == "'hey devos' is forgotten.\n"
    assert [each["source"] for each in empty.devos("wakeword", "list", "--json").json] == ["included"] * 4


def test_poor_figures_are_said_and_the_word_is_not_used(empty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("install with: apt-get install espeak-ng")
    monkeypatch.setattr(training, "WORDS", 2)
    monkeypatch.setattr(training, "LINES", 3)
    monkeypatch.setattr(training, "HITS", 1.1)
    poor = empty.devos("wakeword", "train", "computer", "--voices", "4")
    assert poor.code == 1 and "It is not used." in poor.out and "--anyway" in poor.out
    assert "trained, not good enough to be used" in empty.devos("wakeword", "list").out
    refused = empty.devos("wakeword", "test", str(DEMO), "--word", "computer")
    assert refused.code == 2 and "There is no wake word 'computer'" in refused.err


def test_a_word_that_works_is_listed_with_its_figures(empty: House) -> None:
    keep(empty)
    shown = empty.devos("wakeword", "list").out
    assert shown.startswith("hey jarvis  (included)\n") and "hey marvin  (trained)\n" in shown
    assert "361 of 380 times (95.0 %), said by 19 voices it never heard before" in shown
    assert "0 times in 27 minutes of ordinary speech, 13 of 245 times when almost the same was said" in shown
    assert "your voice:  2 of 2 times" in shown


def test_one_is_not_several(empty: House) -> None:
    mistakes = {"minutes": 1.2, "count": 1, "per_hour": 50.0, "at": []}
    keep(empty, voices={"learnt": 3, "tuning": 1, "held_out": 1}, false_accepts=mistakes)
    shown = empty.devos("wakeword", "list").out
    assert "said by 1 voice it never" in shown and "1 time in 1 minute of ordinary speech" in shown


def test_a_damaged_word_is_listed_as_such(empty: House) -> None:
    keep(empty)
    (empty.home / "wakewords" / "hey-marvin" / "figures.json").write_text("{")
    assert 'cannot be read. Train it again: devos wakeword train "hey-marvin"' in empty.devos("wakeword", "list").out


def test_a_word_whose_figures_somebody_changed_is_listed_without_them(empty: House) -> None:
    keep(empty, hits="many")
    shown = empty.devos("wakeword", "list").out
    assert "hey marvin  (trained)\n  Its figures cannot be read" in shown


def test_where_a_recording_holds_the_word(empty: House) -> None:
    keep(empty, says=9.0)
    found = empty.devos("wakeword", "test", str(DEMO), "--word", "hey marvin", "--json").json
    assert found and found[0]["word"] == "hey marvin" and 0 < found[0]["seconds"] < 10
    shown = empty.devos("wakeword", "test", str(DEMO), "--word", "hey marvin").out
    assert f"{found[0]['seconds']:7.2f} s  hey marvin\n" in shown


def test_the_words_of_the_settings_are_listened_for(empty: House) -> None:
    (empty.home / "config.toml").write_text('[wake]\nwords = ["alexa", "hey jarvis"]\n')
    assert empty.devos("wakeword", "test", str(DEMO)).out == "Not heard in it: alexa, hey jarvis.\n"
    assert empty.devos("wakeword", "test", str(DEMO), "--sensitivity", "1", "--json").json == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["train", "x"], 2, "'x' cannot be a wake word: take one of 4 to 40 letters"),
        (["train", "Hey, Jarvis"], 2, "'hey jarvis' comes with DevOS and needs no training."),
        (["train", "hey marvin", "--voices", "0"], 2, "--voices"),
        (["train", "hey marvin", "--recordings", "nowhere"], 2, "There are no recordings in nowhere"),
        (["remove", "hey marvin"], 2, "No wake word 'hey marvin' was trained here."),
        (["test", "nowhere.wav"], 2, "There is no file nowhere.wav."),
        (["test", str(DEMO), "--word", "hey marvin"], 2, 'devos wakeword train "hey marvin"'),
        (["test", str(DEMO), "--sensitivity", "2"], 2, "--sensitivity"),
    ],
)
def test_wrong_use(empty: House, words: list[str], code: int, said: str) -> None:
    done = empty.devos("wakeword", *words)
    assert done.code == code and said in done.err
    if "--" not in said:
        assert said in empty.devos("wakeword", *words, "--json").json["error"]


def test_without_a_synthesiser_it_says_the_command(empty: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = empty.devos("wakeword", "train", "hey marvin")
    assert done.code == 1 and "espeak-ng is not installed. Run: " in done.err


def test_a_model_that_cannot_be_read(empty: House) -> None:
    keep(empty)
    (empty.home / "wakewords" / "hey-marvin" / "model.npz").write_bytes(b"")
    done = empty.devos("wakeword", "test", str(DEMO), "--word", "hey marvin", "--json")
    assert done.code == 1 and "cannot be read" in json.loads(done.out)["error"]
