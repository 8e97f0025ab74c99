"""ServiceNow's approval records, as a place where people are asked about something that is no change request.

Written from "Approvals" and "Table API" (docs.servicenow.com). One record in sysapproval_approver for each person who
may decide, with the whole question as its comment; whoever decides does so in ServiceNow, under their own name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from integrations.servicenow_table import Tables, record, value, where
from policies.action import Content, Effect, Found, IntegrationError, Outside, Preview, Target, action, wire

TABLE = "sysapproval_approver"
FIELDS = ["sys_id", "state", "approver.user_name", "sys_updated_by", "sys_created_by", "sysapproval"]


@dataclass(frozen=True)
class Requested:
    """The records of one question."""

    records: dict[str, str]
    """The approver's user name → the record's sys_id."""
    unknown: list[str]
    """The user names that nobody has."""


@dataclass(frozen=True)
class Decided:
    """What one approver decided, by themself."""

    record: str
    approver: str
    """The user name."""
    approved: bool
    own: bool
    """Whether the approver set it; somebody else, such as an administrator, may have."""
    because: Outside[str] | None
    """What the approver commented last."""


class NobodyToAsk(IntegrationError):
    """None of the people has a user in ServiceNow."""

    def __init__(self, approvers: list[str]) -> None:
        super().__init__(approvers)
        self.approvers = approvers

    def __str__(self) -> str:
        return f"ServiceNow has no user {' or '.join(map(repr, self.approvers))}. Check [people] in the settings."


class ServiceNowApprovals:
    """The approval records that one account asks for."""

    def __init__(self, url: str, user: str, password: str) -> None:
        """Remember the instance; nothing is imported or sent yet.

        Args:
            url: the instance, for example "https://example.service-now.com".
            user: the account that asks.
            password: its password.
        """
        self._tables, self._user = Tables(url, user, password), user

    @action(Effect.CHANGE)
    async def ask(self, code: str, approvers: list[str], text: Content) -> Requested:
        """Ask these people to approve; whoever is asked already is not asked again.

        Raises:
            NobodyToAsk: none of them has a user in ServiceNow.
        """
        words = f"{wire(text)}\n\n{_reference(code)}"

        def ask() -> Requested:
            there = self._records(code)
            unknown = []
            for approver in approvers:
                if approver in there:
                    continue
                user = self._tables.find("sys_user", where(user_name=approver), ["sys_id", "user_name"])
                if not user or value(user[0].get("user_name")) != approver:
                    unknown.append(approver)
                    continue
                asked = {"approver": record(user[0]["sys_id"]), "state": "requested", "comments": words}
                there[approver] = record(self._tables.create(TABLE, asked)["sys_id"])
            if not there:
                raise NobodyToAsk(approvers)
            return Requested(there, unknown)

        return await self._tables.do(ask)

    @ask.target
    def _ask_target(self, code: str, approvers: list[str], text: Content) -> Target:
        return Target(f"approval {code}")

    @ask.preview
    async def _ask_preview(self, code: str, approvers: list[str], text: Content) -> Preview:
        summary = f"Ask {', '.join(approvers)} in ServiceNow to approve {code}"
        return Preview(summary, "Say that it is no longer required", evidence=wire(text))

    @ask.lookup
    async def _ask_lookup(self, code: str, approvers: list[str], text: Content) -> Found[Requested] | None:
        """Every comment ends with the code. While nothing answers, asking again looks as well."""
        try:
            there = await self._tables.do(lambda: self._records(code))
        except IntegrationError:
            return None
        return Found(Requested(there, [])) if set(there) == set(approvers) else None

    @action(Effect.CHANGE)
    async def withdraw(self, code: str) -> None:
        """Mark what is still asked for under this code as no longer required."""

        def withdraw() -> None:
            for each in self._rows(code):
                if value(each["state"]) == "requested":
                    self._tables.set(TABLE, record(each["sys_id"]), {"state": "not_required"})

        await self._tables.do(withdraw)

    @withdraw.target
    def _withdraw_target(self, code: str) -> Target:
        return Target(f"approval {code}")

    @withdraw.preview
    async def _withdraw_preview(self, code: str) -> Preview:
        return Preview(f"Say in ServiceNow that the approval of {code} is no longer required")

    @withdraw.lookup
    async def _withdraw_lookup(self, code: str) -> Found[None] | None:
        """Done again unless nothing is seen to be asked for any more: that does no harm."""
        try:
            rows = await self._tables.do(lambda: self._rows(code))
        except IntegrationError:
            return None
        return None if any(value(each["state"]) == "requested" for each in rows) else Found(None)

    @action(Effect.CHANGE)
    async def hand_back(self, code: str, approver: str, text: Content) -> None:
        """Ask somebody again whose decision does not count, and say in a comment what it lacks."""
        words = wire(text)

        def hand_back() -> None:
            for each in self._decided_by(code, approver):
                self._tables.set(TABLE, record(each["sys_id"]), {"state": "requested", "comments": words})

        await self._tables.do(hand_back)

    @hand_back.target
    def _hand_back_target(self, code: str, approver: str, text: Content) -> Target:
        return Target(f"approval {code}")

    @hand_back.preview
    async def _hand_back_preview(self, code: str, approver: str, text: Content) -> Preview:
        return Preview(f"Ask {approver} in ServiceNow to approve {code} once more", evidence=wire(text))

    @hand_back.lookup
    async def _hand_back_lookup(self, code: str, approver: str, text: Content) -> Found[None] | None:
        """Done again while the decision stands: what is asked for already is left alone."""
        try:
            rows = await self._tables.do(lambda: self._decided_by(code, approver))
        except IntegrationError:
            return None
        return None if rows else Found(None)

    async def decisions(self, requested: Requested) -> list[Decided]:
        """What was decided so far: a plain method for whoever waits for it, not an action."""

        def read() -> list[Decided]:
            found = []
            for each in self._rows_of(list(requested.records.values())):
                state, approver = value(each["state"]), value(each["approver.user_name"])
                # Who stands in a record may be changed; whoever was asked is known.
                if state in ("approved", "rejected") and requested.records.get(approver) == record(each["sys_id"]):
                    found.append(self._decided(each, approver, approved=state == "approved"))
            return found

        return await self._tables.do(read)

    def _decided(self, row: dict[str, Any], approver: str, *, approved: bool) -> Decided:
        sys_id = record(row["sys_id"])
        query = where(element_id=sys_id, element="comments", sys_created_by=approver) + "^ORDERBYsys_created_on"
        rows = self._tables.find("sys_journal_field", query, ["value", "sys_created_by"])
        comments = [value(each["value"]) for each in rows if value(each["sys_created_by"]) == approver]
        because = Outside(comments[-1], f"servicenow approval of {approver}") if comments else None
        return Decided(sys_id, approver, approved, value(row["sys_updated_by"]) == approver, because)

    def _decided_by(self, code: str, approver: str) -> list[dict[str, Any]]:
        """This person's record under a code, where they decided already."""
        rows = [each for each in self._rows(code) if value(each["approver.user_name"]) == approver]
        return [each for each in rows if value(each["state"]) in ("approved", "rejected")]

    def _records(self, code: str) -> dict[str, str]:
        return {value(each["approver.user_name"]): record(each["sys_id"]) for each in self._rows(code)}

    def _rows(self, code: str) -> list[dict[str, Any]]:
        """The records that this account made under a code, and that belong to no change request."""
        reference = _reference(code)
        query = where(name=TABLE, element="comments", sys_created_by=self._user) + f"^valueLIKE{reference}"
        fields = ["element_id", "value", "sys_created_by"]
        written = self._tables.find("sys_journal_field", query, fields)
        # An instance that does not know a condition leaves it out, so each is looked at here as well.
        ours = [
            record(each["element_id"])
            for each in written
            if value(each["value"]).endswith(reference) and value(each["sys_created_by"]) == self._user
        ]
        return self._rows_of(list(dict.fromkeys(ours)))

    def _rows_of(self, records: list[str]) -> list[dict[str, Any]]:
        rows = self._tables.find(TABLE, f"sys_idIN{','.join(records)}", FIELDS) if records else []
        return [
            each
            for each in rows
            if record(each["sys_id"]) in records
            and value(each["sys_created_by"]) == self._user
            and not value(each["sysapproval"])
        ]


def _reference(code: str) -> str:
    """How a question's comment ends."""
    if not re.fullmatch(r"[a-z0-9]{1,32}", code):
        raise IntegrationError(f"{code!r} is no question's code.")
    return f"DevOS question {code}"
