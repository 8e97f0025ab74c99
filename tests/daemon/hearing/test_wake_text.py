"""The second look: what was transcribed has to begin with the wake word."""

from __future__ import annotations

import pytest

from daemon.hearing.wake_text import without


@pytest.mark.parametrize(
    ("word", "text", "rest"),
    [
        ("hey jarvis", "Hey Jarvis, scale web-app to 10.", "scale web-app to 10."),
        ("hey jarvis", "Hey, Jervis. Scale web-app to 10.", "Scale web-app to 10."),
        ("hey jarvis", "Jarvis scale web-app", "scale web-app"),
        ("hey jarvis", "hey Jarvis", ""),
        ("okay nabu", "OK, Naboo - who is on call?", "who is on call?"),
        ("alexa", "Alexa.", ""),
        ("alexa", "Alexa! Stop.", "Stop."),
        ("hey mycroft", "Hey Microft, what's up?", "what's up?"),
        ("hey devos", "Hey Dev OS, deploy it", "deploy it"),
        ("hey devos", "Hey, Davos. Deploy it", "Deploy it"),
        ("hey devos", "Hey dev O.S. deploy it", "deploy it"),
        ("Hey DevOS", "hey devos approve tango seven", "approve tango seven"),
        ("hey devos", "Hey Devos, devos is what I said", "devos is what I said"),
    ],
)
def test_the_rest_after_the_word(word: str, text: str, rest: str) -> None:
    assert without(word, text) == rest


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("hey jarvis", ""),
        ("hey jarvis", "..."),
        ("hey jarvis", "scale web-app to 10"),
        ("hey jarvis", "they said hey jarvis"),
        ("hey jarvis", "hey there, scale web-app"),
        ("hey jarvis", "a harvest is near"),
        ("alexa", "computer, stop"),
        ("alexa", "the lexicon is old"),
        ("okay nabu", "okay, now scale it"),
        ("hey mycroft", "Microsoft Teams is down"),
        ("hey devos", "hey David, have you seen it"),
        ("hey devos", "Hey David, who is on call?"),
        ("hey devos", "the devs are here"),
        ("hey devos", "hey boss, deploy it"),
        ("hey devos", "every device is new"),
        ("hey devos", "deploy the service"),
    ],
)
def test_what_does_not_begin_with_the_word(word: str, text: str) -> None:
    assert without(word, text) is None
