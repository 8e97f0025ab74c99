"""Where a sentence begins and ends."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from daemon.hearing.endpoint import GAP, ONSET, PAUSE, PRE_ROLL, SECONDS, Endpointer, Onset, Pace

from .scripted import frames

ON, OFF = 0.9, 0.05
HALF_A_SECOND = 16


def marks(endpointer: Endpointer, probabilities: Sequence[float]) -> list[tuple[int, str]]:
    """What the frames mean, with their numbers, up to the end of the sentence."""
    found: list[tuple[int, str]] = []
    for number, each in enumerate(frames(probabilities)):
        if mark := endpointer.hear(*each):
            found.append((number, mark))
        if mark == "over":
            break
    return found


def sentence(silence: float = 0.5, *, longest: float = 30.0, hold: bool = False) -> Endpointer:
    return Endpointer(Pace(silence), longest=longest, hold=hold)


def test_a_sentence_begins_with_the_third_voiced_frame_and_ends_after_half_a_second_of_silence() -> None:
    endpointer = sentence()
    heard = marks(endpointer, [OFF] * 20 + [ON] * 10 + [OFF] * 40)
    assert heard[:3] == [(22, "began"), (29 + PAUSE, "paused"), (29 + HALF_A_SECOND, "over")]
    assert endpointer.began == pytest.approx(100 + 20 * SECONDS) and endpointer.ended == pytest.approx(
        100 + 30 * SECONDS
    )


def test_its_sound_reaches_from_before_the_first_word_to_shortly_after_the_last() -> None:
    endpointer = sentence()
    marks(endpointer, [OFF] * 20 + [ON] * 10 + [OFF] * 16)
    numbers = endpointer.sound()[::512]
    assert [*numbers] == [*range(20 - PRE_ROLL, 30 + PAUSE)]
    assert 0.3 <= PRE_ROLL * SECONDS <= 0.5


def test_what_was_written_down_in_the_pause_is_the_whole_sentence() -> None:
    endpointer = sentence()
    spoken = frames([ON] * 10 + [OFF] * 16)
    sounds = {mark: endpointer.sound() for each in spoken if (mark := endpointer.hear(*each))}
    assert [*sounds["paused"]] == [*sounds["over"]]


@pytest.mark.parametrize("voiced", [1, 2])
def test_a_click_begins_nothing(voiced: int) -> None:
    assert marks(sentence(), ([OFF] * 5 + [1.0] * voiced) * 20) == []


def test_what_is_too_short_for_a_word_is_dropped_and_waited_on_from_there() -> None:
    endpointer = sentence()
    heard = marks(endpointer, [ON] * ONSET + [OFF] * 20 + [ON] * 10)
    assert [mark for _, mark in heard] == ["began", "paused", "dropped", "began"]
    assert endpointer.began == pytest.approx(100 + 23 * SECONDS)


def test_a_voice_that_fades_goes_on() -> None:
    """Speech begins only well above the level down to which it goes on."""
    assert marks(sentence(), [0.4] * 50) == []
    assert [mark for _, mark in marks(sentence(), [ON] * 5 + [0.4] * 50)] == ["began"]


def test_speech_that_goes_on_in_a_pause_is_one_sentence_and_a_click_in_it_is_not_speech() -> None:
    heard = marks(sentence(), [ON] * 5 + [OFF] * 8 + [ON] * 5 + [OFF] * 16)
    assert [mark for _, mark in heard] == ["began", "paused", "resumed", "paused", "over"]
    click = marks(sentence(), [ON] * 5 + [OFF] * 8 + [ON] + [OFF] * 7)
    assert click == [(2, "began"), (4 + PAUSE, "paused"), (4 + HALF_A_SECOND, "over")]


def test_a_sentence_without_end_is_over_at_the_longest() -> None:
    ((_, _), (last, mark)) = marks(sentence(longest=3.0), [ON] * 94)
    assert mark == "over" and last == pytest.approx(3.0 / SECONDS, abs=1)


def test_who_holds_a_key_may_be_silent_as_long_as_they_like() -> None:
    endpointer = sentence(hold=True)
    assert [mark for _, mark in marks(endpointer, [ON] * 10 + [OFF] * 100)] == ["began", "paused"]
    endpointer.finish()
    assert marks(endpointer, [OFF]) == [(0, "over")]


def test_a_key_that_is_let_go_within_a_word_waits_for_its_end() -> None:
    endpointer = sentence(hold=True)
    marks(endpointer, [ON] * 10)
    endpointer.finish()
    assert marks(endpointer, [ON] * 3 + [OFF] * 5) == [(7, "over")]
    endpointer = sentence(hold=True)
    marks(endpointer, [ON] * 10)
    endpointer.finish()
    ((last, mark),) = marks(endpointer, [ON] * 30)
    assert mark == "over" and last * SECONDS < 0.35, "but not for long"


def test_a_key_that_is_let_go_in_silence() -> None:
    endpointer = sentence(hold=True)
    endpointer.finish()
    assert not endpointer.finished
    assert marks(endpointer, [OFF] * 10) == []
    assert endpointer.finished and not endpointer.spoken


def test_a_key_that_was_only_tapped_leaves_the_end_to_silence() -> None:
    endpointer = sentence(hold=True)
    marks(endpointer, [ON] * 10)
    endpointer.finish()
    endpointer.release()
    assert [mark for _, mark in marks(endpointer, [ON] * 20 + [OFF] * 16)] == ["paused", "over"]


def test_lost_frames_are_counted_within_the_sentence_only() -> None:
    endpointer = sentence()
    for number, (frame, probability) in enumerate(frames([OFF] * 10 + [ON] * 10)):
        lost = {2: 7, 15: 3, 17: 1}.get(number, 0)
        endpointer.hear(type(frame)(frame.samples, frame.at, lost), probability)
    assert endpointer.missed == 4


class TestTakingUp:
    def test_the_last_words_and_what_is_just_before_them(self) -> None:
        past = frames([ON] * 10 + [OFF] * (GAP + 5) + [ON] * 20 + [OFF] * 3)
        endpointer = sentence()
        endpointer.take_up(past)
        assert endpointer.spoken and not endpointer.paused
        assert endpointer.began == pytest.approx(100 + (10 + GAP + 5) * SECONDS)
        assert endpointer.sound()[0] == 10 + GAP + 5 - PRE_ROLL

    def test_words_that_follow_closely_belong_together(self) -> None:
        endpointer = sentence()
        endpointer.take_up(frames([OFF] * 20 + [ON] * 10 + [OFF] * (GAP - 2) + [ON] * 10))
        assert endpointer.began == pytest.approx(100 + 20 * SECONDS)

    def test_it_goes_on_without_a_gap(self) -> None:
        past = frames([OFF] * 30 + [ON] * 20)
        endpointer = sentence()
        endpointer.take_up(past)
        heard = marks(endpointer, [ON] * 10 + [OFF] * 16)
        assert [mark for _, mark in heard] == ["paused", "over"]

    def test_a_pause_that_lasts_already(self) -> None:
        endpointer = sentence()
        endpointer.take_up(frames([ON] * 20 + [OFF] * PAUSE))
        assert endpointer.paused

    def test_all_of_it_where_no_voice_stands_out(self) -> None:
        endpointer = sentence()
        endpointer.take_up(frames([OFF] * 40))
        assert len(endpointer.sound()) == 40 * 512 and endpointer.enough


class TestPace:
    def test_it_grows_for_who_goes_on_after_pauses_that_nearly_ended_the_sentence(self) -> None:
        pace = Pace(0.5)
        pace.resumed(0.2)
        assert pace.seconds == 0.5, "a short pause is no sign"
        grown = []
        for _ in range(10):
            pace.resumed(0.9 * pace.seconds)
            grown.append(pace.seconds)
        assert grown[0] > 0.6 and all(later >= earlier for earlier, later in itertools.pairwise(grown))
        assert grown[-1] == Pace.LONGEST

    def test_it_comes_back(self) -> None:
        pace = Pace(0.5)
        pace.resumed(0.45)
        slow = pace.seconds
        for _ in range(20):
            pace.finished()
        assert 0.5 <= pace.seconds < 0.5 + 0.1 * (slow - 0.5)

    def test_it_is_never_shorter_than_what_is_set(self) -> None:
        pace = Pace(2.0)
        pace.resumed(1.9)
        pace.finished()
        assert pace.seconds == 2.0

    def test_a_speaker_with_pauses_is_waited_for_in_the_next_sentence(self) -> None:
        pace = Pace(0.5)
        marks(Endpointer(pace, longest=30), [ON] * 10 + [OFF] * 14 + [ON] * 10 + [OFF] * 40)
        second = Endpointer(pace, longest=30)
        assert [mark for _, mark in marks(second, [ON] * 10 + [OFF] * 17 + [ON] * 10)] == ["began", "paused", "resumed"]


class TestOnset:
    def test_once_for_each_stretch_of_speech(self) -> None:
        onset = Onset()
        spoken = [OFF] * 5 + [ON] * 20 + [OFF] * 4 + [ON] * 20 + [OFF] * 20 + [ON] * 20
        assert [number for number, each in enumerate(spoken) if onset.hear(each)] == [7, 71]

    def test_within_a_tenth_of_a_second(self) -> None:
        assert ONSET * SECONDS <= 0.1
