"""Training from beginning to end, with few voices; the figures of all of them stand in docs/wake-word.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.hearing.training import classifier, trained
from daemon.hearing.training import train as module
from daemon.hearing.training.train import TooFewVoices, Wish, train
from daemon.hearing.training.voices import Manner, NoVoices, Voice, speak


@pytest.mark.usefixtures("espeak_ng")
def test_a_word_is_learnt_and_measured_with_other_voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORDS", 4)
    monkeypatch.setattr(module, "LINES", 5)
    monkeypatch.setattr(classifier, "ROUNDS", 8)
    own = tuple(speak("computer", Voice("espeak-ng", "f3"), Manner("en-us", 1.0, 40 + 2 * at, 1.0)) for at in range(4))
    told: list[tuple[float, str]] = []
    model, figures = train(Wish("Computer!", (), own, 5), lambda done, what: told.append((done, what)))

    assert model.word == figures["word"] == "computer" and figures["sounds_like"] == ["computer"]
    assert sum(figures["voices"].values()) == 5 and figures["voices"]["held_out"] >= 1
    said = figures["hits"]["said"]
    assert said == 8 * figures["voices"]["held_out"]
    assert figures["hits"]["rate"] == pytest.approx(figures["hits"]["heard"] / said, abs=1e-4)
    assert figures["hits"]["rate"] >= 0.5, "two voices are enough to hear most of a third one"
    assert 0.05 < figures["false_accepts"]["minutes"] < 5
    assert figures["recordings"]["given"] == 4 and figures["recordings"]["said"] == 4
    assert [done for done, _ in told] == sorted(done for done, _ in told) and told[-1][0] == pytest.approx(1)
    assert {what for _, what in told} == {"listening to voices", "learning the word", "measuring"}
    good = figures["hits"]["rate"] >= module.HITS and figures["false_accepts"]["per_hour"] <= module.MISTAKES
    assert figures["accepted"] == good

    trained.save(tmp_path, model, figures)
    assert trained.load(tmp_path, "computer").threshold == pytest.approx(model.threshold)


@pytest.mark.usefixtures("espeak_ng")
def test_too_few_voices_are_refused() -> None:
    with pytest.raises(TooFewVoices, match="2 different voices are too few to learn from; it takes 4"):
        train(Wish("computer", voices=2), lambda done, what: None)


def test_the_voices_that_measure_are_no_relatives_of_those_that_teach() -> None:
    names = [f"{name}{number}" for name in ("ann", "ben", "cat", "dan", "eve", "fay", "guy", "hal") for number in "12"]
    found = [Voice("espeak-ng", each) for each in names] + [Voice("flite", each) for each in ("one", "two", "three")]
    parts = module._divided(found, None, module.Random(1))
    families = [{each.family for each in part} for part in (parts.learnt, parts.tuning, parts.held_out)]
    assert all(families) and sum(map(len, families)) == len(set.union(*families)) == 11
    assert sum(len(part) for part in (parts.learnt, parts.tuning, parts.held_out)) == len(found)
    for part in families:
        assert [each for each in part if each.startswith("flite")], "of each engine somebody is in every part"


def test_without_a_synthesiser_it_says_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoVoices, match="install"):
        train(Wish("computer"), lambda done, what: None)
