"""Who is at the dashboard: one-time links, the sessions they open, and the word that lets a session answer.

Everything is kept in memory, as hashes where it is a secret, and ends with the daemon.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

Kept = TypeVar("Kept")

LINK_SECONDS = 5 * 60.0
"""How long a link can be used."""

IDLE_SECONDS = 12 * 3600.0
"""How long a session lasts that nothing is asked of."""

TRIES = 3
"""How often a word may be guessed."""

MOST = 50
"""How many links, and how many sessions, there are at once; beyond, the oldest end."""

LINKS, LINKS_WITHIN = 10, 60.0
"""How many wrong links are looked at within so many seconds."""

WORDS, WORDS_WITHIN = 15, 600.0
"""How many wrong words, whichever session they are given in."""


def uptime() -> float:
    """Seconds that only go forward, also while the machine sleeps and whatever its clock is set to."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


@dataclass
class Session:
    """One browser that came in by a link."""

    token: str
    """Has to come with everything that is posted: it stands in our own pages only, which no other site can read."""
    word: str | None
    """What was shown at the terminal that the link was asked from; None where nothing was."""
    writable: bool
    """Whether it may change anything."""
    seen: float
    tries: int = TRIES
    """How many guesses at the word are left."""
    ended: bool = False
    streams: int = field(default=0, compare=False)
    """How many event streams it has open."""


@dataclass(frozen=True)
class _Link:
    word: str | None
    writable: bool
    until: float


class TooMany(Exception):
    """Too many wrong links or words were tried within a short time."""


class _Failures:
    """Counts what was wrong, so that guessing is slow."""

    def __init__(self, most: int, within: float) -> None:
        self._most, self._within = most, within
        self._moments: list[float] = []

    def check(self, now: float) -> None:
        self._moments = [each for each in self._moments if now - each < self._within]
        if len(self._moments) >= self._most:
            raise TooMany

    def add(self, now: float) -> None:
        self._moments.append(now)


class Sessions:
    """The links that can be used, and the sessions that are open."""

    def __init__(self, clock: Callable[[], float] = uptime) -> None:
        self._clock = clock
        self._links: dict[bytes, _Link] = {}
        self._sessions: dict[bytes, Session] = {}
        self._wrong_links = _Failures(LINKS, LINKS_WITHIN)
        self._wrong_words = _Failures(WORDS, WORDS_WITHIN)

    def link(self, *, word: str | None = None, writable: bool = False) -> str:
        """Make the secret of a link that opens one session, once, within five minutes.

        Args:
            word: what the person reads at the terminal; giving it back lets the session change things.
            writable: the session may do so at once.
        """
        secret = secrets.token_urlsafe(32)
        self._links[_hash(secret)] = _Link(word, writable, self._clock() + LINK_SECONDS)
        _trim(self._links)
        return secret

    def enter(self, link: str) -> tuple[str, Session] | None:
        """Use a link up: a new session with the secret for its cookie, or None where there is no such link any more.

        Raises:
            TooMany: too many were wrong of late; this one was not looked at.
        """
        now = self._clock()
        self._wrong_links.check(now)
        found = self._links.pop(_hash(link), None)
        if found is None or now >= found.until:
            self._wrong_links.add(now)
            return None
        secret = secrets.token_urlsafe(32)
        session = Session(secrets.token_urlsafe(32), found.word, found.writable, now)
        self._sessions[_hash(secret)] = session
        for old in _trim(self._sessions):
            old.ended = True
        return secret, session

    def find(self, secret: str) -> Session | None:
        """The session that a cookie belongs to, and that goes on by that; None where it ended or never was."""
        session = self._sessions.get(_hash(secret))
        if session is None or not self.lasts(session):
            return None
        session.seen = self._clock()
        return session

    def lasts(self, session: Session) -> bool:
        """Whether a session still is open."""
        if not session.ended and self._clock() - session.seen >= IDLE_SECONDS:
            self.end(session)
        return not session.ended

    def unlock(self, session: Session, word: str) -> bool:
        """Let a session change things if that is the word that was shown for it; after three wrong ones none is right.

        Raises:
            TooMany: too many wrong words were given of late, in whichever sessions; this one was not looked at.
        """
        if session.writable:
            return True
        if session.word is None or session.tries <= 0:
            return False
        self._wrong_words.check(self._clock())
        if hmac.compare_digest(_folded(word), _folded(session.word)):
            session.writable = True
        else:
            session.tries -= 1
            self._wrong_words.add(self._clock())
        return session.writable

    def end(self, session: Session) -> None:
        """Close a session."""
        session.ended = True
        self._sessions = {key: each for key, each in self._sessions.items() if each is not session}


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def _folded(word: str) -> bytes:
    """A word however it was typed: its parts may be apart, and capitals do not matter."""
    return "-".join(word.casefold().replace("-", " ").split()).encode(errors="replace")


def _trim(held: dict[bytes, Kept]) -> list[Kept]:
    """Take out the oldest beyond the most that may be held."""
    return [held.pop(key) for key in list(held)[: max(0, len(held) - MOST)]]
