"""What each page of the dashboard shows: a template gets one of these as `page`, a `Frame` as `frame`, nothing else.

Texts are as they came; whatever a template prints is made visible and escaped on its way (daemon/web/render.py).
Moments are in UTC; `{{ moment | when }}` prints one as a <time> in local time. Paths are ready to be linked to.
The pages of the record are in audit_pages.py, those of the rules in rules_pages.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Frame:
    """What stands around every page."""

    section: str
    """Which part of the dashboard it is: runs, inbox, audit, rules, health; empty outside of them."""
    person: str
    """Whose DevOS it is; empty where nobody is signed in."""
    token: str
    """Goes into every form as the hidden field "token"; empty where nobody is signed in."""
    waiting: int
    """How many questions wait for an answer."""
    frozen: bool
    """Whether the emergency brake is on."""
    sandbox: bool
    """Whether the systems are simulated."""
    writable: bool
    """Whether this session may change anything; otherwise `/unlock` explains how it comes to."""
    here: str
    """This page's own path and query."""
    version: str
    events: str = ""
    """The event stream that this page follows; an event named "changed" means: fetch the page again."""


@dataclass(frozen=True)
class RunRow:
    """One run in the list."""

    run: str
    path: str
    text: str
    """What was said."""
    channel: str
    intent: str
    status: str
    """running, asking, waiting, done, failed, denied or cancelled."""
    note: str
    """What it says, does, waits for, or why it failed; may be empty."""
    started: datetime | None
    ms: int
    steps: int
    ended_steps: int


@dataclass(frozen=True)
class Runs:
    """runs.html: the newest runs, newest first, those under way on top."""

    live: tuple[RunRow, ...]
    ended: tuple[RunRow, ...]
    more: str
    """The path of the same page with more runs; empty where these are all."""


@dataclass(frozen=True)
class Argument:
    """One argument of an action, in pieces of known origin."""

    name: str
    pieces: tuple[Piece, ...]
    selects: bool = False
    """Whether it chooses what is changed, and may come from text that others wrote."""


@dataclass(frozen=True)
class Piece:
    """A piece of text."""

    text: str
    source: str | None = None
    """Where it came from, for example "jira DEV-456 description"; None for our own words."""


@dataclass(frozen=True)
class Step:
    """One step of a run, placed on its time line."""

    number: int
    action: str
    status: str
    """running, asking, done, failed, denied or cancelled."""
    started: datetime
    ms: int | None
    """None while it goes on."""
    offset: float
    """Where it begins on the line, in percent of the run's whole length."""
    width: float
    """How much of the line it takes, in percent; a little even where it took no time, so that it is seen."""
    decision: str
    """auto, confirm, approve, change or deny; empty where none was made."""
    rule: str
    approved_by: str
    """Who agreed; empty where nobody had to."""
    via: str
    arguments: tuple[Argument, ...]
    result: str
    """What came of it, as text, perhaps on many lines."""


@dataclass(frozen=True)
class Run:
    """run.html: one run as a time line, with its questions and what became of it."""

    run: str
    text: str
    channel: str
    confidence: float | None
    intent: str
    slots: tuple[tuple[str, str], ...]
    tier: str
    status: str
    said: str
    waits_for: str
    doing: str
    started: datetime | None
    ms: int
    cost_usd: float
    steps: tuple[Step, ...]
    ticks: tuple[tuple[float, str], ...]
    """Marks of the time line: position in percent, and its label, for example (50.0, "1.2 s")."""
    questions: tuple[Question, ...]
    """Those that are open."""
    cancel: str
    """Where a form that cancels it is posted to; empty where it has ended."""
    undo: str
    """Where a form that takes it back is posted to; empty while it goes on, and where there is nothing to undo."""
    audit: str
    """The path of its entries in the record."""


@dataclass(frozen=True)
class Change:
    """One change that a question is about."""

    step: int
    action: str
    target: str
    environment: str
    summary: str
    arguments: tuple[Argument, ...]
    evidence: str
    """A dry run, a diff, or plain words, on many lines; empty where there is none."""
    undo: str
    """How it can be taken back; empty where it cannot."""
    before: int | None
    after: int | None
    cost: int | None
    """US dollars a month; None where it is not known."""
    level: str
    rule: str
    where: str
    """The rule's file and line."""
    because: str
    opened: tuple[str, ...]
    """From where values were opened that may have steered it."""


@dataclass(frozen=True)
class Vote:
    """One answer that was given to a question."""

    by: str
    via: str
    at: datetime | None
    reason: str


@dataclass(frozen=True)
class Question:
    """question.html: one question, with everything that must be seen before it is answered."""

    id: str
    path: str
    run: str
    run_path: str
    text: str
    """What was said."""
    subject: str
    """plan, step:N or outcome:N:K."""
    level: str
    """confirm, approve, or outcome: whether an attempt happened that nothing but a person can find out about."""
    because: str
    digest: str
    """Goes back with the answer as the hidden field "digest": what was shown is what is answered."""
    created: datetime
    expires: datetime
    status: str
    """open, approved, used, denied, expired or withdrawn."""
    changes: tuple[Change, ...]
    asker: str
    asked_from: tuple[str, ...]
    """The programs it was asked from, the nearest last."""
    group: str
    """Of which group those must be who answer; empty where anybody may."""
    who: str
    """Who can allow it, in a sentence; what became of it where it waits no more."""
    votes: int
    """How many different people must say yes."""
    given: tuple[Vote, ...]
    needs_reason: bool
    """Whether an answer must say why."""
    opened: tuple[str, ...]
    """Where outside text in it came from."""
    answer: str
    """Where its form is posted to, with token, digest, answer ("yes" or "no"), because, and for an outcome question
    result; empty where this person or session cannot answer it."""
    cannot: str
    """Why it cannot be answered here, in a sentence; empty where it can."""


@dataclass(frozen=True)
class Inbox:
    """inbox.html: the questions that wait, the one that expires first on top."""

    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Part:
    """One thing whose health is shown."""

    name: str
    state: str
    """good, warn, bad or off."""
    text: str


@dataclass(frozen=True)
class Health:
    """health.html: whether everything is as it should be."""

    state: str
    """The worst of all: good, warn or bad."""
    daemon: tuple[Part, ...]
    log: tuple[Part, ...]
    witnesses: tuple[Part, ...]
    systems: tuple[Part, ...]
    ways: tuple[Part, ...]
    """The ways in which people are asked."""
    started: datetime
    frozen: bool
    """A form posts to /freeze or /thaw."""


@dataclass(frozen=True)
class Login:
    """login.html: the page behind the one-time link; its one-button form is posted to /login."""

    link: str
    """Goes back as the hidden field "link"."""


@dataclass(frozen=True)
class Locked:
    """locked.html: how a session that may only read comes to answer; the form is posted to /unlock."""

    possible: bool
    """Whether a word was shown at a terminal; without one, a new link is needed."""
    tries: int
    """How many are left."""
    wrong: bool
    """Whether the word that was just given was not the one."""
    back: str
    """Where the person came from; the form's hidden field "back"."""


@dataclass(frozen=True)
class Problem:
    """problem.html: why there is no such page, or why something did not happen."""

    status: int
    title: str
    text: str
    back: str
    """Where to go on; empty where the person has to sign in first."""
