"""Questions as pages show them: what would be done, who may allow it, and whether that can be done here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from daemon.web.pages import Argument, Change, Piece, Question, Vote
from daemon.web.run_view import path_of
from daemon.web.texts import moment, pieces_of
from policies.action import Json
from policies.approval import Approval
from policies.decision import Demand, Level
from policies.voters import Voters

VIA = "web"
"""The channel of what is answered at the dashboard."""

READS_ONLY = "This session may only read. Unlock it with the word that `devos open` showed at the terminal."


def question_page(
    asked: Approval, voters: Voters, run: Mapping[str, Any] | None, person: str, *, writable: bool
) -> Question:
    """One question.

    Args:
        asked: the question.
        voters: says who may answer it.
        run: its run as the contract's JSON; None where it cannot be shown.
        person: who is at the dashboard.
        writable: whether the session may change anything.
    """
    cannot = _cannot(asked, voters, person) or ("" if writable else READS_ONLY)
    path = f"/inbox/{asked.id}"
    changes = tuple(change_of(change) for change in asked.to_json()["plan"])
    quoted = (piece.source for change in changes for argument in change.arguments for piece in argument.pieces)
    return Question(
        id=asked.id,
        path=path,
        run=asked.run,
        run_path=path_of(asked.run),
        text=run["utterance"]["text"] if run else "",
        subject=asked.subject,
        level=asked.level,
        because=asked.because,
        digest=asked.digest,
        created=datetime.fromisoformat(asked.created),
        expires=datetime.fromisoformat(asked.expires),
        status=asked.status,
        changes=changes,
        asker=asked.asker or "",
        asked_from=tuple(asked.asked_from),
        group=asked.group or "",
        who=who_may(asked, voters) if asked.status == "open" else cannot,
        votes=asked.votes,
        given=tuple(Vote(each.by, each.via, moment(each.at), each.reason or "") for each in asked.given),
        needs_reason=asked.must_say_why,
        opened=tuple(dict.fromkeys([*asked.opened, *(source for source in quoted if source is not None)])),
        answer="" if cannot else f"{path}/answer",
        cannot=cannot,
    )


def who_may(asked: Approval, voters: Voters) -> str:
    """Who can allow it, in a sentence."""
    asker = asked.asker or "whoever asked for it"
    if asked.level == "outcome":
        return f"Only {asker} can say whether it happened."
    if asked.level == "confirm":
        return f"Only {asker} can confirm it."
    return voters.asked(Demand(Level.APPROVE, asked.group, asked.votes), asker)


def _cannot(asked: Approval, voters: Voters, person: str) -> str:
    """Why this person cannot agree here; empty where they can."""
    if asked.status == "denied":
        return f"{asked.answered_by} said no{f': {asked.reason}' if asked.reason else '.'}"
    if asked.status != "open":
        return f"It is {asked.status} already."
    if voters.voted(asked, person):
        return "You have agreed already; somebody else has to as well."
    return voters.problem(asked, person, VIA)


def change_of(change: Mapping[str, Any]) -> Change:
    """One change of a plan, as it stands in a question's JSON."""
    quoted, outside = change.get("quoted") or {}, change.get("outside") or ()
    arguments = (
        Argument(name, _quoted(quoted[name]) if name in quoted else pieces_of(value), name in outside)
        for name, value in (change.get("args") or {}).items()
    )
    return Change(
        step=change.get("step") or 0,
        action=change.get("action") or "",
        target=change.get("target") or "",
        environment=change.get("environment") or "",
        summary=change.get("summary") or "",
        arguments=tuple(arguments),
        evidence=change.get("evidence") or "",
        undo=change.get("undo") or "",
        before=change.get("before"),
        after=change.get("after"),
        cost=change.get("cost"),
        level=change.get("level") or "",
        rule=change.get("rule") or "",
        where=change.get("where") or "",
        because=change.get("because") or "",
        opened=tuple(change.get("opened") or ()),
    )


def _quoted(segments: Sequence[Mapping[str, Json]]) -> tuple[Piece, ...]:
    return tuple(Piece(str(each.get("text")), each.get("from")) for each in segments)
