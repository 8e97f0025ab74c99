"""Who may answer a question, by which channel, and why somebody may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.approval import Approval, Vote
from policies.decision import Demand, Level
from policies.people import People

CEILINGS: Mapping[str, Level] = {
    "terminal": Level.APPROVE,
    "web": Level.APPROVE,
    "teams": Level.APPROVE,
    "servicenow": Level.APPROVE,
    "desktop": Level.CONFIRM,
    "voice": Level.CONFIRM,
}
"""What a yes may grant at most, by the way it came."""


@dataclass(frozen=True)
class Voters:
    """Everybody who may answer, as the settings are now."""

    people: People = field(default_factory=People)
    ceilings: Mapping[str, Level] = field(default_factory=lambda: CEILINGS)

    def problem(self, approval: Approval, by: str, via: str, *, yes: bool = True) -> str:
        """Why this person's answer does not count, in a sentence; empty when it does."""
        code = approval.id
        if not by:
            return f"{code} needs to know whose answer it is."
        if via not in self.ceilings:
            return f"{code} cannot be answered by way of {via!r}; there are {', '.join(self.ceilings)}."
        if approval.asker is None:
            return f"{code} cannot be answered: nobody knows who asked for {approval.run}."
        return self._person(approval, by) or (self._ceiling(approval, via) if yes else "")

    def _person(self, approval: Approval, by: str) -> str:
        code, asker, group = approval.id, approval.asker or "", approval.group
        own = self.people.same(by, asker)
        if approval.level != "approve":
            return "" if own else f"{code} asks {asker}, who asked for it; nobody else can answer, {by} neither."
        if own:
            return f"{code} needs the approval of somebody else than {asker}, who asked for it."
        if not self.people.knows(by):
            return f"{code} cannot be answered by {by!r}, whom config.toml does not name; add [people.{by}]."
        if group is not None and by not in self.people.members(group):
            return f"{code} needs the approval of somebody in {group}, and {by} is not."
        return ""

    def _ceiling(self, approval: Approval, via: str) -> str:
        highest = min(self.ceilings[via], Level.CONFIRM) if via == "voice" else self.ceilings[via]
        if approval.level == "approve" and highest < Level.APPROVE:
            other = ", ".join(name for name, level in self.ceilings.items() if level >= Level.APPROVE)
            return f"{approval.id} cannot be approved by way of {via}, only by {other}."
        return ""

    def void(self, approval: Approval) -> tuple[Vote, str] | None:
        """The first yes that does not count any more, and why; None when all still do."""
        for vote in approval.given:
            if problem := self.problem(approval, vote.by, vote.via):
                return vote, problem
        return None

    def voted(self, approval: Approval, by: str) -> bool:
        """Whether this person said yes to it already, under whatever name."""
        return any(self.people.same(by, vote.by) for vote in approval.given)

    def others(self, approval: Approval, by: str) -> str:
        """Who could say yes where this person cannot: "grace, tom"; empty where this person can."""
        if not (self._person(approval, by) or self.voted(approval, by)):
            return ""
        asker = approval.asker or "whoever asked"
        if approval.level != "approve":
            return asker
        able = [each for each in self._able(approval.group, asker) if not self.voted(approval, each)]
        return ", ".join(able) or (f"somebody in {approval.group}" if approval.group else f"somebody else than {asker}")

    def _able(self, group: str | None, asker: str) -> list[str]:
        """Everybody who is named and could approve what `asker` asked for."""
        known = self.people.identities if group is None else self.people.members(group)
        return sorted(each for each in known if self.people.knows(each) and not self.people.same(each, asker))

    def asked(self, demand: Demand, asker: str) -> str:
        """Who could say yes to a demand, in a sentence; empty where only the asker can."""
        by = f", by rule {demand.rule} ({demand.where})" if demand.rule else ""
        if demand.level is not Level.APPROVE:
            return f"It needs a reason{by}." if demand.reason else ""
        group = demand.group
        able = self._able(group, asker)
        votes = "the approval" if demand.votes == 1 else f"{demand.votes} approvals"
        of = f"of somebody else than {asker}" if group is None else f"of {group}"
        of += (", with a reason" if demand.votes == 1 else ", each with a reason") if demand.reason else ""
        of += by
        if group is None and not self.people.identities:
            return f"It needs {votes} {of}."
        if not able:
            return f"It needs {votes} {of}, and there is nobody."
        names, verb = ", ".join(able), "is" if len(able) == 1 else "are"
        if len(able) < demand.votes:
            return f"It needs {votes} {of}, and there {verb} only {names}."
        return f"It needs {votes} {of}: {names}."
