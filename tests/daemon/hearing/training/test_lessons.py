"""Minutes of speech in which it is known where the wake word ends."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest

from daemon.hearing.frames import RATE
from daemon.hearing.training.lessons import LEAD, Line, any_of, lesson, script
from daemon.hearing.training.voices import Voice


def test_a_script_holds_what_was_ordered_in_any_order() -> None:
    random = Random(1)
    lines = script(["hey one", "hey two"], [any_of(["a"], random), any_of(["b"], random)], random, words=10, lines=20)
    assert sum(each.word for each in lines) == 10 and len(lines) == 30
    assert {each.text for each in lines if each.word} == {"hey one", "hey two"}
    assert {each.text for each in lines if not each.word} == {"a", "b"}
    assert [each.word for each in lines] != sorted(each.word for each in lines)


@pytest.mark.usefixtures("espeak_ng")
def test_it_is_known_where_everything_was_said() -> None:
    lines = [Line("who is on call", False), Line("hey devoss", True), Line("hey devoss", True), Line("stop", False)]
    made = lesson(Voice("espeak-ng", "f3"), lines, Random(1), apart=2.0)
    assert [each.line for each in made.said] == lines
    assert made.said[0].begin > LEAD * RATE and made.seconds == len(made.samples) / RATE
    for one, other in pairwise(made.said):
        pause = (other.begin - one.end) / RATE
        assert pause >= 2.02, "the wake word is among any two that follow one another here"
    loud = [float(np.abs(made.samples[each.begin : each.end]).mean()) for each in made.said]
    before = float(np.abs(made.samples[: int(LEAD * RATE)]).mean())
    assert min(loud) > 2 * before
    # A synthesiser of today says it a sample longer or shorter each time.
    again = lesson(Voice("espeak-ng", "f3"), lines, Random(1), apart=2.0)
    assert [each.end for each in again.said] == pytest.approx([each.end for each in made.said], abs=100)


@pytest.mark.usefixtures("espeak_ng")
def test_recordings_of_ones_own_take_the_voices_place() -> None:
    own = np.ones(1234, np.float32)
    made = lesson(Voice("espeak-ng", "f3"), [Line("hey you", True), Line("stop", False)], Random(2), own=[own])
    assert made.said[0].end - made.said[0].begin == 1234 != made.said[1].end - made.said[1].begin


@pytest.mark.usefixtures("espeak_ng")
def test_what_cannot_be_said_is_left_out() -> None:
    made = lesson(Voice("espeak-ng", "f3"), [Line("", False), Line("stop", False)], Random(2))
    assert [each.line.text for each in made.said] == ["stop"]
