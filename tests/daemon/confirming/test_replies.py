"""What an answer means, and that nothing means yes by being like one."""

import pytest

from daemon.confirming.replies import Reply, read


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Yes.", Reply.YES),
        ("Yes, confirm!", Reply.YES),
        ("Go ahead.", Reply.YES),
        ("No.", Reply.NO),
        ("No, don't do it.", Reply.NO),
        ("Don\u2019t.", Reply.NO),
        ("Cancel that.", Reply.NO),
        ("Wait.", Reply.WAIT),
        ("No, wait.", Reply.WAIT),
        ("Hold on!", Reply.WAIT),
        ("Go on.", Reply.GO_ON),
        ("Ask me again.", Reply.GO_ON),
        ("Repeat.", Reply.REPEAT),
        ("What did you say?", Reply.REPEAT),
        ("What will it do?", Reply.DETAILS),
        ("Why?", Reply.DETAILS),
        ("Confirm tango seven.", Reply.WORDS),
        ("Confirm something.", Reply.WORDS),
        ("Kilo three.", Reply.WORDS),
        ("Yes, no.", Reply.OTHER),
        ("Yes, if it is cheap.", Reply.OTHER),
        ("No, I meant staging.", Reply.OTHER),
        ("Okay.", Reply.OTHER),
        ("Thank you.", Reply.OTHER),
        ("scale web-app to ten", Reply.OTHER),
        ("", Reply.OTHER),
    ],
)
def test_only_whole_answers_are_read(said: str, meant: Reply) -> None:
    assert read(said) is meant
