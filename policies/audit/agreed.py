"""Who approved what, when, by which channel, seeing which plan: folded from what the log holds of the questions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from heapq import merge
from typing import Protocol

from policies.action import Json
from policies.approval import text_of
from policies.audit.event import Stored

ASKED, ANSWERED, REFUSED = "devos.approval.asked", "devos.approval.answered", "devos.approval.refused"
FINISHED = "devos.run.finished"


class Entries(Protocol):
    """A log that can be read: `Log` or `Reader`."""

    def entries(
        self,
        *,
        run: str | None = None,
        type: str | None = None,  # noqa: A002 - CloudEvents' own word
    ) -> list[Stored]:
        """The entries of that run and type, oldest first."""


@dataclass(frozen=True)
class Answer:
    """One answer to a question."""

    by: str
    via: str
    """The channel it came by."""
    answer: str
    """yes or no."""
    digest: str
    """Of what the person was shown."""
    reason: str | None
    at: datetime
    problem: str | None = None
    """Why it did not count; None where it did."""


@dataclass(frozen=True)
class Question:
    """One question to people and everything that was answered."""

    approval: str
    """Its id."""
    run: str
    subject: str
    """"plan", "step:N" or "outcome:N:K"."""
    level: str
    asker: str | None
    """Who asked for the run."""
    group: str | None
    """Of which group those must be who approve."""
    votes: int
    """How many of them."""
    digest: str
    plan: list[Json] | None
    """What was shown, change by change; None where it was erased."""
    because: str | None
    """Why it was asked."""
    asked: datetime
    expires: str
    withdrawn: bool = False
    """Whether the run ended before the question was answered."""
    answers: tuple[Answer, ...] = ()
    """In the order in which they came, also those that did not count."""

    @property
    def counted(self) -> tuple[Answer, ...]:
        """The answers that counted."""
        return tuple(each for each in self.answers if each.problem is None)


def agreed(
    log: Entries,
    *,
    run: str | None = None,
    person: str | None = None,
    day: date | None = None,
    zone: tzinfo | None = None,
) -> list[Question]:
    """The questions that were asked, oldest first.

    Args:
        log: where they are recorded.
        run: only those of one run.
        person: only those to which this person gave an answer, whether or not it counted.
        day: only those that were asked or answered on this day, in local time.
        zone: whose days are meant; by default this machine's.

    Raises:
        Unreadable: an entry was altered so that it is none any more.
        sqlite3.Error: the log is damaged.
    """
    streams = (log.entries(run=run, type=kind) for kind in (ASKED, ANSWERED, REFUSED, FINISHED))
    found = fold(merge(*streams, key=lambda entry: entry.seq))
    if person is not None:
        found = [each for each in found if any(answer.by == person for answer in each.answers)]
    if day is not None:
        found = [each for each in found if day in {moment.astimezone(zone).date() for moment in _moments(each)}]
    return found


def fold(entries: Iterable[Stored]) -> list[Question]:
    """The questions that these entries are about, in the order in which they were asked; others are passed over."""
    questions: list[Question] = []
    places: dict[str, int] = {}
    of_run: dict[str | None, list[int]] = {}
    for entry in entries:
        approval = str(entry.data.get("approval"))
        if entry.type == ASKED:
            places[approval] = len(questions)
            of_run.setdefault(entry.run, []).append(len(questions))
            questions.append(_question(entry))
        elif entry.type in (ANSWERED, REFUSED) and approval in places:
            asked = questions[places[approval]]
            questions[places[approval]] = replace(asked, answers=(*asked.answers, _answer(entry)))
        elif entry.type == FINISHED:
            for place in of_run.pop(entry.run, ()):
                asked = questions[place]
                if not _decided(asked) and text_of(entry.time) < asked.expires:
                    questions[place] = replace(asked, withdrawn=True)
    return questions


def _question(entry: Stored) -> Question:
    data, shown = entry.data, entry.payload or {}
    return Question(
        approval=str(data.get("approval")),
        run=entry.run or "",
        subject=str(data.get("subject")),
        level=str(data.get("level")),
        asker=data.get("asker"),
        group=data.get("group"),
        votes=data.get("votes", 1),
        digest=str(data.get("digest")),
        plan=shown.get("plan"),
        because=shown.get("because"),
        asked=entry.time,
        expires=str(data.get("expires")),
    )


def _answer(entry: Stored) -> Answer:
    data = entry.data
    return Answer(
        by=str(data.get("by")),
        via=str(data.get("via")),
        answer=str(data.get("answer")),
        digest=str(data.get("digest")),
        reason=(entry.payload or {}).get("because"),
        at=entry.time,
        problem=None if entry.type == ANSWERED else str(data.get("problem")),
    )


def _decided(question: Question) -> bool:
    """Whether there were enough answers before its run ended."""
    counted = question.counted
    return len(counted) >= question.votes or any(each.answer == "no" for each in counted)


def _moments(question: Question) -> list[datetime]:
    return [question.asked, *(answer.at for answer in question.answers)]
