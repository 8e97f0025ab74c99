"""ServiceNow: change requests, from the first line to the last.

Written from "Change request state model" and "Approvals" (docs.servicenow.com).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

from integrations.http import NotAllowed
from integrations.servicenow_table import NoSuchChange, Tables, numbered, record, shown, value, where
from policies.action import (
    Call,
    Content,
    Effect,
    Found,
    IntegrationError,
    Outside,
    Preview,
    Target,
    action,
    idempotency_key,
    wire,
)
from policies.outside import attributed
from policies.visible import visible

__all__ = ["Change", "ChangeState", "NoSuchChange", "NoSuchRisk", "NotReady", "ServiceNow"]

STATES = {
    "-5": "New",
    "-4": "Assess",
    "-3": "Authorize",
    "-2": "Scheduled",
    "-1": "Implement",
    "0": "Review",
    "3": "Closed",
    "4": "Canceled",
}
"""The state model of a change request: value → label."""
Agreement: TypeAlias = Literal["not requested", "requested", "approved", "rejected", "unknown"]
ASKS = {"normal": "-4", "emergency": "-3", "standard": "-2"}
"""Type → the state in which a new change asks for its approval; a standard one is approved beforehand."""
TYPES = {"staging": "standard", "development": "standard"}
"""Environment → type, unless the settings say otherwise: outside production changes are recorded, not waited for."""
RISKS = {"very high": "1", "high": "2", "moderate": "3", "low": "4"}
MOST_NAMES = 200
"""Characters of those names of deciders that are shown while a run waits."""
FIELDS = ["number", "sys_id", "state", "approval", "short_description"]


@dataclass(frozen=True)
class Change:
    """One change request."""

    number: str
    sys_id: str
    state: str
    """New, Assess, Authorize, Scheduled, Implement, Review, Closed or Canceled; "unknown" for any other."""
    approval: Agreement
    approved_by: Outside[str] | None
    """The names of those who approved it, separated by commas; None while nobody has."""
    short_description: Outside[str]
    url: str


@dataclass(frozen=True)
class ChangeState:
    """Whether a change may be carried out, as its approvers see it."""

    approved: bool
    refused: bool
    by: str
    """The names of those who approved or refused it, made safe to be shown; empty while nobody has."""
    text: str
    """One sentence for a person, with those names."""


class NotReady(IntegrationError):
    """The change cannot go where it should from the state it is in."""

    def __init__(self, number: str, state: str, wanted: str) -> None:
        super().__init__(number, state, wanted)
        self.number, self.state, self.wanted = number, state, wanted

    def __str__(self) -> str:
        return (
            f"{self.number} is in {self.state} and cannot be {self.wanted} from there. Move it on in ServiceNow first."
        )


class NoSuchRisk(IntegrationError):
    """ServiceNow does not rate risks that way."""

    def __init__(self, risk: str) -> None:
        super().__init__(risk)
        self.risk = risk

    def __str__(self) -> str:
        return f"A change's risk is {', '.join(RISKS)}; not {self.risk!r}."


class ServiceNow:
    """The change requests of one instance."""

    def __init__(self, url: str, user: str, password: str, *, types: Mapping[str, str] | None = None) -> None:
        """Remember the instance; nothing is imported or sent yet.

        Args:
            url: the instance, for example "https://example.service-now.com".
            user: the account.
            password: its password.
            types: environment → "normal", "standard" or "emergency", instead of `TYPES`; "normal" for every other.
        """
        self._tables = Tables(url, user, password)
        self._types = TYPES if types is None else types

    @action(Effect.CHANGE)
    async def request_change(
        self,
        short_description: Content,
        implementation_plan: Content,
        backout_plan: Content,
        risk: str,
        environment: str,
        service: str,
    ) -> Change:
        """Record a change request and ask for its approval.

        Raises:
            NoSuchRisk: `risk` is not very high, high, moderate or low.
        """
        if risk.lower() not in RISKS:
            raise NoSuchRisk(risk)
        kind, key = self._types.get(environment, "normal"), idempotency_key()
        fields = {
            "type": kind,
            "short_description": wire(short_description),
            "description": f"Service: {service}\nEnvironment: {environment}",
            "implementation_plan": wire(implementation_plan),
            "backout_plan": wire(backout_plan),
            "risk": RISKS[risk.lower()],
            "correlation_id": key,
            "correlation_display": "DevOS",
        }

        def record_and_ask() -> Change:
            # In two requests, since asking is a step of the state model; whichever was done before is not repeated.
            there = self._tables.find("change_request", where(correlation_id=key))
            made = there[0] if there else self._tables.create("change_request", fields)
            if value(made["state"]) == "-5":
                self._tables.set("change_request", record(made["sys_id"]), {"state": ASKS[kind]})
            return self._change(where(sys_id=record(made["sys_id"])))

        return await self._tables.do(record_and_ask)

    @request_change.target
    def _request_target(self, *_: Content, **arguments: Any) -> Target:
        return Target(f"{arguments['service']}@{arguments['environment']}")

    @request_change.preview
    async def _request_preview(self, *_: Content, **arguments: Any) -> Preview:
        kind, what = self._types.get(arguments["environment"], "normal"), wire(arguments["short_description"])
        how, back = attributed(arguments["implementation_plan"]), attributed(arguments["backout_plan"])
        return Preview(
            f"Record a {kind} change of {arguments['risk']} risk, {what!r}, and ask for its approval",
            "Cancel the change",
            evidence=f"Implementation: {how}\nBackout: {back}",
        )

    @request_change.lookup
    async def _request_lookup(self, *_: Content, **arguments: Any) -> Found[Change] | None:
        """It happened when a change carries the key and its approval has been asked for."""
        key = idempotency_key()

        def look() -> Found[Change] | None:
            there = self._tables.find("change_request", where(correlation_id=key))
            if not there or value(there[0]["state"]) == "-5":
                return None
            return Found(self._change(where(sys_id=record(there[0]["sys_id"]))))

        return await self._tables.do(look)

    @request_change.undo
    def _request_undo(self, result: Change, **arguments: object) -> Call[Change]:
        return self.cancel_change.call(result.number, "The run that asked for this change was taken back.")

    @action(Effect.READ)
    async def change(self, number: str) -> Change:
        """One change request with its approval.

        Raises:
            NoSuchChange: there is none, or it may not be seen.
        """
        return await self._tables.do(lambda: self._change(where(number=numbered(number)), number))

    async def change_state(self, number: str) -> ChangeState:
        """Whether the change may be carried out now: a plain method for whoever waits for it, not an action.

        Raises:
            NoSuchChange: there is none, or it may not be seen.
        """
        change, deciders = await self._tables.do(lambda: self._decided(where(number=numbered(number)), number))
        decided_by = visible(deciders.get(change.approval, ""), lines=False)[:MOST_NAMES]
        by = f" by {decided_by}" if decided_by else ""
        if change.state in ("Closed", "Canceled", "Review") or change.approval == "rejected":
            how = f"was rejected{by}" if change.approval == "rejected" else f"is over: it is in {change.state}"
            return ChangeState(False, True, decided_by, f"{change.number} {how}")
        if change.approval == "approved":
            return ChangeState(True, False, decided_by, f"{change.number} is approved{by} and in {change.state}")
        return ChangeState(False, False, "", f"{change.number} waits for its approval, in {change.state}")

    @action(Effect.CHANGE)
    async def comment_change(self, number: str, body: Content) -> None:
        """Comment on a change, which tells its requester and its watch list.

        Raises:
            NoSuchChange: there is none, or it may not be seen.
        """
        text = f"{wire(body)}\n\nDevOS {_reference()}"
        await self._tables.do(lambda: self._tables.set("change_request", self._sys_id(number), {"comments": text}))

    @comment_change.preview
    async def _comment_preview(self, number: str, body: Content) -> Preview:
        return Preview(f"Comment on {number}, for its requester and its watch list", evidence=attributed(body))

    @comment_change.lookup
    async def _comment_lookup(self, number: str, body: Content) -> Found[None] | None:
        """Every comment ends with a reference made from the key, and the journal can be searched for it."""
        reference = _reference()

        def look() -> Found[None] | None:
            query = where(element_id=self._sys_id(number), element="comments") + f"^valueLIKE{reference}"
            return Found(None) if self._tables.find("sys_journal_field", query, ["sys_id"]) else None

        return await self._tables.do(look)

    @action(Effect.CHANGE)
    async def close_change(self, number: str, notes: Content, successful: bool) -> Change:
        """Walk an approved change through its states and close it; one that is closed stays as it is.

        Raises:
            NoSuchChange: there is none, or it may not be seen.
            NotReady: it is not approved yet, or canceled.
        """
        ending = {"close_code": "successful" if successful else "unsuccessful", "close_notes": wire(notes)}

        def walk() -> Change:
            change = self._change(where(number=numbered(number)), number)
            way = ["Scheduled", "Implement", "Review", "Closed"]
            if change.state not in way:
                raise NotReady(change.number, change.state, "closed")
            values = {label: value for value, label in STATES.items()}
            for label in way[way.index(change.state) + 1 :]:
                self._tables.set(
                    "change_request", change.sys_id, {"state": values[label], **(ending if label == "Closed" else {})}
                )
            return self._change(where(sys_id=change.sys_id))

        return await self._tables.do(walk)

    @close_change.preview
    async def _close_preview(self, number: str, notes: Content, successful: bool) -> Preview:
        how = "as successful" if successful else "as unsuccessful"
        return Preview(f"Close {number} {how}", evidence=attributed(notes))

    @close_change.lookup
    async def _close_lookup(self, number: str, notes: Content, successful: bool) -> Found[Change] | None:
        change = await self._tables.do(lambda: self._change(where(number=numbered(number)), number))
        return Found(change) if change.state == "Closed" else None

    @action(Effect.DESTROY)
    async def cancel_change(self, number: str, because: Content) -> Change:
        """Cancel a change for good; one that is canceled stays as it is.

        Raises:
            NoSuchChange: there is none, or it may not be seen.
            NotReady: it is closed.
        """
        text = wire(because)

        def cancel() -> Change:
            change = self._change(where(number=numbered(number)), number)
            if change.state == "Closed":
                raise NotReady(change.number, change.state, "canceled")
            if change.state != "Canceled":
                self._tables.set("change_request", change.sys_id, {"state": "4", "comments": text})
            return self._change(where(sys_id=change.sys_id))

        return await self._tables.do(cancel)

    @cancel_change.preview
    async def _cancel_preview(self, number: str, because: Content) -> Preview:
        return Preview(f"Cancel {number} for good", evidence=attributed(because))

    @cancel_change.lookup
    async def _cancel_lookup(self, number: str, because: Content) -> Found[Change] | None:
        change = await self._tables.do(lambda: self._change(where(number=numbered(number)), number))
        return Found(change) if change.state == "Canceled" else None

    def _change(self, query: str, number: str = "") -> Change:
        return self._decided(query, number)[0]

    def _decided(self, query: str, number: str) -> tuple[Change, dict[str, str]]:
        """A change, and for each state of its approvals the people who stand there."""
        found = self._tables.find("change_request", query, FIELDS)
        if not found:
            raise NoSuchChange(number)
        row = found[0]
        sys_id = record(row["sys_id"])
        people: dict[str, list[str]] = {}
        try:
            for each in self._tables.find("sysapproval_approver", where(sysapproval=sys_id), ["approver", "state"]):
                people.setdefault(value(each["state"]), []).append(shown(each["approver"]))
        except NotAllowed:
            people = {}  # who may read a change may not always read who decides on it
        deciders = {state: ", ".join(names) for state, names in people.items()}
        name, approval = numbered(value(row["number"])), value(row["approval"])
        if number and name != numbered(number):  # an instance that does not know a condition leaves it out
            raise NoSuchChange(number)
        approved_by = deciders.get("approved")
        change = Change(
            number=name,
            sys_id=sys_id,
            state=STATES.get(value(row["state"]), "unknown"),
            approval=cast(Agreement, approval if approval in get_args(Agreement) else "unknown"),
            approved_by=Outside(approved_by, f"servicenow {name} approvers") if approved_by else None,
            short_description=Outside(value(row["short_description"]), f"servicenow {name} short description"),
            url=f"{self._tables.url}/change_request.do?sys_id={sys_id}",
        )
        return change, deciders

    def _sys_id(self, number: str) -> str:
        found = self._tables.find("change_request", where(number=numbered(number)), ["sys_id"])
        if not found:
            raise NoSuchChange(number)
        return record(found[0]["sys_id"])


def _reference() -> str:
    """A short mark for a text, the same on every attempt at the same step."""
    return hashlib.sha256(idempotency_key().encode()).hexdigest()[:16]
