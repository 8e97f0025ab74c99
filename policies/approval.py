"""A question to a person, and the votes it was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from policies.action import Json

FOREVER, OVER = "9999-12-31T23:59:59.999Z", ""
"""As the moment until which something counts: no moment ends it; it has ended, whatever a clock says."""


@dataclass(frozen=True)
class Vote:
    """One person's answer to a question."""

    by: str
    via: str
    """terminal, web, desktop, teams, servicenow or voice."""
    at: str
    reason: str | None
    yes: bool = True

    def to_json(self) -> dict[str, Json]:
        """The vote as a question lists it."""
        return {"by": self.by, "via": self.via, "at": self.at, "reason": self.reason}


@dataclass(frozen=True)
class Approval:
    """One question to a person and what became of it. Every moment is UTC, as text to the millisecond."""

    id: str
    run: str
    subject: str
    """"plan", "step:N" for one change, or "outcome:N:K" for whether the K-th attempt at step N happened."""
    digest: str
    level: str
    """confirm, approve, or outcome."""
    plan: list[dict[str, Json]]
    """The changes, exactly as whoever asked sees them."""
    because: str
    created: str
    expires: str
    """When the question ends, and with it whatever was answered."""
    asker: str | None = None
    asked_from: tuple[str, ...] = ()
    """The programs that asked, nearest last."""
    group: str | None = None
    """Of which group those have to be who answer; None for nobody in particular."""
    votes: int = 1
    """How many different people have to say yes."""
    must_say_why: bool = False
    opened: tuple[str, ...] = ()
    """Where the values came from that the run had opened: "jira DEV-456 description"."""
    status: str = "open"
    """open, approved, used, denied, expired or withdrawn."""
    answered_by: str | None = None
    via: str | None = None
    reason: str | None = None
    result: Json | None = None
    touched: str | None = None
    """When the approval was given, or used last."""
    until: str = OVER
    """Until when it counts as it stands now: the question is open, or the approval may be used."""
    life: str = "idle"
    """What ends it besides: "idle", that it is not used; "question", the question's end; "change", nothing here."""
    given: tuple[Vote, ...] = ()
    """Every yes, oldest first."""

    def to_json(self) -> dict[str, Json]:
        """The question as every way of asking shows it."""
        names = ("id", "run", "subject", "level", "plan", "digest", "because", "created", "expires", "status")
        return {
            **{name: getattr(self, name) for name in names},
            "asker": self.asker,
            "asked_from": list(self.asked_from),
            "group": self.group,
            "votes": self.votes,
            "given": [vote.to_json() for vote in self.given],
            "reason": self.must_say_why,
            "opened": list(self.opened),
        }


def text_of(moment: datetime) -> str:
    """A moment as it is stored: such texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    """The moment that a stored text is."""
    return datetime.fromisoformat(text)
