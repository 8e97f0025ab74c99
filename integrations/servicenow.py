"""ServiceNow: change requests, from the first line to the last. Table API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.action import Call, Content, Effect, Found, IntegrationError, Preview, Target, action


@dataclass(frozen=True)
class Change:
    """One change request."""

    number: str
    sys_id: str
    state: str
    """New, Assess, Authorize, Scheduled, Implement, Review, Closed or Canceled."""
    approval: str
    """not requested, requested, approved or rejected."""
    approved_by: str
    """Who approved it, separated by commas; empty while nobody has."""
    short_description: str
    url: str


@dataclass(frozen=True)
class ChangeState:
    """Whether a change may be carried out, as its approvers see it."""

    approved: bool
    refused: bool
    by: str
    """Who approved or refused it; empty while nobody has."""
    text: str
    """One sentence for a person."""


class NoSuchChange(IntegrationError):
    """There is no such change request, or this account may not see it."""

    def __init__(self, number: str) -> None:
        super().__init__(number)


class NotReady(IntegrationError):
    """The change cannot go where it should from the state it is in."""

    def __init__(self, number: str, state: str, wanted: str) -> None:
        super().__init__(number, state, wanted)


class ServiceNow:
    """The change requests of one instance."""

    def __init__(self, url: str, user: str, password: str, *, types: Mapping[str, str] | None = None) -> None:
        """Remember the instance; nothing is imported or sent yet.

        Args:
            url: the instance, for example "https://example.service-now.com".
            user: the account.
            password: its password.
            types: environment → "normal", "standard" or "emergency"; "normal" for every other.
        """

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
        """Record a change request and ask for its approval."""
        raise NotImplementedError

    @action(Effect.READ)
    async def change(self, number: str) -> Change:
        """One change request with its approval."""
        raise NotImplementedError

    async def change_state(self, number: str) -> ChangeState:
        """Whether the change may be carried out: for the approval gate, not an action."""
        raise NotImplementedError

    @action(Effect.CHANGE)
    async def comment_change(self, number: str, body: Content) -> None:
        """Comment on a change, which tells its requester and its watch list."""
        raise NotImplementedError

    @action(Effect.CHANGE)
    async def close_change(self, number: str, notes: Content, successful: bool) -> Change:
        """Walk the change through its states and close it."""
        raise NotImplementedError

    @action(Effect.DESTROY)
    async def cancel_change(self, number: str, because: Content) -> Change:
        """Cancel a change for good."""
        raise NotImplementedError
