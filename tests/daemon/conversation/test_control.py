"""The words that work at any time."""

import pytest

from daemon.conversation.control import ALWAYS, Control, control_of


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Stop.", Control.STOP),
        ("Hey DevOS, stop please!", Control.STOP),
        ("Stop everything!", Control.FREEZE),
        ("cancel that", Control.CANCEL),
        ("Okay, cancel.", Control.CANCEL),
        ("Never mind.", Control.NEVER_MIND),
        ("What are you doing?", Control.DOING),
        ("What's going on?", Control.DOING),
        ("What\u2019s going on now?", Control.DOING),
        ("repeat that, please", Control.REPEAT),
        ("Freeze", Control.FREEZE),
        ("thaw", Control.THAW),
        ("mute", Control.MUTE),
        ("stop listening", Control.MUTE),
        ("Stop the web-app", None),
        ("don't stop", None),
        ("cancel the change CHG0030001", None),
        ("how are you doing", None),
        ("", None),
    ],
)
def test_only_a_whole_sentence_is_a_control_word(said: str, meant: Control | None) -> None:
    assert control_of(said) is meant


def test_what_stops_works_while_a_question_is_open() -> None:
    assert {Control.STOP, Control.FREEZE, Control.DOING} <= ALWAYS
    assert Control.CANCEL not in ALWAYS  # which is a no there
