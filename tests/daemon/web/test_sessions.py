"""Links that open once, sessions that end, words that may be guessed three times."""

from __future__ import annotations

import time

import pytest

from daemon.web.sessions import (
    IDLE_SECONDS,
    LINK_SECONDS,
    LINKS,
    LINKS_WITHIN,
    MOST,
    TRIES,
    WORDS,
    WORDS_WITHIN,
    Session,
    Sessions,
    TooMany,
    uptime,
)


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(clock)


def enter(sessions: Sessions, **how: object) -> tuple[str, Session]:
    entered = sessions.enter(sessions.link(**how))  # type: ignore[arg-type]  # a word or whether it is writable
    assert entered is not None
    return entered


def test_a_link_opens_one_session(sessions: Sessions) -> None:
    link = sessions.link()
    entered = sessions.enter(link)
    assert entered is not None
    secret, session = entered
    assert sessions.find(secret) is session and not session.writable
    assert sessions.enter(link) is None, "used twice"
    assert len({link, secret, session.token}) == 3 and min(map(len, (link, secret, session.token))) >= 43


def test_a_link_expires(sessions: Sessions, clock: Clock) -> None:
    early, late = sessions.link(), sessions.link()
    clock.now += LINK_SECONDS - 1
    assert sessions.enter(early) is not None
    clock.now += 1
    assert sessions.enter(late) is None


@pytest.mark.parametrize("guess", ["", "x", "é\ud800", "A" * 10_000])
def test_a_guess_opens_nothing(sessions: Sessions, guess: str) -> None:
    sessions.link()
    assert sessions.enter(guess) is None and sessions.find(guess) is None


def test_guessing_is_slowed_down(sessions: Sessions, clock: Clock) -> None:
    for _ in range(LINKS):
        assert sessions.enter("wrong") is None
    link = sessions.link()
    with pytest.raises(TooMany):
        sessions.enter(link)
    clock.now += LINKS_WITHIN
    assert sessions.enter(link) is not None, "the link was not used up"


def test_a_session_ends_when_it_is_left_alone(sessions: Sessions, clock: Clock) -> None:
    secret, session = enter(sessions)
    for _ in range(3):
        clock.now += IDLE_SECONDS - 1
        assert sessions.find(secret) is session
    clock.now += IDLE_SECONDS
    assert not sessions.lasts(session)
    assert sessions.find(secret) is None and session.ended


def test_a_session_is_ended(sessions: Sessions) -> None:
    secret, session = enter(sessions)
    other, _ = enter(sessions)
    sessions.end(session)
    assert sessions.find(secret) is None and sessions.find(other) is not None and not sessions.lasts(session)


def test_the_oldest_make_room(sessions: Sessions) -> None:
    secret, session = enter(sessions)
    first = sessions.link()
    for _ in range(MOST):
        enter(sessions)
        sessions.link()
    assert sessions.find(secret) is None and session.ended
    assert sessions.enter(first) is None


def test_the_word_unlocks(sessions: Sessions) -> None:
    _, session = enter(sessions, word="kilo-zulu-204")
    assert not session.writable and not sessions.unlock(session, "kilo-zulu-205") and not sessions.unlock(session, "")
    assert sessions.unlock(session, " Kilo zulu  204 ") and session.writable
    assert sessions.unlock(session, "anything"), "it stays so"


def test_three_wrong_words_are_the_end(sessions: Sessions) -> None:
    _, session = enter(sessions, word="harbour")
    assert [sessions.unlock(session, "anchor") for _ in range(TRIES)] == [False] * TRIES
    assert not sessions.unlock(session, "harbour") and not session.writable


def test_guessing_words_in_many_sessions_is_slowed_down(sessions: Sessions, clock: Clock) -> None:
    for _ in range(WORDS):
        assert not sessions.unlock(enter(sessions, word="kilo-zulu-204")[1], "kilo-zulu-205")
    _, session = enter(sessions, word="kilo-zulu-204")
    with pytest.raises(TooMany):
        sessions.unlock(session, "kilo-zulu-204")
    clock.now += WORDS_WITHIN
    assert sessions.unlock(session, "kilo-zulu-204")


def test_without_a_word_nothing_unlocks(sessions: Sessions) -> None:
    _, session = enter(sessions)
    assert not sessions.unlock(session, "") and not sessions.unlock(session, "None")
    assert enter(sessions, writable=True)[1].writable


def test_seconds_only_go_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    before = uptime()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert uptime() >= before
