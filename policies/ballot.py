"""What somebody says to a question."""

from __future__ import annotations

from dataclasses import dataclass

from policies.action import Json
from policies.people import People
from policies.visible import visible


@dataclass(frozen=True)
class Ballot:
    """One person's answer, before it is known whether it counts."""

    code: str
    """The question's id."""
    yes: bool
    by: str
    via: str
    digest: str | None = None
    """Of what the person was shown, where that is known."""
    because: str | None = None
    result: Json | None = None
    """For the question whether something happened: the result it had."""

    @classmethod
    def of(
        cls,
        people: People,
        code: str,
        yes: bool,
        by: str,
        via: str,
        digest: str | None = None,
        because: str | None = None,
        result: Json | None = None,
    ) -> Ballot:
        """The answer without what no database and no screen should get, and by whoever the name or identity means."""
        digest, because = (None if each is None else clean(each) for each in (digest, because))
        return cls(clean(code).lower(), yes, people.person(clean(by)), clean(via), digest, because or None, result)

    @property
    def recorded(self) -> dict[str, Json]:
        """What every entry about it says."""
        return {"approval": self.code, "answer": "yes" if self.yes else "no", "by": self.by, "via": self.via}


def clean(text: str) -> str:
    """What somebody typed, without what nobody sees."""
    return visible(text, lines=False).strip()
